"""A second opinion on the best items: somebody else's order of them, blended with ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.records import Item, Query

ASKED = 20
"""Items that an opinion is asked about."""


class Opinion(NamedTuple):
    """order: from a query and items to places of some of the items, best first; none when there is no opinion.
    weight: how much of an item's place it decides, at least 0 and less than 1."""

    order: Callable[[Query, Sequence[Item]], Sequence[int]]
    weight: float

    def asked(self, ranked: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows that the opinion is asked about."""
        return ranked[:ASKED]


def points(places: Sequence[int], size: int) -> NDArray[np.float64]:
    """What an order gives each of `size` items, (size,): 1 to the first, evenly less to each next, 0 to the others."""
    given = np.zeros(size, dtype=np.float64)
    for rank, place in enumerate(places):
        given[place] = 1.0 - rank / size
    return given


def blended(rows: NDArray[np.int64], places: Sequence[int], weight: float) -> NDArray[np.int64]:
    """Rows, best first, in the order of their own points and the opinion's; as they are when there is no opinion."""
    if not places:
        return rows
    size = len(rows)
    both = (1 - weight) * points(range(size), size) + weight * points(places, size)
    return rows[np.argsort(-both, kind="stable")]
