"""A tap on an item: the events that it leads to, how strong and how sure its verdict is, and the words kept for it."""

from __future__ import annotations

from typing import NamedTuple

from bot.beliefs import item_belief, lapsing, together
from bot.events import Believed, Event, Tapped, Withdrew
from bot.phrasing import say
from bot.records import Belief, Evidence
from bot.state import SessionState
from bot.weighing import INFERRED, STATED
from retrieval.catalogue import Catalogue
from retrieval.records import Item


class Tap(NamedTuple):
    """relation: of the belief (bot.beliefs.item_belief). confidence: a button that says it outright is like words.

    heat: what it adds to how much is going on about the item among all people (bot.trending), a click being 1.
    """

    relation: str
    strength: float
    confidence: float
    heat: float = 0.0


TAPS = {
    "like": Tap("like", 0.8, STATED, 3.0), "dislike": Tap("dislike", 0.8, STATED), "seen": Tap("seen", 1.0, STATED),
    "save": Tap("like", 0.8, INFERRED, 3.0), "purchase": Tap("accept", 0.7, INFERRED, 4.0),
    "dwell": Tap("view", 0.6, INFERRED, 2.0), "click": Tap("view", 0.3, INFERRED, 1.0),
    "view": Tap("view", 0.1, INFERRED), "skip": Tap("reject", 0.3, INFERRED),
}  # fmt: skip


def taken_in(kind: str, item: Item, state: SessionState, turn: int, catalogue: Catalogue) -> list[Event]:
    """The events of a tap: that it happened, and what is believed since.

    A look or a skip says less than a verdict that is known already. A purchase meets the need that led to it: the
    wishes of the session lapse, as they do when something else is asked for. `catalogue` is seen in the language of the
    person. Raises KeyError for a kind that is not in TAPS.
    """
    tapped = Tapped(tap=kind, item_id=item.id, heat=TAPS[kind].heat)
    belief = _belief(kind, item, state, turn, catalogue)
    if belief is None:
        return [tapped]
    met = lapsing(state, catalogue, met=True) if kind == "purchase" else []
    gone: list[Event] = [Withdrew(belief_id=old) for old in met if old != belief.id]
    return [tapped, *gone, Believed(belief=belief)]


def _belief(kind: str, item: Item, state: SessionState, turn: int, catalogue: Catalogue) -> Belief | None:
    tap = TAPS[kind]
    known = {old.relation for old in state.beliefs.values() if old.item_id == item.id}
    if (tap.relation == "view" and known - {"view"}) or (tap.relation == "reject" and "dislike" in known):
        return None
    language = catalogue.domain.language
    evidence = Evidence(turn=turn, quote=say(language, f"tapped_{kind}", title=item.title))
    belief = item_belief(tap.relation, item.id, item.title, evidence, tap.strength, language, tap.confidence)
    earlier = state.beliefs.get(belief.id)
    if earlier is None:
        return belief
    belief = together(earlier, belief, catalogue)
    if tap.relation == "view":
        # A glance after a long look leaves the look what it was, but makes it new; the same glance again adds nothing.
        belief = belief.model_copy(update={"strength": max(earlier.strength, belief.strength)})
        return belief if belief != earlier else None
    return belief
