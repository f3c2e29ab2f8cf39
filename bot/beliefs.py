"""From an Understanding to events: what the person's words add to, replace in and remove from the profile."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bot.events import Believed, Event, Withdrew
from bot.labels import range_label, value_label
from bot.lexicon import turn_pattern
from bot.phrasing import say
from bot.qualities import quality_bounds
from bot.quantities import canonical
from bot.records import Belief, Critique, Entity, Evidence, Group, ItemMention, Occasion, Preference, Understanding
from bot.state import SessionState
from bot.text import fold, key
from bot.weighing import STATED, contested, limits_content, surer
from retrieval.catalogue import Catalogue
from retrieval.domain import SCALES, DomainConfig, FacetConfig

NUMBER_ROLES = {"decade": "year", "year": "year", "length": "length", "age": "age", "price": "price"}
_REPLACED_ROLES = {"genre", "person", "language", "country", "series"}
_KIND_ROLES = {"genre", "theme", "series"}
_QUOTES_KEPT = 5
_OUTER = 0.1
_FAR = 0.75  # of a scale from 0 to 1: what is beyond is its far end
_GENTLE = 0.25  # how much an occasion counts: all that suits it together is less than one mood that is asked for


def update(understanding: Understanding, state: SessionState, catalogue: Catalogue, turn: int) -> list[Event]:
    """Events that make the profile agree with what was just said; the newest word on a thing wins."""
    found = [
        *(preference_belief(p, "likes" if p.polarity > 0 else "dislikes", catalogue, turn)
          for p in understanding.preferences if p.facet != "item" and p not in understanding.allowed),
        *(preference_belief(c, "constraints", catalogue, turn) for c in understanding.constraints),
    ]  # fmt: skip
    bounded = {belief.facet for belief in found if belief.low is not None or belief.high is not None}
    facets = catalogue.domain.facets
    # "Westerns, not so violent" are not compared with what is on the screen.
    afresh = any(_is_wish(belief) and facets[belief.facet].role in _KIND_ROLES for belief in found
                 if belief.facet in facets)  # fmt: skip
    for critique in understanding.critiques:
        if critique.number not in bounded:
            level = catalogue.domain.numbers[critique.number].role == "level"
            seen = SessionState() if afresh and level else state
            found.append(_of_critique(critique, understanding, seen, catalogue, turn))
    language = catalogue.domain.language
    found += [belief for mention in understanding.mentions if (belief := _of_mention(mention, turn, language))]
    found += [_of_unresolved(entity, turn) for entity in understanding.entities if _is_unresolved(entity)]
    found += [_of_occasion(one, turn, catalogue) for one in understanding.occasions]
    if understanding.search:
        found.append(_of_search(understanding, turn, language))
    if not (found or lifted(understanding, state)):
        # "A thriller would be fine", and nothing else
        found = [preference_belief(p, "likes", catalogue, turn) for p in understanding.allowed if p.pole == 0]
    found = [_beside_wish(belief, found, catalogue) for belief in found]
    found = [_no_narrower(_beside_taste(belief, state), state) for belief in found]
    gone = [belief.id for belief in lifted(understanding, state)]
    gone += _superseded(found, understanding, state, catalogue)
    events: list[Event] = [Withdrew(belief_id=old) for old in gone]
    beside = _alternatives(found, understanding, state)
    events += [Believed(belief=belief) for belief in beside if belief.id not in gone]
    merged: dict[str, Belief] = {}
    # "Not a western but under two hours" corrects something only where a western was spoken of.
    ruled_out = [belief for belief in found if belief.polarity < 0 and belief.facet != "item"]
    spoken_of = not ruled_out or any(belief.id in state.beliefs for belief in ruled_out)
    takes_back = "correct" in understanding.acts and spoken_of
    for belief in found:
        old = state.beliefs.get(belief.id)
        if old and belief.relation == "taste" and belief.polarity > 0 and _is_wish(old):
            events.append(Believed(belief=old.model_copy(update={"id": f"{old.id}:now"})))
        earlier = merged.get(belief.id) or state.beliefs.get(belief.id)
        corrects = takes_back and belief.id not in merged
        if belief.id in merged and belief.relation == "rule":
            belief = _stricter(merged[belief.id], belief)
        merged[belief.id] = together(earlier, belief, catalogue, corrects) if earlier else belief
    return events + [Believed(belief=belief) for belief in merged.values()]


def lifted(understanding: Understanding, state: SessionState) -> list[Belief]:
    """What rules out something that is fine now: "musicals are ok again", "gore is no problem"."""
    return [belief for belief in state.beliefs.values() if any(_rules_out(belief, p) for p in understanding.allowed)]


def _rules_out(belief: Belief, allowed: Preference) -> bool:
    if belief.facet != allowed.facet:
        return False
    if not allowed.pole:
        return belief.value == allowed.value and belief.polarity < 0
    return belief.hard and (belief.high if allowed.pole > 0 else belief.low) is not None


def _stricter(one: Belief, other: Belief) -> Belief:
    """Of two limits said at once, the one that leaves less: "nothing over 100 minutes, nothing over 110"."""
    highs, lows = ([end for end in ends if end is not None] for ends in ((one.high, other.high), (one.low, other.low)))
    within = (not highs or other.high == min(highs)) and (not lows or other.low == max(lows))
    return other if within else one


def _is_wish(belief: Belief) -> bool:
    return belief.relation == "wish" and belief.scope == "session" and belief.polarity > 0


def _beside_taste(belief: Belief, state: SessionState) -> Belief:
    """A wish for tonight binds tonight, and leaves the lasting taste for the same thing as it is."""
    taste = state.beliefs.get(belief.id)
    if taste is None or taste.scope != "person" or taste.polarity <= 0 or not _is_wish(belief):
        return belief
    return belief.model_copy(update={"id": f"{belief.id}:now"})


def _beside_wish(belief: Belief, found: Sequence[Belief], catalogue: Catalogue) -> Belief:
    """Of a scale, a limit that the same breath asks to go beyond rules out only the far end: "dark but not
    depressing"."""
    config = catalogue.domain.numbers.get(belief.facet)
    if config is None or config.role not in SCALES or belief.relation != "rule":
        return belief
    wished = [one for one in found if one.facet == belief.facet and one.relation == "wish" and _excludes(one, belief)]
    if not wished:
        return belief
    end, low = wished[0], belief.low is not None
    bound = _FAR if end.low is not None else 1 - _FAR
    changed = {"low": bound, "high": None} if low else {"low": None, "high": bound}
    return belief.model_copy(update={**changed, "value": canonical(changed["low"], changed["high"])})


