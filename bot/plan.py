"""A reply planned as data: which lines to say, with which slots, resting on which claims."""

from __future__ import annotations

from bot.events import Event
from bot.records import Suggestion
from retrieval.records import Recommendation, Record


class Claim(Record):
    """A fact of one item that a line states: the item has `value` for `facet`, or `number` for the number `facet`.

    With `than`, the item's number is below (`number` < 0) or above (> 0) that of the item `than`.
    """

    item_id: str
    facet: str
    value: str | None = None
    number: float | None = None
    than: str | None = None


class Line(Record):
    """One line of a reply. `template` is a key of prompts/<language>/replies.yaml.

    titles, people and numbers are what the slots mention; quotes are words of the person or of the
    catalogue that are repeated as they are. `plain` is the line to say when this one fails its check. `facts`
    are the predicates that a language model may reword, one a fact; a line without any is said as it is.
    """

    template: str
    slots: dict[str, str] = {}
    claims: list[Claim] = []
    titles: list[str] = []
    people: list[str] = []
    numbers: list[float] = []
    quotes: list[str] = []
    item_id: str | None = None
    plain: str = ""
    facts: list[str] = []


_SUPPORTS = ("claims", "titles", "people", "numbers", "quotes")


def supports(one: Record, other: Record) -> dict[str, list[object]]:
    """What two lines, or two phrases, rest on, together: the fields to update when their words are drawn together."""
    return {name: [*getattr(one, name), *getattr(other, name)] for name in _SUPPORTS}


class ReplyPlan(Record):
    """All of a reply before it is worded."""

    acts: set[str]
    lines: list[Line]
    items: list[Recommendation] = []
    suggestions: list[Suggestion] = []
    events: list[Event] = []
