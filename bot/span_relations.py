"""What is said of a name in an utterance: the relations that a model tells apart, and what those of the rules are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.bert import Floats

Kind = Literal["item", "pointer", "value", "number"]

RELATIONS = ("none", "want", "avoid", "like", "dislike", "seen", "similar", "reject", "accept")
"""none: named, and nothing is meant by it. want, avoid: of facet values and numbers. The others are of items."""

_KINDS: tuple[Kind, ...] = ("item", "pointer", "value", "number")
_OF_ITEMS = np.array([name not in {"want", "avoid"} for name in RELATIONS])
_OF_VALUES = np.array([name in {"none", "want", "avoid"} for name in RELATIONS])
_AVOIDING = {"exclude", "dislike", "reject"}
_IDLE = {"unneeded", "unseen", "asked", "seen", "ask", "mention"}


class Said(NamedTuple):
    """A name, a pointer or a number in a text: its offsets, what it is, and what the rules read of it (RELATIONS)."""

    start: int
    end: int
    kind: Kind
    rule: str


def by_rules(kind: Kind, relation: str) -> str:
    """What the reader's relation amounts to, in RELATIONS."""
    if kind in {"item", "pointer"}:
        return relation if relation in RELATIONS else "none"
    if relation in _AVOIDING:
        return "avoid"
    return "none" if relation in _IDLE or relation.startswith("reported") else "want"


def span_features(spans: Sequence[Said]) -> Floats:
    """(n, kinds + relations): one for the kind of a span, one for what the rules read."""
    flags = np.zeros((len(spans), len(_KINDS) + len(RELATIONS)), dtype=np.float32)
    for row, span in enumerate(spans):
        flags[row, _KINDS.index(span.kind)] = 1.0
        flags[row, len(_KINDS) + RELATIONS.index(span.rule)] = 1.0
    return flags


def possible(kind: Kind) -> NDArray[np.bool_]:
    """Which of RELATIONS can hold for a kind, (relations,)."""
    return _OF_ITEMS if kind in {"item", "pointer"} else _OF_VALUES


def covered(span: Said, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The tokens, by their offsets in the text, that a span lies over."""
    return [place for place, (start, end) in enumerate(offsets) if start < span.end and span.start < end > start]


Likely = Mapping[str, float]
"""How likely each relation is, 0..1."""
