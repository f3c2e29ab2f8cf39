"""Typed records of the conversation: what was understood, what is believed, what is answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, field_serializer

from retrieval.records import Evidence, Item, Reason, Recommendation, Record, Variety

__all__ = [
    "Belief",
    "Critique",
    "Entity",
    "Evidence",
    "Item",
    "ItemMention",
    "ItemQuestion",
    "Occasion",
    "Preference",
    "Profile",
    "Reason",
    "Recommendation",
    "Reply",
    "RowProblem",
    "Standing",
    "Suggestion",
    "TasteReport",
    "TurnEvent",
    "Understanding",
    "Unresolved",
    "Variety",
]

Scope = Literal["session", "person"]

PERSON_ACTS = (
    "greet",
    "thank",
    "farewell",
    "request",
    "disclose",
    "constrain",
    "correct",
    "remove",
    "like",
    "dislike",
    "seen",
    "accept",
    "reject",
    "critique",
    "more",
    "similar",
    "ask_item",
    "ask_catalogue",
    "why",
    "why_not",
    "compare",
    "undo",
    "reset",
    "show_profile",
    "forget",
    "answer",
    "help",
    "chitchat",
    "off_topic",
    "unclear",
)
REPLY_ACTS = (
    "greet",
    "ask",
    "recommend",
    "relax",
    "answer",
    "explain",
    "compare",
    "confirm",
    "accept",
    "undo",
    "reset",
    "show_profile",
    "clarify",
    "chitchat",
    "refuse",
    "farewell",
)


class Entity(Record):
    """A span of the text that names something. Offsets are characters of the utterance, end exclusive.

    kind: "item" or a singular facet name (genre, person, theme, mood, year, decade, ...). An unresolved
    name has value None and item_id None. `alternatives` are other items that the words may mean.
    """

    kind: str
    value: str | None
    surface: str
    start: int
    end: int
    item_id: str | None = None
    role: str | None = None
    score: float = 1.0
    alternatives: list[str] = []


class Preference(Record):
    """A wish about a facet or an item. polarity in -1..1, strength in 0..1.

    For a number (`facet` year, decade, length, an axis) `low` and `high` bound it, inclusive, in the
    catalogue's unit, and `value` is its canonical text: "1980s", "<1990", ">=120", "1970-1979". A bound that
    `excludes` says what must not appear ("nothing scary"); it is never relaxed. `pole` is the end of a number that a
    plain quality named: -1 for its low end ("short"), +1 for its high end, 0 where a number was said; `word` is that
    quality as it was said. What is `relative` was counted from today ("the last ten years").
    """

    facet: str
    value: str
    polarity: float = 1.0
    strength: float = 0.7
    hard: bool = False
    excludes: bool = False
    scope: Scope = "session"
    item_id: str | None = None
    role: str | None = None
    low: float | None = None
    high: float | None = None
    pole: Literal[-1, 0, 1] = 0
    word: str = ""
    relative: bool = False
    quote: str = ""


Relation = Literal["like", "dislike", "seen", "unseen", "accept", "reject", "similar", "ask", "remove", "mention"]


class ItemMention(Record):
    """What the person said of one item. `strength` in 0..1 for like and dislike, `confidence` in 0..1 that it was."""

    item_id: str
    title: str
    relation: Relation
    strength: float = 0.7
    confidence: float = 1.0
    quote: str = ""


class Critique(Record):
    """A move along a number: direction -1 (lower) or +1 (higher), `amount` in steps, from `item_id` or the screen."""

    number: str
    direction: Literal[-1, 1]
    amount: float = 1.0
    word: str = ""
    item_id: str | None = None
    quote: str = ""


class Occasion(Record):
    """When, with whom or what for something is wanted: `name` is a key of the domain's occasions."""

    name: str
    quote: str = ""


class Checked(Record):
    """A value that somebody asks whether an item has it; `facet` may be a role, of a number `value` is a range."""

    facet: str
    value: str


class ItemQuestion(Record):
    """A question about one item: `topic` is a facet or number name, "about" (what happens in it), "praise" (what people
    love about it), or "unknown" (what no record says).

    further: topics asked in the same breath ("who made it and how long is it?"). checks: values that it may have. most:
    of several items, which has the most (1) or the least (-1) of the number `topic`.
    """

    topic: str
    further: list[str] = []
    item_id: str | None = None
    checks: list[Checked] = []
    most: Literal[-1, 0, 1] = 0


class Leaning(Record):
    """A value that words make likely without naming it; `weight` is how likely, 0..1."""

    facet: str
    value: str
    weight: float


DialWish = Literal["closest", "less", "varied", "more", "surprise"]
"""What words ask of the variety of lists: a step of the dial outright, one step down or up, or a surprise this once."""