def _no_narrower(belief: Belief, state: SessionState) -> Belief:
    """Whoever is ruled out altogether stays so where they are ruled out in one role: "nothing directed by her"."""
    old = state.beliefs.get(belief.id)
    outright = old is not None and old.role is None and old.hard and old.polarity < 0
    return belief.model_copy(update={"role": None}) if outright and belief.polarity < 0 else belief


def slug(text: str) -> str:
    """A short plain id of a value."""
    return re.sub(r"[^a-z0-9]+", "-", key(text)).strip("-")[:60] or "x"


def item_belief(
    relation: str, item_id: str, title: str, evidence: Evidence, strength: float = 0.7, language: str = "en",
    confidence: float = STATED,
) -> Belief:  # fmt: skip
    """What one verdict on one item means for the profile. relation: like, dislike, seen, reject, accept, similar or
    view; a view, which is only a look, and a reject mean nothing beyond the session."""
    group: Group = "likes"
    polarity, scope, prefix = 1.0, "person", "item"
    if relation in {"dislike", "reject"}:
        group, polarity = "dislikes", -1.0
    if relation == "seen":
        group, polarity, prefix = "seen", 0.0, "seen"
    if relation == "reject":
        strength, scope = 0.3, "session"
    if relation == "view":
        scope = "session"
    if relation == "similar":
        scope, prefix, strength = "session", "similar", 0.8
    label = title
    if relation == "similar":
        label = say(language, "label_like", title=title)
    elif relation == "reject":
        label = say(language, "label_not", label=title)
    return Belief(
        id=f"{prefix}:{item_id}", group=group, label=label, facet="item", value=title, item_id=item_id,
        polarity=polarity, strength=strength, confidence=confidence, relation=relation, evidence=[evidence],
        scope="person" if scope == "person" else "session",
    )  # fmt: skip


