"""Typed records of the conversation: what was understood, what is believed, what is answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_serializer

from retrieval.records import Evidence, Item, Reason, Recommendation, Record

__all__ = [
    "Belief",
    "Critique",
    "Entity",
    "Evidence",
    "Item",
    "ItemMention",
    "ItemQuestion",
    "Preference",
    "Profile",
    "Reason",
    "Recommendation",
    "Reply",
    "Suggestion",
    "TurnEvent",
    "Understanding",
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
    `excludes` says what must not appear ("nothing scary"); it is never relaxed.
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
    quote: str = ""


Relation = Literal["like", "dislike", "seen", "unseen", "accept", "reject", "similar", "ask", "remove", "mention"]


class ItemMention(Record):
    """What the person said of one item. `strength` in 0..1 for like and dislike."""

    item_id: str
    title: str
    relation: Relation
    strength: float = 0.7
    quote: str = ""


class Critique(Record):
    """A move along a number: direction -1 (lower) or +1 (higher), `amount` in steps, from `item_id` or the screen."""

    number: str
    direction: Literal[-1, 1]
    amount: float = 1.0
    word: str = ""
    item_id: str | None = None
    quote: str = ""


class ItemQuestion(Record):
    """A question about one item: `topic` is a facet or number name, or "about" (what happens in it)."""

    topic: str
    item_id: str | None = None
    value: str | None = None


class Understanding(Record):
    """One utterance, understood. `acts` are of PERSON_ACTS; `search` is what is left to search by meaning.

    `drops` are the words that name what to let go, for remove.
    """

    text: str
    language: str = "en"
    acts: set[str] = set()
    preferences: list[Preference] = []
    constraints: list[Preference] = []
    critiques: list[Critique] = []
    mentions: list[ItemMention] = []
    question: ItemQuestion | None = None
    entities: list[Entity] = []
    targets: list[str] = []
    drops: str = ""
    quantity: int | None = None
    search: str = ""

    @field_serializer("acts", when_used="json")
    def _in_order(self, acts: set[str]) -> list[str]:
        """The same JSON every time: a set has no order of its own."""
        return sorted(acts)


Group = Literal["likes", "dislikes", "constraints", "seen", "unresolved"]


class Belief(Record):
    """One thing Rapport believes of the person. `label` reads alone ("no Horror", "before 1990").

    `low` and `high` bound a number belief, inclusive. `evidence` is every quote that led to it.
    """

    id: str
    group: Group
    label: str
    facet: str
    value: str
    item_id: str | None = None
    polarity: float = 1.0
    strength: float = 0.7
    hard: bool = False
    scope: Scope = "session"
    role: str | None = None
    low: float | None = None
    high: float | None = None
    relation: str = ""
    evidence: list[Evidence] = []


class Profile(Record):
    """All beliefs of a person as this session sees them, oldest first in each list."""

    likes: list[Belief] = []
    dislikes: list[Belief] = []
    constraints: list[Belief] = []
    seen: list[Belief] = []
    unresolved: list[Belief] = []

    def all(self) -> list[Belief]:
        return [*self.constraints, *self.likes, *self.dislikes, *self.seen, *self.unresolved]


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
