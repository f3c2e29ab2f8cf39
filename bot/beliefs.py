"""From an Understanding to events: what the person's words add to, replace in and remove from the profile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from bot.events import Believed, Event, Withdrew
from bot.labels import range_label, value_label
from bot.quantities import canonical
from bot.reading import quality_bounds
from bot.records import Belief, Critique, Entity, Evidence, Group, ItemMention, Preference, Understanding
from bot.state import SessionState
from bot.text import key
from retrieval.catalogue import Catalogue
from retrieval.domain import FacetConfig

NUMBER_ROLES = {"decade": "year", "year": "year", "length": "length", "age": "age", "price": "price"}
_REPLACED_ROLES = {"genre", "person", "language", "country", "series"}
_KIND_ROLES = {"genre", "theme", "series"}
_REFINES = re.compile(r"\b(?:but|also|as well|too|plus|instead|and also|ones?|them|those|these|it|that|still)\b")
_QUOTES_KEPT = 5


def update(understanding: Understanding, state: SessionState, catalogue: Catalogue, turn: int) -> list[Event]:
    """Events that make the profile agree with what was just said; the newest word on a thing wins."""
    found = [
        *(preference_belief(p, "likes" if p.polarity > 0 else "dislikes", catalogue, turn)
          for p in understanding.preferences if p.facet != "item"),
        *(preference_belief(c, "constraints", catalogue, turn) for c in understanding.constraints),
    ]  # fmt: skip
    bounded = {belief.facet for belief in found if belief.low is not None or belief.high is not None}
    for critique in understanding.critiques:
        if critique.number not in bounded:
            found.append(_of_critique(critique, understanding, state, catalogue, turn))
    found += [belief for mention in understanding.mentions if (belief := _of_mention(mention, turn))]
    found += [_of_unresolved(entity, turn) for entity in understanding.entities if _is_unresolved(entity)]
    if understanding.search:
        found.append(_of_search(understanding, turn))
    events: list[Event] = [Withdrew(belief_id=old) for old in _superseded(found, understanding, state, catalogue)]
    merged: dict[str, Belief] = {}
    for belief in found:
        earlier = merged.get(belief.id) or state.beliefs.get(belief.id)
        merged[belief.id] = _merge(earlier, belief, catalogue) if earlier else belief
    return events + [Believed(belief=belief) for belief in merged.values()]


def slug(text: str) -> str:
    """A short plain id of a value."""
    return re.sub(r"[^a-z0-9]+", "-", key(text)).strip("-")[:60] or "x"


def item_belief(relation: str, item_id: str, title: str, evidence: Evidence, strength: float = 0.7) -> Belief:
    """What one verdict on one item means for the profile. relation: like, dislike, seen, reject, accept or similar."""
    group: Group = "likes"
    polarity, scope, prefix = 1.0, "person", "item"
    if relation in {"dislike", "reject"}:
        group, polarity = "dislikes", -1.0
    if relation == "seen":
        group, polarity, prefix = "seen", 0.0, "seen"
    if relation == "reject":
        strength, scope = 0.3, "session"
    if relation == "similar":
        scope, prefix, strength = "session", "similar", 0.8
    label = {"similar": f"like {title}", "reject": f"not {title}"}.get(relation, title)
    return Belief(
        id=f"{prefix}:{item_id}", group=group, label=label, facet="item", value=title, item_id=item_id,
        polarity=polarity, strength=strength, scope="person" if scope == "person" else "session",
        relation=relation, evidence=[evidence],
    )  # fmt: skip


def preference_belief(said: Preference, group: Group, catalogue: Catalogue, turn: int) -> Belief:
    """What one wish, taste or condition means for the profile."""
    domain = catalogue.domain
    evidence = [Evidence(turn=turn, quote=said.quote)]
    if said.low is not None or said.high is not None:
        number = said.facet if said.facet in domain.numbers else domain.number_of(NUMBER_ROLES.get(said.facet, ""))
        facet = number or said.facet
        negative = said.polarity < 0
        return Belief(
            id=f"{facet}:not-{slug(said.value)}" if negative else f"{facet}:range", group=group,
            label=range_label(domain, facet, said.low, said.high, negative), facet=facet, value=said.value,
            polarity=said.polarity, strength=said.strength, hard=said.hard, scope=said.scope, low=said.low,
            high=said.high, relation="rule" if said.excludes else "wish", evidence=evidence,
        )  # fmt: skip
    wished = group != "dislikes" and said.polarity > 0 and (said.scope == "session" or group == "constraints")
    return Belief(
        id=f"{said.facet}:{slug(said.value)}", group=group,
        label=value_label(domain, said.facet, said.value, said.polarity, said.role), facet=said.facet,
        value=said.value, polarity=said.polarity, strength=said.strength, hard=said.hard, scope=said.scope,
        role=said.role, relation="wish" if wished else "rule" if group == "constraints" else "taste", evidence=evidence,
    )  # fmt: skip


def _of_critique(
    said: Critique, understanding: Understanding, state: SessionState, catalogue: Catalogue, turn: int
) -> Belief:
    config = catalogue.domain.numbers[said.number]
    evidence = [Evidence(turn=turn, quote=said.quote)]
    anchor = said.item_id or next((m.item_id for m in understanding.mentions if m.relation == "similar"), None)
    ids = [anchor] if anchor else [pick.item_id for pick in state.slate]
    known = [value for i in ids if (value := catalogue.number(catalogue.get(i), said.number)) is not None]
    low: float | None = None
    high: float | None = None
    if known:
        reference = float(np.median(known))
        step = config.step * said.amount * (1.0 if config.role == "level" else 0.5)
        if config.role == "year":
            step = 1.0
        if said.direction < 0:
            high = round(reference - step, 4)
        else:
            low = round(reference + step, 4)
        if config.role == "level":
            high = max(high, 0.0) if high is not None else None
            low = min(low, 3.0) if low is not None else None
    elif not np.isnan(catalogue.column(said.number)).all():
        low, high = quality_bounds(config.role, config.step, said.direction)
    title = f" than {catalogue.get(anchor).title}" if anchor and known else ""
    return Belief(
        id=f"{said.number}:range", group="constraints" if known else "likes", label=f"{said.word}{title}",
        facet=said.number, value=canonical(low, high) if low is not None or high is not None else said.word,
        polarity=float(said.direction) if low is None and high is None else 1.0, strength=0.85, hard=bool(known),
        low=low, high=high, item_id=anchor if known else None, relation="critique", evidence=evidence,
    )  # fmt: skip


def _of_mention(mention: ItemMention, turn: int) -> Belief | None:
    if mention.relation in {"mention", "unseen", "ask", "remove"}:
        return None
    evidence = Evidence(turn=turn, quote=mention.quote)
    return item_belief(mention.relation, mention.item_id, mention.title, evidence, mention.strength)


def _is_unresolved(entity: Entity) -> bool:
    return entity.value is None and entity.item_id is None


def _of_unresolved(entity: Entity, turn: int) -> Belief:
    return Belief(
        id=f"unresolved:{slug(entity.surface)}", group="unresolved", label=entity.surface, facet=entity.kind,
        value=entity.surface, relation="unresolved", evidence=[Evidence(turn=turn, quote=entity.surface)],
    )  # fmt: skip


def _of_search(understanding: Understanding, turn: int) -> Belief:
    quote = understanding.text.strip()
    quote = quote if len(quote) <= 120 else quote[:117].rstrip() + "..."
    return Belief(
        id="text:search", group="likes", label=f"about “{understanding.search}”", facet="text",
        value=understanding.search, strength=0.6, relation="wish", evidence=[Evidence(turn=turn, quote=quote)],
    )  # fmt: skip


def _superseded(
    found: Sequence[Belief], understanding: Understanding, state: SessionState, catalogue: Catalogue
) -> list[str]:
    """Old beliefs that a new one takes the place of under another id."""
    gone: list[str] = []
    facets = catalogue.domain.facets
    renewed = {
        belief.facet for belief in found
        if belief.relation == "wish" and belief.polarity > 0 and belief.strength > 0.8 and (belief.facet == "person" or
            (belief.facet in facets and facets[belief.facet].role in _REPLACED_ROLES))
    }  # fmt: skip
    if _is_new_need(found, understanding, facets):
        kept = {"like", "dislike", "seen", "reject", "accept"}
        gone += [
            old.id for old in state.beliefs.values()
            if old.scope == "session" and old.polarity > 0 and old.relation not in kept and old.group != "unresolved"
            and old.id not in {belief.id for belief in found}
        ]  # fmt: skip
    adding = re.search(r"\b(?:also|and also|as well|too|plus)\b", understanding.text.lower()) is not None
    new_ids = {belief.id for belief in found}
    for old in state.beliefs.values():
        if old.id in new_ids:
            continue
        if (
            old.relation == "wish"
            and old.scope == "session"
            and old.polarity > 0
            and old.facet in renewed
            and not adding
        ) or (old.relation == "similar" and any(belief.relation == "similar" for belief in found)):
            gone.append(old.id)
    judged = {belief.item_id for belief in found if belief.relation in {"like", "accept"}}
    gone += [f"item:{i}" for i in judged if i and f"item:{i}" in state.beliefs and f"item:{i}" not in new_ids]
    return gone


def _is_new_need(found: Sequence[Belief], understanding: Understanding, facets: Mapping[str, FacetConfig]) -> bool:
    """Whether an utterance asks for something else altogether, so that earlier wishes of the session lapse.

    It does when it names an example outright ("something like X"), describes something freely, or names a
    kind together with another condition ("a western from the 50s"), and nothing in it points back.
    """
    if any(belief.relation == "similar" for belief in found):
        pointed = {mention.item_id for mention in understanding.mentions if mention.relation == "similar"}
        named = {entity.item_id for entity in understanding.entities if entity.kind == "item"}
        return bool(pointed & named)
    wishes = [belief for belief in found if belief.relation == "wish" and belief.polarity > 0]
    kinds = [b for b in wishes if b.facet in facets and facets[b.facet].role in _KIND_ROLES and b.strength > 0.8]
    searched = any(belief.facet == "text" for belief in found) and "request" in understanding.acts
    whole = searched or (bool(kinds) and len(wishes) > 1)
    return whole and not understanding.critiques and not _REFINES.search(understanding.text.lower())


def _merge(earlier: Belief, newer: Belief, catalogue: Catalogue) -> Belief:
    """The newer word holds; earlier quotes are kept; open-ended ranges that face each other are joined."""
    quotes = [*earlier.evidence, *newer.evidence]
    unique = list({(e.turn, e.quote): e for e in quotes}.values())[-_QUOTES_KEPT:]
    changes: dict[str, object] = {"evidence": unique}
    if earlier.scope == "person" and earlier.polarity * newer.polarity > 0:
        # What holds in general does not become a wish for tonight by being said again.
        changes["scope"] = "person"
    if newer.id.endswith(":range") and newer.relation == "wish" and earlier.relation == "wish":
        low = newer.low if newer.low is not None else earlier.low
        high = newer.high if newer.high is not None else earlier.high
        one_sided = (newer.low is None) != (newer.high is None) and (earlier.low is None) != (earlier.high is None)
        if (
            one_sided
            and low is not None
            and high is not None
            and low <= high
            and (newer.low is None) != (earlier.low is None)
        ):
            label = range_label(catalogue.domain, newer.facet, low, high)
            changes |= {"low": low, "high": high, "value": canonical(low, high), "label": label}
        else:
            changes["evidence"] = newer.evidence
    return newer.model_copy(update=changes)
