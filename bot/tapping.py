"""A tap on an item: the verdict that it stands for, how strong and how sure it is, and the words kept as evidence."""

from __future__ import annotations

from typing import NamedTuple

from bot.beliefs import item_belief, together
from bot.phrasing import say
from bot.records import Belief, Evidence
from bot.state import SessionState
from bot.weighing import INFERRED, STATED
from retrieval.catalogue import Catalogue
from retrieval.records import Item


class Tap(NamedTuple):
    """relation: of the belief (bot.beliefs.item_belief). confidence: a button that says it outright is like words."""

    relation: str
    strength: float
    confidence: float


TAPS = {
    "like": Tap("like", 0.8, STATED), "dislike": Tap("dislike", 0.8, STATED), "seen": Tap("seen", 1.0, STATED),
    "save": Tap("like", 0.6, INFERRED), "purchase": Tap("accept", 0.7, INFERRED), "click": Tap("view", 0.2, INFERRED),
    "view": Tap("view", 0.1, INFERRED), "skip": Tap("reject", 0.2, INFERRED),
}  # fmt: skip


def tapped(kind: str, item: Item, state: SessionState, turn: int, catalogue: Catalogue) -> Belief | None:
    """The belief that a tap leads to; None for a look or a skip, which say less than what is known already.

    `catalogue` is seen in the language of the person. Raises KeyError for a kind that is not in TAPS.
    """
    relation, strength, confidence = TAPS[kind]
    known = {old.relation for old in state.beliefs.values() if old.item_id == item.id}
    if (relation == "view" and known) or (relation == "reject" and "dislike" in known):
        return None
    language = catalogue.domain.language
    evidence = Evidence(turn=turn, quote=say(language, f"tapped_{kind}", title=item.title))
    belief = item_belief(relation, item.id, item.title, evidence, strength, language, confidence)
    earlier = state.beliefs.get(belief.id)
    return together(earlier, belief, catalogue) if earlier else belief
