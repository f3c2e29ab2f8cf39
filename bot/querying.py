"""From the state of a session to a Query, and what to drop from it when nothing fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from bot.phrasing import say
from bot.records import Belief, Evidence, is_imported
from bot.state import SessionState
from bot.text import key
from bot.weighing import limits_content, worth
from prompts.loader import languages
from retrieval.catalogue import Catalogue
from retrieval.domain import Pole
from retrieval.records import Anchor, AnchorKind, Bound, Query, Steer, Term

REQUIRED_ROLES = {"genre", "person", "theme", "language", "country", "series", "award"}
_REQUIRED_STRENGTH, PLAIN_STRENGTH = 0.85, 0.7
_COMMAS = (",", "，", "、")  # noqa: RUF001
_AGAINST = 0.6
_LEANS = 1.0  # what a value that a description surely means is worth, beside one that is named
_BROUGHT = {1: (16, 2.0), -1: (4, 0.5)}  # by polarity: how many imported verdicts steer at once, and their joint weight
_PASSED = 6  # imported verdicts of one polarity after which an earlier one counts half
_HOW: dict[str, AnchorKind] = {"view": "looked", "reject": "passed", "accept": "chosen"}
COVERED = 0.6  # themes are binding where at least this share of items has any; else they only guide


def build_query(state: SessionState, catalogue: Catalogue, again: bool = False, without: Iterable[str] = ()) -> Query:
    """What to retrieve, from every belief but those in `without`.

    Items that the person judged, has seen, named as an example or was shown never return; with `again`, items that were
    merely shown may. What must or must not be counts in full; all else by its strength, by how sure it is, and lasting
    tastes by how long ago they were told (bot.weighing), seen from `state.now`.
    """
    skip = set(without)
    terms: list[Term] = []
    bounds: list[Bound] = []
    said: list[Belief] = []
    brought: list[Belief] = []
    steers: list[Steer] = []
    texts: list[Belief] = []
    exclude = set() if again else set(state.shown)
    for belief in state.beliefs.values():
        if belief.facet == "item" and belief.item_id and belief.relation != "view":
            exclude.add(belief.item_id)
        if belief.group == "seen" or belief.group == "unresolved" or belief.id in skip:
            continue
        counts = belief.strength if required(belief, catalogue) else worth(belief, state)
        if belief.facet == "item":
            (brought if is_imported(belief.evidence) else said).append(belief)
        elif belief.facet == "text":
            texts.append(belief)
            terms += _leaning_terms(belief, catalogue)
        elif belief.relation == "occasion":
            suiting, limits = _suiting(belief, state, catalogue, counts)
            terms, bounds = terms + suiting, bounds + limits
        elif belief.low is not None or belief.high is not None:
            terms += [*_unwanted_moods(belief, catalogue), *_unwanted_signs(belief, catalogue)]
            if records_number(catalogue, belief.facet):
                bounds.append(_bound(belief, catalogue, counts))
            elif steer := _steer_number(belief, catalogue):
                steers.append(steer)
        elif belief.facet in catalogue.domain.numbers:
            if steer := _steer_number(belief, catalogue):
                steers.append(steer)
        elif belief.value in catalogue.postings(belief.role or belief.facet):
            terms.append(_term(belief, catalogue, counts))
            term = terms[-1]
            terms += [term.model_copy(update={"value": kind}) for kind in _unwanted_kinds(belief, state, catalogue)]
            against = {"weight": -counts, "hard": True}
            terms += [term.model_copy(update={**against, "value": kind}) for kind in _opposites(belief, catalogue)]
            if _is_sparse(belief, catalogue) and (steer := _steer_value(belief, catalogue, counts)):
                steers.append(steer)
        elif steer := _steer_value(belief, catalogue, counts):
            steers.append(steer)
    anchors = [*(_anchor(belief, worth(belief, state)) for belief in said), *_brought_anchors(brought, state)]
    return Query(
        text=" ".join(belief.value for belief in texts),
        described=" ".join(belief.evidence[-1].quote for belief in texts if belief.leanings and belief.evidence),
        text_evidence=[belief.evidence[-1] for belief in texts if belief.evidence],
        text_belief_id=texts[0].id if texts else None,
        terms=tuple(terms), bounds=tuple(bounds), anchors=tuple(anchors), steers=tuple(steers),
        exclude=frozenset(exclude), now=state.now, variety=state.variety,
    )  # fmt: skip


def records_number(catalogue: Catalogue, number: str) -> bool:
    """Whether the catalogue knows this number of any item."""
    return not bool(np.isnan(catalogue.column(number)).all())


def unverifiable(state: SessionState, catalogue: Catalogue) -> list[Belief]:
    """Hard or required beliefs that this catalogue has no data for at all, so that nobody can hold it to them."""
    found = []
    for belief in state.beliefs.values():
        if belief.group not in {"constraints", "likes"} or belief.facet in {"item", "text"}:
            continue
        if belief.low is not None or belief.high is not None:
            if not records_number(catalogue, belief.facet) and catalogue.domain.numbers[belief.facet].role in {
                "year",
                "length",
                "age",
                "level",
            }:
                found.append(belief)
        elif (
            belief.facet in catalogue.domain.facets
            and required(belief, catalogue)
            and not catalogue.postings(belief.facet)
        ):
            found.append(belief)
    return found


def required(belief: Belief, catalogue: Catalogue) -> bool:
    """Whether items without this belief's value may not be shown: constraints, and wishes for a kind or a person."""
    if belief.hard:
        return True
    role = _role(belief, catalogue)
    if role == "theme" and catalogue.coverage(belief.facet) < COVERED:
        return False
    return (
        belief.relation == "wish" and belief.scope == "session" and belief.polarity > 0
        and belief.strength >= _REQUIRED_STRENGTH and role in REQUIRED_ROLES
    )  # fmt: skip


