"""What must hold of a dialogue, kept by a small model of its own: conditions in force, items judged, items shown.

The oracle knows what was meant from the moves, since whoever makes an utterance knows its meaning. Of the product it
looks at replies and at the profile as the person sees it. Where the meaning is a matter of taste it assumes less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.records import REPLY_ACTS, Belief, Item, Profile, Reply
from evals.moves import Condition, Drop, Move, Scene, Shift
from retrieval.catalogue import Catalogue
from retrieval.records import Record

_ANSWERED_BY = {"undo": ("undo",), "reset": ("reset",), "forget": ("reset",)}
_UNASKED = tuple(act for act in REPLY_ACTS if act not in {"undo", "reset"})
OFFERING = ("recommend", "relax")
_LASTING = {"seen", "dislike"}
_LOOKS = {"click", "view"}
_AGAIN = "round again"
_LET_GO = re.compile(r"(?:Letting go of|Without) ((?:“[^”]*”(?:, and |, | and )?)+)")
_QUOTED = re.compile(r"“([^”]*)”")
Mask = NDArray[np.bool_]
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(s?)")


class Violation(Record):
    """A property that does not hold. kind: which; about: what it concerns, without names; detail: in words."""

    kind: str
    about: str
    detail: str

    @property
    def key(self) -> tuple[str, str]:
        """Violations with the same key are taken for the same defect."""
        return self.kind, self.about


class State(NamedTuple):
    """Conditions in force; (item id, verdict) of items judged; ids shown since the start; ids on screen, in order.

    A verdict that a restart wiped away is "past": it binds no more.
    """

    conditions: tuple[Condition, ...] = ()
    judged: frozenset[tuple[str, str]] = frozenset()
    shown: frozenset[str] = frozenset()
    screen: tuple[str, ...] = ()


class Step(NamedTuple):
    """What "undo" leads back to: the profile and the state before a step."""

    profile: Profile
    state: State


class Oracle:
    """Follows one person. `checks` counts what was held to be so; `shown` the items that replies offered."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.state = State()
        self.profile = Profile()
        self.past: list[Step] = []
        self.checks = 0
        self.shown = 0

    @property
    def scene(self) -> Scene:
        return Scene(self.state.conditions, len(self.state.screen))

    def take(self, move: Move, reply: Reply | None, profile: Profile) -> list[Violation]:
        """What a move's reply (None for a tap or an edit) and the profile after it violate."""
        before = Step(self.profile, self.state)
        self.profile = profile
        found = self._of_reply(move, reply) if reply else []
        match move.command:
            case "undo":
                return found + self._undo(before, reply)
            case "reset" | "forget" | "return":
                return found + self._begin_anew(move, before)
        self.state = self._meant(move)
        if reply:
            self._relax(reply)
            found += self._offered(reply)
        found += self._kept(move)
        changed = profile != before.profile or (reply is not None and _offers(reply)) or move.edit == "add"
        if changed or (move.tap and self._counts(move, before.profile)):
            self.past.append(before)
        if move.still:
            changes = _changes(before.profile, profile)
            detail = f"“{move.say}” changed what is believed: {changes}"
            found += self._holds(profile == before.profile, "still", move.form, detail)
        return found

    def _counts(self, move: Move, before: Profile) -> bool:
        """Whether a tap is a step, even if it says the same again: a look or a skip may say less than what is known."""
        ids = self._placed(move.places)
        known = {belief.relation for belief in before.all() if belief.item_id in ids}
        less = (move.tap in _LOOKS and known) or (move.tap == "skip" and "dislike" in known)
        return bool(ids) and not less

    # What every reply must be

    def _of_reply(self, move: Move, reply: Reply) -> list[Violation]:
        acts = _ANSWERED_BY.get(move.command, _UNASKED)
        found = self._holds(
            reply.act in acts, "act", move.form, f"“{move.say}” was answered with the act “{reply.act}”"
        )
        return found + self._holds(bool(reply.text.strip()), "text", reply.act, "the reply has no text")

    # What was meant

    def _meant(self, move: Move) -> State:
        state = self.state
        conditions = [one for one in state.conditions if not (move.fresh and one.wanted and not one.firm)]
        conditions = [one for one in conditions if not any(_drops(drop, one) for drop in move.drops)]
        for shift in move.shifts:
            conditions = [one for one in conditions if self._survives(shift, one)]
        for new in move.adds:
            new = self._with_earlier(conditions, new)
            conditions = [
                one for one in conditions if not _gives_way(one, new) and not (move.edit and _is_old(one, new))
            ]
            conditions.append(new)
        ids = [*move.items, *self._placed(move.places)]
        judged = state.judged
        if move.verdict == "like":
            judged = frozenset(one for one in judged if one[0] not in ids or one[1] == "seen")
        elif move.verdict:
            judged = judged | {(item_id, move.verdict) for item_id in ids}
        return state._replace(conditions=tuple(conditions), judged=judged)

    def _verdicts(self) -> list[tuple[str, str]]:
        return sorted(one for one in self.state.judged if one[1] != "past")

    def _placed(self, places: Iterable[int]) -> list[str]:
        screen = self.state.screen
        return [screen[place if place < 0 else place - 1] for place in places if screen and place <= len(screen)]

    def _survives(self, shift: Shift, one: Condition) -> bool:
        """Whether a condition outlives "newer" and the like: unless it stands in the way of it."""
        if one.facet != shift.number or one.values or not one.wanted:
            return True
        limit = one.high if shift.direction > 0 else one.low
        if limit is None:
            return True
        if shift.absolute:
            return False
        on_screen = [value for i in self.state.screen if (value := self.facts.number(i, shift.number)) is not None]
        if one.firm or not on_screen:
            return False
        furthest = max(on_screen) if shift.direction > 0 else min(on_screen)
        return (limit - furthest) * shift.direction > self.facts.stride(shift.number)

    def _with_earlier(self, conditions: Sequence[Condition], new: Condition) -> Condition:
        """What was ruled out for good stays so when it is ruled out for tonight; themes are alternatives."""
        alike = [old for old in conditions if new.values and (old.facet, old.wanted) == (new.facet, new.wanted)]
        if new.wanted and new.facet in self.facts.themes:
            values = (value for old in (*alike, new) for value in old.values)
            return new.model_copy(update={"values": tuple(dict.fromkeys(values))})
        lasting = new.lasting or any(old.lasting for old in alike if old.values == new.values)
        return new.model_copy(update={"lasting": lasting})

    def _relax(self, reply: Reply) -> None:
        """Wishes that a reply says it lets go are no longer in force; what is firm stays."""
        labels = [label for listed in _LET_GO.findall(reply.text) for label in _QUOTED.findall(listed)]
        if reply.act == "relax" and labels:
            kept = [one for one in self.state.conditions if one.firm or not any(_named(label, one) for label in labels)]
            self.state = self.state._replace(conditions=tuple(kept))

    # What may be shown

    def _offered(self, reply: Reply) -> list[Violation]:
        if not _offers(reply):
            return []
        found: list[Violation] = []
        items = [pick.item for pick in reply.items]
        ids = tuple(item.id for item in items)
        self.shown += len(items)
        for item in items:
            for one in self.state.conditions:
                found += self._holds(
                    not self.facts.breaks(item.id, one), "shown", _about(one),
                    f"shows {_titled(item)} against: {describe(one)}",
                )  # fmt: skip
            verdict = next((verdict for item_id, verdict in self._verdicts() if item_id == item.id), None)
            found += self._holds(verdict is None, "judged", str(verdict), f"shows {_titled(item)}, which was {verdict}")
            fresh = item.id not in self.state.shown or _AGAIN in reply.text
            found += self._holds(fresh, "repeated", reply.act, f"shows {_titled(item)} again without saying so")
        found += self._holds(len(set(ids)) == len(ids), "repeated", "at once", "shows an item twice in one reply")
        self.state = self.state._replace(shown=self.state.shown | set(ids), screen=ids)
        return found

    # What must be remembered, and what must not

    def _kept(self, move: Move) -> list[Violation]:
        found: list[Violation] = []
        hard = [belief for belief in self.profile.all() if belief.hard and belief.item_id is None]
        for one in self.state.conditions:
            if one.firm:
                found += self._holds(
                    self.facts.covers(hard, one), "kept", _about(one), f"the profile no longer holds: {describe(one)}"
                )
        against = {"seen": self.profile.seen, "dislike": self.profile.dislikes, "reject": self.profile.dislikes}
        for item_id, verdict in self._verdicts():
            known = any(
                belief.item_id == item_id and (verdict != "dislike" or belief.relation == "dislike")
                for belief in against[verdict]
            )
            found += self._holds(known, "kept", verdict, f"the profile no longer knows that {item_id} was: {verdict}")
        judged = {item_id for item_id, _ in self.state.judged}
        strange = [
            b.value for b in (*self.profile.seen, *self.profile.dislikes) if b.item_id and b.item_id not in judged
        ]
        found += self._holds(not strange, "judged", "nobody", f"nobody passed judgement on {', '.join(strange)}")
        for drop in move.drops:
            left = [belief.label for belief in hard if speaks_of(belief, drop)]
            found += self._holds(not left, "dropped", drop.facet, f"the profile still holds: {', '.join(left)}")
        return found

    # Commands

    def _undo(self, now: Step, reply: Reply | None) -> list[Violation]:
        """The profile and the screen are what they were before the last step that changed any of them."""
        step = self.past.pop() if self.past else None
        there = step or now
        self.state = there.state
        judged = {item_id for item_id, _ in self._verdicts()}
        # What was turned down while it was on the screen does not come back to it.
        screen = tuple(item_id for item_id in there.state.screen if step and item_id not in judged)
        shown = tuple(pick.item.id for pick in reply.items) if reply else ()
        self.state = self.state._replace(screen=screen) if step else self.state
        detail = f"undo left the profile different: {_changes(there.profile, self.profile)}"
        found = self._holds(self.profile == there.profile, "undo", "profile", detail)
        return found + self._holds(shown == screen, "undo", "screen", f"undo shows {shown}, on screen was {screen}")

    def _begin_anew(self, move: Move, before: Step) -> list[Violation]:
        """After a restart and in a new session only what is lasting is left; after "forget", nothing."""
        lasting = [] if move.command == "forget" else [one for one in self.state.conditions if one.lasting]
        past = {item_id for item_id, _ in self.state.judged} if move.command != "forget" else set()
        judged = [one for one in self.state.judged if one[0] in past and one[1] in _LASTING]
        judged += [(item_id, "past") for item_id in past]
        self.state = State(conditions=tuple(lasting), judged=frozenset(judged))
        self.past = [*self.past, before] if move.command == "reset" else []
        left = [belief.label for belief in self.profile.all() if move.command == "forget" or belief.scope == "session"]
        found = self._holds(not left, move.command, "left", f"after {move.command} there is still: {', '.join(left)}")
        return found + self._kept(move)

    def _holds(self, so: bool, kind: str, about: str, detail: str) -> list[Violation]:
        self.checks += 1
        return [] if so else [Violation(kind=kind, about=about, detail=detail)]


