"""Typed records of the retrieval layer: what an item is, what is asked, what comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """Base of every record: immutable plain data."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(Record):
    """One thing that can be recommended.

    `facets` and `numbers` keep the catalogue's own field names and strings; nested objects are
    flattened with a dot ("content.violence"). `genres` and `people` repeat the values of the facets
    that have those roles. `text` is the searchable prose, HTML removed. `popularity` lies in 0..1.
    `source` is the record as it was imported. `inferred` says which of its values are estimates, by the domain's name
    of a facet ({value: confidence}) or a number (confidence); confidences lie in 0..1.
    """

    id: str
    title: str
    year: int | None = None
    genres: list[str] = []
    people: list[str] = []
    facets: dict[str, list[str]] = Field(default_factory=dict)
    numbers: dict[str, float] = Field(default_factory=dict)
    text: str = ""
    image: str | None = None
    url: str | None = None
    popularity: float = 0.0
    inferred: dict[str, dict[str, float] | float] = Field(default_factory=dict)
    source: dict[str, Any] = Field(default_factory=dict, repr=False, exclude=True)


class Evidence(Record):
    """Where a belief comes from: the turn (1-based) and the person's own words; `contrary`: they say the opposite."""

    turn: int
    quote: str
    contrary: bool = False


class Term(Record):
    """A facet value that is wanted (weight > 0) or unwanted (weight < 0); |weight| <= 1.

    `facet` is a facet name of the domain, or a role ("person") that covers several facets. Wanted hard terms
    of one `group` (by default, of one facet) are alternatives.
    """

    facet: str
    value: str
    weight: float = 1.0
    hard: bool = False
    group: str = ""
    belief_id: str | None = None
    evidence: list[Evidence] = []


class Bound(Record):
    """A range on a number of the domain, both ends inclusive, in the unit of the catalogue.

    Items without the number fail a hard bound unless `admit_unknown`. Of a `mild` one only what lies outside counts:
    that an item lies inside is nothing to recommend it.
    """

    number: str
    low: float | None = None
    high: float | None = None
    weight: float = 1.0
    hard: bool = True
    admit_unknown: bool = False
    mild: bool = False
    than: str | None = None  # the item the bound was measured from ("older than this one")
    label: str = ""
    belief_id: str | None = None
    evidence: list[Evidence] = []


AnchorKind = Literal["judged", "looked", "passed", "chosen"]
"""How an item came up: somebody judged it, merely looked at it, passed it over, or took it."""


class Anchor(Record):
    """An item to go towards (weight > 0: liked, or "like this one") or away from (weight < 0)."""

    item_id: str
    weight: float = 1.0
    asked: bool = False  # the person asked for items similar to it, rather than merely liking it
    how: AnchorKind = "judged"
    belief_id: str | None = None
    evidence: list[Evidence] = []


class Steer(Record):
    """A direction in text space for what the catalogue has no field for ("less sad" on bare plots)."""

    text: str
    weight: float
    label: str
    belief_id: str | None = None
    evidence: list[Evidence] = []


Variety = Literal["closest", "balanced", "varied"]
"""How much of closeness to the wish a list gives up so that its items differ, least first."""


class Query(Record):
    """All that ranking may know of a conversation. Lists may be empty: then the prior decides.

    `text`: the telling words of what is searched by meaning; `described`: the sentence they come from, where it is a
    description. Anchors stand in the order in which their items came up. `said`: the person's own messages, oldest
    first; `fresh`: ids of the beliefs that the last one spoke of. `now`: when the list is for; None leaves trends out.
    `variety`: None is what the recommender does by itself; `surprise`: the last pick may be one that is not expected,
    however varied the rest is.
    """

    text: str = ""
    described: str = ""
    text_evidence: list[Evidence] = []
    text_belief_id: str | None = None
    title: str | None = None
    terms: tuple[Term, ...] = ()
    bounds: tuple[Bound, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    steers: tuple[Steer, ...] = ()
    exclude: frozenset[str] = frozenset()
    said: tuple[str, ...] = ()
    fresh: frozenset[str] = frozenset()
    now: datetime | None = None
    variety: Variety | None = None
    surprise: bool = False


ReasonKind = Literal[
    "similar", "facet", "number", "text", "title", "liked", "disliked", "looked", "passed", "chosen", "together",
    "also_liked", "popularity", "trending", "variety", "opinion",
]  # fmt: skip
"""`together`: recorded dialogues name the item beside another one (`item_id`). `also_liked`: people who liked that one
liked the item too. `looked`, `passed` and `chosen`: it is like an item that was only looked at, that was passed over,
or that was taken (and then is as good as the same). `variety`: the item is the surprise of its list; its weight is
what the item lacked to the score of the pick in whose place it stands. `opinion`: a language model put it forward."""


class Reason(Record):
    """One additive part of a score. `label` is short plain text; `weight` is signed.

    `facet` and `value` name the fact of the item that the part rests on, where there is one;
    `item_id` names the other item of a comparison.
    """

    kind: ReasonKind
    label: str
    weight: float
    facet: str | None = None
    value: str | None = None
    item_id: str | None = None
    belief_id: str | None = None
    evidence: list[Evidence] = []


class Recommendation(Record):
    """An item, its score and the parts of it: the weights of `reasons` sum to `score`."""

    item: Item
    score: float
    reasons: list[Reason] = []