def droppable(state: SessionState, catalogue: Catalogue) -> list[Belief]:
    """Beliefs that may be let go when nothing fits: the oldest, least binding and least telling first.

    What must not appear is never among them.
    """
    found = [
        belief for belief in state.beliefs.values()
        if (required(belief, catalogue) or _opposites(belief, catalogue))
        and belief.polarity > 0 and belief.relation != "rule" and not limits_content(belief, catalogue)
        and belief.facet not in {"item", "text"}
    ]  # fmt: skip
    return sorted(found, key=lambda b: (
        b.evidence[-1].turn if b.evidence else 0, b.group == "constraints", b.strength, -_count(b, catalogue)
    ))  # fmt: skip


def _count(belief: Belief, catalogue: Catalogue) -> int:
    """How many items have the value of a belief: the fewer, the more it says of what is wanted."""
    return len(catalogue.postings(belief.role or belief.facet).get(belief.value, ()))


def _grounds(belief: Belief) -> list[Evidence]:
    """The evidence that speaks for a belief, which is what a reason may cite."""
    return [proof for proof in belief.evidence if not proof.contrary]


def _anchor(belief: Belief, counts: float) -> Anchor:
    return Anchor(
        item_id=belief.item_id or "", weight=belief.polarity * counts if belief.relation != "similar" else 1.0,
        asked=belief.relation == "similar", how=_HOW.get(belief.relation, "judged"), belief_id=belief.id,
        evidence=_grounds(belief),
    )  # fmt: skip