class Understanding(Record):
    """One utterance, understood. `acts` are of PERSON_ACTS; `search` is what is left to search by meaning.

    leanings: values that what is searched sounds like. allowed: what is fine with the person, which lifts what ruled it
    out and is no wish beside others; values are among the preferences too. counted: what a question how many there are
    is about, which is no wish. `open`: whatever Rapport picks is welcome. `variety`: how varied lists are to be.
    `drops` are the words that name what to let go, for remove.
    """

    text: str
    language: str = "en"
    acts: set[str] = set()
    preferences: list[Preference] = []
    constraints: list[Preference] = []
    allowed: list[Preference] = []
    counted: list[Preference] = []
    critiques: list[Critique] = []
    mentions: list[ItemMention] = []
    occasions: list[Occasion] = []
    question: ItemQuestion | None = None
    entities: list[Entity] = []
    targets: list[str] = []
    drops: str = ""
    open: bool = False
    variety: DialWish | None = None
    quantity: int | None = None
    search: str = ""
    leanings: list[Leaning] = []

    @field_serializer("acts", when_used="json")
    def _in_order(self, acts: set[str]) -> list[str]:
        """The same JSON every time: a set has no order of its own."""
        return sorted(acts)


IMPORTED = " in your import, row "
"""What the evidence of an imported rating or viewing says, as against words that the person said."""


def is_imported(evidence: Sequence[Evidence]) -> bool:
    """Whether evidence is of an import alone: nothing in it was said or tapped."""
    return bool(evidence) and all(IMPORTED in e.quote and e.quote.startswith(("rated ", "marked ")) for e in evidence)


Group = Literal["likes", "dislikes", "constraints", "seen", "unresolved"]


class Belief(Record):
    """One thing Rapport believes of the person. `label` reads alone ("no Horror", "before 1990").

    `low` and `high` bound a number belief, inclusive. `strength` is how strongly the person put it, `confidence` how
    sure it is that it is so, both 0..1. `evidence` is every quote that led to it, and those that said the opposite
    before, marked as contrary; the last one is never contrary. `leanings` are what a free description sounds like.
    """

    id: str
    group: Group
    label: str
    facet: str
    value: str
    item_id: str | None = None
    polarity: float = 1.0
    strength: float = 0.7
    confidence: float = 1.0
    hard: bool = False
    scope: Scope = "session"
    role: str | None = None
    low: float | None = None
    high: float | None = None
    relation: str = ""
    evidence: list[Evidence] = []
    leanings: list[Leaning] = []


class Profile(Record):
    """All beliefs of a person as this session sees them, oldest first in each list."""

    likes: list[Belief] = []
    dislikes: list[Belief] = []
    constraints: list[Belief] = []
    seen: list[Belief] = []
    unresolved: list[Belief] = []

    def all(self) -> list[Belief]:
        return [*self.constraints, *self.likes, *self.dislikes, *self.seen, *self.unresolved]


MIDDLE = 0.55
"""The rating between liked and disliked, 0..1 of a scale, of a person whose own ratings say nothing else."""


class RowProblem(Record):
    """A row that was left out. `row` counts as a spreadsheet does, the header being 1."""

    file: str
    row: int
    field: str
    message: str


class Unresolved(Record):
    """A row that means no item of this catalogue, and why."""

    title: str
    year: int | None = None
    row: int
    file: str = ""
    why: str


class TasteReport(Record):
    """What became of an import.

    name: the file. source: the service it is from. rows: of the person, all of them. matched: items of this catalogue
    that rows mean, which are liked + disliked + neutral + unrated. kept: those of which the person had said something
    themselves, which holds. changed: beliefs made, replaced or withdrawn; 0 when all of it was known. wanted: rows that
    only wish for something, left out since a wish is not a taste. unsaid: rows that do not say that it was seen, left
    out. middle: the rating between liked and disliked, 0..1 of the scale. unresolved: names that mean no item, each
    once. problems: rows that cannot be used, at most 200 of `unusable`.
    """

    name: str
    source: str
    rows: int
    matched: int = 0
    liked: int = 0
    disliked: int = 0
    neutral: int = 0
    unrated: int = 0
    kept: int = 0
    changed: int = 0
    wanted: int = 0
    unsaid: int = 0
    unusable: int = 0
    middle: float = MIDDLE
    unresolved: list[Unresolved] = []
    problems: list[RowProblem] = []


class Standing(Record):
    """The 1-based places of an item by score alone, as (with a belief, without it), each in one fixed set of items.

    allowed: those that all conditions allow. otherwise: those that all conditions but this belief's allow, which are
    the same where it is no condition. catalogue: all there are. binds: the belief is a condition.
    """

    binds: bool
    allowed: tuple[int, int]
    otherwise: tuple[int, int]
    catalogue: tuple[int, int]


class Suggestion(Record):
    """A tappable answer: `label` is shown, `text` is what the person then says."""

    label: str
    text: str


class Reply(Record):
    """What Rapport says and shows in one turn. `act` is the first of REPLY_ACTS that applies."""

    turn: int
    text: str
    act: str
    items: list[Recommendation] = []
    understanding: Understanding
    suggestions: list[Suggestion] = []


class TurnEvent(Record):
    """One step of a streamed turn: understood | items | token | done | error."""

    kind: Literal["understood", "items", "token", "done", "error"]
    data: dict[str, Any] = Field(default_factory=dict)