def preference_belief(said: Preference, group: Group, catalogue: Catalogue, turn: int) -> Belief:
    """What one wish, taste or condition means for the profile."""
    domain = catalogue.domain
    evidence = [Evidence(turn=turn, quote=said.quote)]
    if said.low is not None or said.high is not None:
        number = said.facet if said.facet in domain.numbers else domain.number_of(NUMBER_ROLES.get(said.facet, ""))
        facet = number or said.facet
        return Belief(
            id=_bound_id(facet, said), group=group, label=_bound_label(domain, facet, said), facet=facet,
            value=said.value, polarity=said.polarity, strength=said.strength, hard=said.hard, scope=said.scope,
            low=said.low, high=said.high, relation="rule" if said.excludes else "wish", evidence=evidence,
        )  # fmt: skip
    wished = group != "dislikes" and said.polarity > 0 and (said.scope == "session" or group == "constraints")
    return Belief(
        id=f"{said.facet}:{slug(said.value)}", group=group,
        label=value_label(domain, said.facet, said.value, said.polarity, said.role), facet=said.facet,
        value=said.value, polarity=said.polarity, strength=said.strength, hard=said.hard, scope=said.scope,
        role=said.role, relation="wish" if wished else "rule" if group == "constraints" else "taste", evidence=evidence,
    )  # fmt: skip


def _bound_label(domain: DomainConfig, number: str, said: Preference) -> str:
    """A bound in words; of a scale, what is refused is named as it was said ("not silly")."""
    config = domain.numbers.get(number)
    if config and config.role in SCALES and said.excludes and said.word:
        return say(domain.language, "label_not", label=said.word)
    return range_label(domain, number, said.low, said.high, said.polarity < 0)


def _bound_id(number: str, said: Preference) -> str:
    """What must not be, what must, and what would be nice of a number stand side by side, as does how it compares."""
    if said.polarity < 0:
        return f"{number}:not-{slug(said.value)}"
    if said.excludes:
        return f"{number}:rule"
    return f"{number}:range" if said.hard else f"{number}:about"


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
        if config.role in SCALES:
            # Beyond the outer tenth there is next to nothing: "lighter" than the lightest keeps to the light.
            least, most = np.nanquantile(catalogue.column(said.number), (_OUTER, 1 - _OUTER)).tolist()
            high = max(high, least) if high is not None else None
            low = min(low, most) if low is not None else None
        if config.role == "level":
            high = max(high, 0.0) if high is not None else None
            low = min(low, 3.0) if low is not None else None
    elif not np.isnan(catalogue.column(said.number)).all():
        low, high = quality_bounds(config.role, config.step, said.direction)
        if config.role == "level" and high is not None:
            # "Nothing too violent", with nothing to compare it to, is a limit of its own.
            return Belief(
                id=f"{said.number}:rule", group="constraints",
                label=range_label(catalogue.domain, said.number, low, high), facet=said.number,
                value=canonical(low, high), strength=0.8, hard=True, low=low, high=high, relation="rule",
                evidence=evidence,
            )  # fmt: skip
    label = said.word
    if anchor and known:
        label = say(catalogue.domain.language, "label_than", change=said.word, title=catalogue.get(anchor).title)
    return Belief(
        id=f"{said.number}:than", group="constraints" if known else "likes", label=label,
        facet=said.number, value=canonical(low, high) if low is not None or high is not None else said.word,
        polarity=float(said.direction) if low is None and high is None else 1.0, strength=0.85, hard=bool(known),
        low=low, high=high, item_id=anchor if known else None, relation="critique", evidence=evidence,
    )  # fmt: skip


def _of_mention(mention: ItemMention, turn: int, language: str) -> Belief | None:
    if mention.relation in {"mention", "unseen", "ask", "remove"}:
        return None
    evidence = Evidence(turn=turn, quote=mention.quote)
    return item_belief(
        mention.relation, mention.item_id, mention.title, evidence, mention.strength, language, mention.confidence
    )


def _is_unresolved(entity: Entity) -> bool:
    return entity.value is None and entity.item_id is None


def _of_unresolved(entity: Entity, turn: int) -> Belief:
    return Belief(
        id=f"unresolved:{slug(entity.surface)}", group="unresolved", label=entity.surface, facet=entity.kind,
        value=entity.surface, relation="unresolved", evidence=[Evidence(turn=turn, quote=entity.surface)],
    )  # fmt: skip


def _of_occasion(said: Occasion, turn: int, catalogue: Catalogue) -> Belief:
    return Belief(
        id=f"occasion:{slug(said.name)}", group="likes", label=catalogue.domain.occasions[said.name].label,
        facet="occasion", value=said.name, strength=_GENTLE, relation="occasion",
        evidence=[Evidence(turn=turn, quote=said.quote)],
    )  # fmt: skip


