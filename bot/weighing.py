"""How sure a belief is and how much it counts: its source, what was said for and against it, and how long ago."""

from __future__ import annotations

from datetime import timedelta

from bot.records import Belief
from bot.state import SessionState

STATED = 1.0
RATED = 0.6
"""Confidence in a rating from another service: it was given elsewhere, and on a scale that had to be read."""
INFERRED = 0.5
"""Confidence in what is only inferred from a tap: a card that was opened, kept, bought or passed over."""
_CONTRADICTED = 0.7
_REPEATED = 0.5
_HALVED_IN_TURNS = 4


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
    later turns that wished for something.
    """
    if belief.hard or belief.relation == "rule":
        return 1.0
    if belief.scope == "session":
        return float(0.5 ** (_turns_since(belief, state) / _HALVED_IN_TURNS)) if belief.relation == "wish" else 1.0
    told = state.told.get(belief.id)
    if told is None or state.now is None:
        return 1.0
    days = max(0, (state.now - told) // timedelta(days=1))
    return float(0.5 ** (days / state.half_life))


def _turns_since(belief: Belief, state: SessionState) -> int:
    """In how many turns after a belief of this session others were formed; asking for "more" is none."""
    last = max((proof.turn for proof in belief.evidence), default=0)
    others = (other for other in state.beliefs.values() if other.scope == "session")
    return len({proof.turn for other in others for proof in other.evidence if proof.turn > last})
