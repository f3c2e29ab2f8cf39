"""What happens in a session, as records of an append-only log. State is a fold over them (bot.state)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bot.records import Belief, Understanding
from retrieval.records import Reason, Record


class Believed(Record):
    """A belief was formed, or replaces the one with its id."""

    kind: Literal["believed"] = "believed"
    belief: Belief


class Withdrew(Record):
    """A belief no longer holds."""

    kind: Literal["withdrew"] = "withdrew"
    belief_id: str


class Pick(Record):
    """An item that was shown, with the reasons it was shown for."""

    item_id: str
    score: float
    reasons: list[Reason] = []


class Shown(Record):
    """Items put on the screen, in order; they replace what was there."""

    kind: Literal["shown"] = "shown"
    picks: list[Pick]


class Focused(Record):
    """An item became what "it" means."""

    kind: Literal["focused"] = "focused"
    item_id: str


class Asked(Record):
    """A question about a facet was put to the person."""

    kind: Literal["asked"] = "asked"
    facet: str


class Worded(Record):
    """A reply was worded, with which templates (no sentence is repeated soon) and for a speaker of which language."""

    kind: Literal["worded"] = "worded"
    templates: list[str]
    language: str = "en"


class Counted(Record):
    """The person asked what the catalogue has, and it has some: what was asked for, of which the next turn may want."""

    kind: Literal["counted"] = "counted"
    understanding: Understanding


class Wondered(Record):
    """A title was said that several items bear: `options`, their ids, best known first.

    taken: the one that it was taken for; None where the person was asked. understanding: what was said in `turn`, of
    the first option; it is understood again once the person says which is meant.
    """

    kind: Literal["wondered"] = "wondered"
    title: str
    options: list[str]
    taken: str | None = None
    turn: int
    understanding: Understanding


class Tapped(Record):
    """Something was done with an item (`tap`: bot.tapping.TAPS); what is believed since are events of the same step.

    `heat` is what it adds to the trends, 0 for nothing (bot.trending).
    """

    kind: Literal["tapped"] = "tapped"
    tap: str
    item_id: str
    heat: float = 0.0


class Undone(Record):
    """The events of a step no longer count."""

    kind: Literal["undone"] = "undone"
    step: int


class Restarted(Record):
    """The person started over: what was wished for in this session is dropped, lasting beliefs stay."""

    kind: Literal["restarted"] = "restarted"


class Brought(Record):
    """A file was taken in; the beliefs of the same step come from it."""

    kind: Literal["brought"] = "brought"
    name: str


Event = Annotated[
    Believed | Withdrew | Shown | Focused | Asked | Worded | Counted | Wondered | Tapped | Undone | Restarted | Brought,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class Logged(Record):
    """An event in its place: a step is one utterance or one click; steps count up within a session.

    `at`: when it was written, with its time zone; None while it is not.
    """

    session_id: str
    turn: int
    step: int
    event: Event
    at: datetime | None = None