def _of_search(understanding: Understanding, turn: int, language: str) -> Belief:
    quote = understanding.text.strip()
    quote = quote if len(quote) <= 120 else quote[:117].rstrip() + "..."
    return Belief(
        id="text:search", group="likes", label=say(language, "label_about", search=understanding.search),
        facet="text", value=understanding.search, strength=0.6, relation="wish",
        evidence=[Evidence(turn=turn, quote=quote)], leanings=understanding.leanings,
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
    only = turn_pattern(understanding.language, "only").search(fold(understanding.text)) is not None
    new_ids = {belief.id for belief in found}
    if _is_new_need(found, understanding, facets) or (only and state.let_go and renewed):
        gone += [old for old in lapsing(state, catalogue) if old not in new_ids]
    said = fold(understanding.text).strip()
    adding = any(turn_pattern(understanding.language, name).search(said) for name in ("adds", "instead_or"))
    against = {belief.id for belief in found if belief.polarity < 0}
    for old in state.beliefs.values():
        if old.id in new_ids:
            continue
        if old.id.endswith(":now") and old.id.removesuffix(":now") in against:
            gone.append(old.id)
        if (
            old.relation == "wish"
            and old.scope == "session"
            and old.polarity > 0
            and old.facet in renewed
            and not adding
        ) or (old.relation == "similar" and any(belief.relation == "similar" for belief in found)):
            gone.append(old.id)
    judged = {belief.item_id for belief in found if belief.relation in {"like", "accept"}}
    gone += _overtaken(found, state)
    kinds = {_kind_of_occasion(belief, catalogue) for belief in found if belief.relation == "occasion"}
    gone += [
        old.id for old in state.beliefs.values()
        if old.relation == "occasion" and old.id not in new_ids and _kind_of_occasion(old, catalogue) in kinds
    ]  # fmt: skip
    gone += [f"item:{i}" for i in judged if i and f"item:{i}" in state.beliefs and f"item:{i}" not in new_ids]
    return gone


def lapsing(state: SessionState, catalogue: Catalogue, met: bool = False) -> list[str]:
    """Ids of the beliefs that end with a need: what was wished for in this session, and what was only looked at.

    Verdicts, rules and limits of content hold for the next need too. So does what it is all for (a date, the holidays),
    unless the need was `met`.
    """
    kept = {"rule", "like", "dislike", "seen", "reject", "accept", *(() if met else ("occasion",))}
    return [
        old.id for old in state.beliefs.values()
        if old.scope == "session" and old.polarity > 0 and old.relation not in kept and old.group != "unresolved"
        and not limits_content(old, catalogue)
    ]  # fmt: skip


def _kind_of_occasion(belief: Belief, catalogue: Catalogue) -> str:
    config = catalogue.domain.occasions.get(belief.value)
    return config.kind if config else ""


def _alternatives(found: Sequence[Belief], understanding: Understanding, state: SessionState) -> list[Belief]:
    """Earlier wishes that a new one stands beside: "or by her" makes either of them enough."""
    if not turn_pattern(understanding.language, "instead_or").search(fold(understanding.text).strip()):
        return []
    facets = {belief.facet for belief in found if _is_wish(belief)}
    said = next((belief.evidence[-1] for belief in found if _is_wish(belief)), None)
    return [
        old.model_copy(update={"evidence": [*old.evidence, said][-_QUOTES_KEPT:]})
        for old in state.beliefs.values() if said and old.facet in facets and _is_wish(old)
    ]  # fmt: skip


def _overtaken(found: Sequence[Belief], state: SessionState) -> list[str]:
    """Old bounds on a number that a new one leaves no room for, and comparisons that it makes needless.

    A lasting taste takes nothing back, and nothing takes it back; a quality ("something recent") takes no limit back,
    and a comparison ("longer") nothing that was ruled out.
    """
    bounds = [belief for belief in found if _binds(belief)]
    return [
        old.id for old in state.beliefs.values() for new in bounds
        if _binds(old) and old.facet == new.facet and old.id != new.id
        and ((_excludes(old, new) and (new.hard or not old.hard)
              and (new.relation, old.relation) != ("critique", "rule"))
             or (new.id.endswith(":range") and old.id.endswith((":than", ":about"))))
    ]  # fmt: skip


def _binds(belief: Belief) -> bool:
    bounded = belief.low is not None or belief.high is not None
    return bounded and (belief.hard or belief.scope == "session")


def _excludes(one: Belief, other: Belief) -> bool:
    """Whether no number meets both of two bounds."""
    if one.polarity < 0 and other.polarity < 0:
        return False
    if one.polarity > 0 and other.polarity > 0:
        return _end(one.low, -1) > _end(other.high, 1) or _end(other.low, -1) > _end(one.high, 1)
    out, wanted = (one, other) if one.polarity < 0 else (other, one)
    return _end(out.low, -1) <= _end(wanted.low, -1) and _end(wanted.high, 1) <= _end(out.high, 1)


def _end(bound: float | None, side: int) -> float:
    return side * math.inf if bound is None else bound


def _is_new_need(found: Sequence[Belief], understanding: Understanding, facets: Mapping[str, FacetConfig]) -> bool:
    """Whether an utterance asks for something else altogether, so that earlier wishes of the session lapse.

    It does when it names an example outright ("something like X"), describes something freely, or names a
    kind together with another condition ("a western from the 50s"), and nothing in it points back.
    """
    if any(belief.relation == "similar" for belief in found):
        pointed = {mention.item_id for mention in understanding.mentions if mention.relation == "similar"}
        named = {entity.item_id for entity in understanding.entities if entity.kind == "item"}
        return bool(pointed & named)
    wishes = [b for b in found if b.relation == "wish" and b.polarity > 0 and b.facet != "text"]
    kinds = [b for b in wishes if b.facet in facets and facets[b.facet].role in _KIND_ROLES and b.strength > 0.8]
    ruling = any(belief.relation == "rule" for belief in found) or "more" in understanding.acts
    described = len(found) == 1 or len(understanding.search.split()) > 1
    searched = bool(understanding.search) and described and "request" in understanding.acts and not ruling
    whole = searched or (bool(kinds) and len(wishes) > 1)
    refines = turn_pattern(understanding.language, "refines").search(fold(understanding.text)) is not None
    return whole and not understanding.critiques and not refines


def together(earlier: Belief, newer: Belief, catalogue: Catalogue, corrects: bool = False) -> Belief:
    """Two beliefs of the same id as one: the newer word holds, and the quotes of both are kept, for or against it.

    A change of mind leaves less confidence, the same said again more. Open-ended ranges facing each other are joined,
    unless the newer one `corrects` the earlier.
    """
    opposed = earlier.polarity * newer.polarity < 0
    before = [proof.model_copy(update={"contrary": proof.contrary != opposed}) for proof in earlier.evidence]
    said = {(proof.turn, proof.quote) for proof in newer.evidence}
    quotes = [*(proof for proof in before if (proof.turn, proof.quote) not in said), *newer.evidence]
    confidence = contested(newer) if opposed else surer(earlier, newer)
    changes: dict[str, object] = {"evidence": quotes[-_QUOTES_KEPT:], "confidence": confidence}
    if earlier.scope == "person" and earlier.polarity * newer.polarity > 0:
        # What holds in general does not become a wish for tonight by being said again.
        changes["scope"] = "person"
    if earlier.polarity < 0 and newer.polarity < 0 and _weaker(newer, earlier):
        # "Not that one" of what was hated, or "I don't much like it" of what was ruled out, takes nothing back.
        scope = "person" if "person" in {earlier.scope, newer.scope} else "session"
        return earlier.model_copy(update={**changes, "scope": scope})
    if newer.id.endswith((":range", ":rule")):
        changes |= {"evidence": newer.evidence} if corrects else _joined(earlier, newer, catalogue)
    return newer.model_copy(update=changes)


def _weaker(newer: Belief, earlier: Belief) -> bool:
    return (earlier.hard and not newer.hard) or (earlier.relation == "dislike" and newer.relation == "reject")


def _joined(earlier: Belief, newer: Belief, catalogue: Catalogue) -> dict[str, object]:
    """The newer of two bounds with the end that only the earlier has; a quality loosens no number that was said."""
    low, high = newer.low, newer.high
    if newer.relation == "rule" and newer.strength < earlier.strength:
        low, high = _tighter(low, earlier.low, max), _tighter(high, earlier.high, min)
    elif (newer.low is None) != (newer.high is None):
        low, high = (earlier.low, high) if low is None else (low, earlier.high)
    if (low, high) == (newer.low, newer.high) or _end(low, -1) > _end(high, 1):
        return {"evidence": newer.evidence}
    label = range_label(catalogue.domain, newer.facet, low, high)
    return {"low": low, "high": high, "value": canonical(low, high), "label": label}


def _tighter(one: float | None, other: float | None, choose: Callable[[float, float], float]) -> float | None:
    return choose(one, other) if one is not None and other is not None else one if other is None else other