class Facts:
    """What the catalogue says of its items, for conditions."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.themes = catalogue.domain.facets_of("theme")
        self._out = lru_cache(maxsize=4096)(self._rule_out)

    def number(self, item_id: str, number: str) -> float | None:
        return self.catalogue.number(self.catalogue.get(item_id), number)

    def stride(self, number: str) -> float:
        """How far a comparison may move at once, in the unit of the number."""
        config = self.catalogue.domain.numbers[number]
        return 1.0 if config.role == "year" else config.step

    def breaks(self, item_id: str, one: Condition) -> bool:
        """Whether an item breaks a condition. A number that is not on record breaks none."""
        return bool(self._broken(one)[self.catalogue.row[item_id]])

    def covers(self, beliefs: Sequence[Belief], one: Condition) -> bool:
        """Whether hard beliefs, taken together, rule out every item that breaks a condition."""
        ruled = np.zeros(len(self.catalogue), dtype=bool)
        for belief in beliefs:
            facet = belief.role if belief.role in self.catalogue.domain.facets else belief.facet
            values = (belief.value,) if belief.low is None and belief.high is None else ()
            ruled |= self._out(facet or "", values, belief.low, belief.high, belief.polarity > 0)
        return bool((ruled | ~self._broken(one)).all())

    def _broken(self, one: Condition) -> Mask:
        return self._out(one.facet, one.values, one.low, one.high, one.wanted)

    def _rule_out(
        self, facet: str, values: tuple[str, ...], low: float | None, high: float | None, wanted: bool
    ) -> Mask:
        """(n,) True where an item is not what is wanted, or is what is not."""
        out = np.zeros(len(self.catalogue), dtype=bool)
        for row, item in enumerate(self.catalogue.items):
            if values:
                out[row] = any(self.catalogue.has(item, facet, value) for value in values) != wanted
                continue
            value = self.catalogue.number(item, facet)
            if value is not None:
                out[row] = ((low is None or value >= low) and (high is None or value <= high)) != wanted
        return out


def describe(one: Condition) -> str:
    """A condition in words, for a report."""
    if one.values:
        what = " or ".join(one.values)
    elif one.low is not None and one.high is not None:
        what = f"{one.low:g} to {one.high:g}"
    else:
        what = f"{one.high:g} or less" if one.high is not None else f"{one.low or 0:g} or more"
    return f"{'' if one.wanted else 'not '}{one.facet} {what}"


def speaks_of(belief: Belief, drop: Drop) -> bool:
    """Whether a belief is one that is to be dropped."""
    return belief.value == drop.value if drop.value else belief.facet == drop.facet


def _offers(reply: Reply) -> bool:
    return reply.act in OFFERING and bool(reply.items)


def _titled(item: Item) -> str:
    return f"{item.title} ({item.year})"


def _about(one: Condition) -> str:
    return f"{one.facet} {'wanted' if one.wanted and not one.firm else 'firm'}"


def _drops(drop: Drop, one: Condition) -> bool:
    return drop.value in one.values if drop.value else drop.facet == one.facet


def _gives_way(old: Condition, new: Condition) -> bool:
    """Whether the newest word on a thing takes the place of an older one."""
    if not set(old.values).isdisjoint(new.values):
        return old.facet == new.facet or old.wanted != new.wanted
    if old.facet != new.facet or old.values or new.values:
        return old.facet == new.facet and old.wanted and new.wanted
    if not (old.wanted or new.wanted):
        return (old.low is None) == (new.low is None)  # "nothing over 90 minutes", later "nothing over 110"
    if old.wanted and new.wanted:
        facing = (old.low is None) != (old.high is None) and (old.low is None) != (new.low is None)
        return not (facing and (new.low is None) != (new.high is None) and _overlap(old, new))
    unwanted, wanted = (old, new) if new.wanted else (new, old)
    return old.wanted != new.wanted and _nearly_within(wanted, unwanted)


def _is_old(one: Condition, new: Condition) -> bool:
    """Whether a range of the profile is written over when another is stated for the same number."""
    return one.facet == new.facet and not one.values and one.wanted and not one.firm


def _overlap(one: Condition, other: Condition) -> bool:
    low = max(end.low for end in (one, other) if end.low is not None)
    return low <= min(end.high for end in (one, other) if end.high is not None)


def _nearly_within(inner: Condition, outer: Condition) -> bool:
    """Whether one range leaves nothing of another but an end: "over 90 minutes", then "nothing over 90 minutes"."""
    low = outer.low is None or (inner.low is not None and inner.low >= outer.low - 1)
    return low and (outer.high is None or (inner.high is not None and inner.high <= outer.high + 1))


def _named(label: str, one: Condition) -> bool:
    """Whether a label that a reply quotes speaks of a condition."""
    if one.values:
        return any(value.casefold() in label.casefold() for value in one.values)
    said = {float(number) + later for number, decade in _NUMBER.findall(label) for later in (0, 9 if decade else 0)}
    return any(abs(end - number) <= 1 for end in (one.low, one.high) if end is not None for number in said)


def _changes(before: Profile, after: Profile) -> str:
    old, new = before.all(), after.all()
    gone = [f"-{belief.label}" for belief in old if belief not in new]
    return ", ".join([*gone, *(f"+{belief.label}" for belief in new if belief not in old)]) or "order only"