def _brought_anchors(beliefs: Sequence[Belief], state: SessionState) -> list[Anchor]:
    """The latest of what was imported, weighing together about as much as three things said.

    Thousands of ratings are one background. At full weight they would drown every wish, and each costs a pass
    over the catalogue. What came last says most of what is liked next, so that earlier verdicts fade. All share the
    weight as if they were new; then what time has left of each counts.
    """
    anchors: list[Anchor] = []
    for sign, (most, together) in _BROUGHT.items():
        kept = [belief for belief in beliefs if belief.polarity * sign > 0][-most:]
        fading = [float(0.5 ** (later / _PASSED)) for later in reversed(range(len(kept)))]
        full = sum(fade * belief.strength * belief.confidence for belief, fade in zip(kept, fading, strict=True))
        share = min(1.0, together / (full or 1.0))
        anchors += [
            _anchor(belief, worth(belief, state) * fade * share) for belief, fade in zip(kept, fading, strict=True)
        ]
    return anchors


def _bound(belief: Belief, catalogue: Catalogue, counts: float) -> Bound:
    role = catalogue.domain.numbers[belief.facet].role if belief.facet in catalogue.domain.numbers else "other"
    return Bound(
        number=belief.facet, low=belief.low, high=belief.high,
        weight=counts if belief.polarity > 0 else -counts, hard=belief.hard,
        admit_unknown=role in {"axis", "level"}, than=belief.item_id, label=belief.label, belief_id=belief.id,
        evidence=_grounds(belief),
    )  # fmt: skip


def _term(belief: Belief, catalogue: Catalogue, counts: float) -> Term:
    return Term(
        facet=belief.role or belief.facet, value=belief.value, weight=belief.polarity * counts,
        hard=required(belief, catalogue), group=_group(belief, _role(belief, catalogue)), belief_id=belief.id,
        evidence=_grounds(belief),
    )  # fmt: skip


def _leaning_terms(belief: Belief, catalogue: Catalogue) -> list[Term]:
    """What a free description sounds like, as wishes that need not come true."""
    return [
        Term(facet=said.facet, value=said.value, weight=_LEANS * said.weight, belief_id=belief.id,
             evidence=_grounds(belief))
        for said in belief.leanings if said.value in catalogue.postings(said.facet)
    ]  # fmt: skip


def _suiting(
    belief: Belief, state: SessionState, catalogue: Catalogue, counts: float
) -> tuple[list[Term], list[Bound]]:
    """What suits an occasion, but for what the person said something of themselves."""
    config = catalogue.domain.occasions.get(belief.value)
    if config is None:
        return [], []
    told = {(other.facet, other.value) for other in state.beliefs.values()}
    told_of = {other.facet for other in state.beliefs.values()}
    terms = [
        Term(facet=facet, value=value, weight=fit * counts, belief_id=belief.id, evidence=_grounds(belief))
        for facet, fits in config.suits.items() for value, fit in fits.items()
        if (facet, value) not in told and value in catalogue.postings(facet)
    ]  # fmt: skip
    bounds = [
        Bound(number=number, high=high, weight=counts, hard=False, mild=True, label=belief.label,
              belief_id=belief.id, evidence=_grounds(belief))
        for number, high in config.at_most.items() if number not in told_of and records_number(catalogue, number)
    ]  # fmt: skip
    return terms, bounds


def _opposites(belief: Belief, catalogue: Catalogue) -> tuple[str, ...]:
    """Values that a plain wish rules out: whoever wants it slow wants nothing frantic."""
    config = catalogue.domain.facets.get(belief.facet)
    wished = belief.relation == "wish" and belief.scope == "session" and belief.polarity > 0
    if config is None or not wished or belief.strength < PLAIN_STRENGTH:
        return ()
    return config.opposites.get(belief.value, ())


def _unwanted_kinds(belief: Belief, state: SessionState, catalogue: Catalogue) -> list[str]:
    """Values that go with an unwanted one: "no romance" means no romantic comedy either, unless one is wished for."""
    config = catalogue.domain.facets.get(belief.facet)
    if config is None or belief.polarity > 0:
        return []
    wanted = {other.value for other in state.beliefs.values() if other.facet == belief.facet and other.polarity > 0}
    return [kind for kind in config.narrower.get(belief.value, ()) if kind not in wanted]


