"""What happens in a session, as records of an append-only log. State is a fold over them (bot.state)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bot.records import Belief
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
    Believed | Withdrew | Shown | Focused | Asked | Worded | Undone | Restarted | Brought, Field(discriminator="kind")
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class Logged(Record):
    """An event in its place: a step is one utterance or one click; steps count up within a session."""

    session_id: str
    turn: int
    step: int
    event: Event
