"""Moves of a generated dialogue: what a person says or taps, and what it means, as plain data that can be replayed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeVar

from retrieval.records import Record

T = TypeVar("T")
Verdict = Literal["", "seen", "like", "dislike", "reject"]
Command = Literal["", "undo", "reset", "forget", "return"]
Edit = Literal["", "add", "remove"]


class Condition(Record):
    """What items must be, or must not be (`wanted` False).

    `facet` is a facet with one of `values`, or a number within `low`..`high` (inclusive, in the catalogue's unit). What
    is `firm` may never be let go when nothing fits; what is `lasting` outlives a restart and the session.
    """

    facet: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    wanted: bool = True
    firm: bool = False
    lasting: bool = False


class Drop(Record):
    """What no longer matters: one value of a facet, or with no value all that was said of the facet or number."""

    facet: str
    value: str = ""


class Shift(Record):
    """A move along a number: up (+1) or down (-1) from what is on screen, or to its very end ("something short")."""

    number: str
    direction: Literal[-1, 1]
    absolute: bool = False


class Move(Record):
    """One step: something said (`say`), a tap on the item at a place, an edit of the profile, or a return.

    form: the production it comes from. places: of items on screen, from 1, or -1 for the last, that `tap` or `verdict`
    is about. items: ids judged by name. fresh: asks for something else altogether, so that earlier wishes lapse. still:
    changes nothing. An edit states `adds` or drops the beliefs behind `drops`. `return` comes back in a new session.
    """

    form: str
    say: str = ""
    tap: str = ""
    edit: Edit = ""
    command: Command = ""
    verdict: Verdict = ""
    places: tuple[int, ...] = ()
    items: tuple[str, ...] = ()
    adds: tuple[Condition, ...] = ()
    drops: tuple[Drop, ...] = ()
    shifts: tuple[Shift, ...] = ()
    fresh: bool = False
    still: bool = False


class Pick(Protocol):
    """Chooses one of some options."""

    def __call__(self, options: Sequence[T], /) -> T: ...


class Scene(NamedTuple):
    """What the person can see: conditions in force and how many items are on screen."""

    conditions: Sequence[Condition] = ()
    on_screen: int = 0