def _unwanted_moods(belief: Belief, catalogue: Catalogue) -> list[Term]:
    """Moods that a critique turns away from: "less sad" is against melancholy as well as for a lighter tone."""
    pole = _left_pole(belief, catalogue)
    if pole is None:
        return []
    left = {key(word) for word in (pole.name, *pole.words)}
    return [
        Term(facet=facet, value=mood, weight=-_AGAINST, belief_id=belief.id, evidence=_grounds(belief))
        for facet in catalogue.domain.facets_of("mood")
        for mood in catalogue.postings(facet)
        if left & {key(word) for word in (mood, *catalogue.domain.facets[facet].synonyms.get(mood, ()))}
    ]


def _unwanted_signs(belief: Belief, catalogue: Catalogue) -> list[Term]:
    """Values that belong to the end of an axis which a critique turns away from: "less sad" is against grief."""
    pole = _left_pole(belief, catalogue)
    return [
        Term(facet=facet, value=value, weight=-_AGAINST, belief_id=belief.id, evidence=_grounds(belief))
        for facet, values in (pole.signs if pole else {}).items()
        for value in values if value in catalogue.postings(facet)
    ]  # fmt: skip


def _left_pole(belief: Belief, catalogue: Catalogue) -> Pole | None:
    """The end of an axis or a level that a critique moves away from."""
    config = catalogue.domain.numbers.get(belief.facet)
    if config is None or config.role not in {"axis", "level"} or belief.relation != "critique":
        return None
    return config.high if belief.high is not None else config.low


def _is_sparse(belief: Belief, catalogue: Catalogue) -> bool:
    """Whether the facet is filled for too few items to be the only evidence: then the text is asked too."""
    config = catalogue.domain.facets.get(belief.facet)
    return config is not None and config.role == "theme" and catalogue.coverage(belief.facet) < COVERED


def _role(belief: Belief, catalogue: Catalogue) -> str:
    facets = catalogue.domain.facets
    return "person" if belief.facet == "person" else facets[belief.facet].role if belief.facet in facets else ""


def _group(belief: Belief, role: str) -> str:
    """People and genres named together are all wanted ("with A and B", "a documentary about music"), unless "or" or
    a comma stands between them."""
    marks = (*_or_words(), *_COMMAS) if role == "genre" else _or_words()
    alternatives = any(mark in f" {evidence.quote.lower()} " for evidence in belief.evidence[-1:] for mark in marks)
    return belief.id if role in {"person", "genre"} and not alternatives else ""


@lru_cache(maxsize=1)
def _or_words() -> tuple[str, ...]:
    """What joins alternatives, in every language that replies can be in: a quote may be in any of them."""
    return tuple(say(language, "or", first="", last="") for language in languages())


def _steer_number(belief: Belief, catalogue: Catalogue) -> Steer | None:
    config = catalogue.domain.numbers.get(belief.facet)
    if config is None or config.role not in {"axis", "level"}:
        return None
    down = belief.high is not None or (belief.low is None and belief.polarity < 0)
    towards, away = (config.low, config.high) if down else (config.high, config.low)
    pole, sign = (towards, 1.0) if towards else (away, -1.0)
    if pole is None:
        return None
    text = ", ".join([pole.name, *pole.words[:6]])
    return Steer(text=text, weight=sign * 0.8, label=belief.label, belief_id=belief.id, evidence=_grounds(belief))


def _steer_value(belief: Belief, catalogue: Catalogue, counts: float) -> Steer | None:
    config = catalogue.domain.facets.get(belief.facet)
    if config is None or (required(belief, catalogue) and not catalogue.postings(belief.facet)):
        return None
    words = [belief.value, *config.synonyms.get(belief.value, ())[:4], config.definitions.get(belief.value, "")]
    return Steer(
        text=" ".join(word for word in words if word), weight=belief.polarity * counts * 0.8,
        label=belief.label, belief_id=belief.id, evidence=_grounds(belief),
    )  # fmt: skip
