"""How sure a belief is and how much it counts: its source, what was said for and against it, and how long ago."""

from __future__ import annotations

from datetime import timedelta

from bot.records import Belief
from bot.state import SessionState
from retrieval.catalogue import Catalogue

STATED = 1.0
RATED = 0.6
"""Confidence in a rating from another service: it was given elsewhere, and on a scale that had to be read."""
INFERRED = 0.5
"""Confidence in what is only inferred from a tap: a card that was opened, kept, bought or passed over."""
_CONTRADICTED = 0.7
_REPEATED = 0.5
_HALVED_IN_TURNS = 4
_LOOK_HALVED_IN_TURNS = 2
_LOOK_HALVED_IN_HOURS = 2
_DAY = 24  # hours


def surer(earlier: Belief, newer: Belief) -> float:
    """The confidence in a belief that is held again: half of the doubt goes, all of it where nothing spoke against."""
    known = {(proof.turn, proof.quote) for proof in earlier.evidence}
    if all((proof.turn, proof.quote) in known for proof in newer.evidence):
        return earlier.confidence
    raised = earlier.confidence + (STATED - earlier.confidence) * newer.confidence * _REPEATED
    contested = any(proof.contrary for proof in earlier.evidence)
    return round(raised if contested else max(raised, newer.confidence), 3)


def contested(newer: Belief) -> float:
    """The confidence in a belief whose opposite was held before."""
    return round(newer.confidence * _CONTRADICTED, 3)


def worth(belief: Belief, state: SessionState) -> float:
    """How much a belief that may be outweighed counts, 0..1: strength, confidence and what time has left of a taste."""
    return belief.strength * belief.confidence * remaining(belief, state)


def remaining(belief: Belief, state: SessionState) -> float:
    """What time has left of a belief, 0..1; of rules, all.

    A lasting taste fades by half in each half-life, counted in whole days; a soft wish of a session by half in four
    later turns that wished for something; a mere look at an item by half in two turns, and by half in two hours. What
    was taken is no wish for another of the kind: it counts as a taste from the next day on.
    """
    if belief.hard or belief.relation == "rule":
        return 1.0
    if belief.relation == "view":
        turns, hours = _turns_answered(belief, state), _hours(belief, state)
        return float(0.5 ** (turns / _LOOK_HALVED_IN_TURNS + hours / _LOOK_HALVED_IN_HOURS))
    if belief.relation == "accept" and state.now is not None and _hours(belief, state) < _DAY:
        return 0.0
    if belief.scope == "session":
        return float(0.5 ** (_turns_since(belief, state) / _HALVED_IN_TURNS)) if belief.relation == "wish" else 1.0
    told = state.told.get(belief.id)
    if told is None or state.now is None:
        return 1.0
    days = max(0, (state.now - told) // timedelta(days=1))
    return float(0.5 ** (days / state.half_life))


def _turns_answered(belief: Belief, state: SessionState) -> int:
    """How many replies were given since a belief was last formed; the next one, which it is to change, is none."""
    return max(0, state.turn - max((proof.turn for proof in belief.evidence), default=0))


def _hours(belief: Belief, state: SessionState) -> int:
    """Whole hours since a belief was last formed; 0 where that is now, or no clock is known."""
    told = state.told.get(belief.id)
    return 0 if told is None or state.now is None else max(0, (state.now - told) // timedelta(hours=1))


def _turns_since(belief: Belief, state: SessionState) -> int:
    """In how many turns after a belief of this session others were formed; asking for "more" is none."""
    last = max((proof.turn for proof in belief.evidence), default=0)
    others = (other for other in state.beliefs.values() if other.scope == "session" and other.relation != "view")
    return len({proof.turn for other in others for proof in other.evidence if proof.turn > last})


def limits_content(belief: Belief, catalogue: Catalogue) -> bool:
    """Whether a belief says how much of something is bearable ("less violent"), which holds for whatever is wanted."""
    number = catalogue.domain.numbers.get(belief.facet)
    return number is not None and number.role == "level" and belief.high is not None
