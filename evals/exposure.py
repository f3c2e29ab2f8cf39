"""Exposure: which items the lists of a recommender show, and how much they favour what is well known.

Coverage and the Gini index as measures of recommenders: Adomavicius & Kwon 2012 ("Improving aggregate recommendation
diversity"), Fleder & Hosanagar 2009. Likeness within a list: Ziegler et al. 2005 (intra-list similarity). The long tail
is taken to begin after the best-known fifth of the items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from evals.metrics import Interval, Ints, intervals
from retrieval.records import Record

TOP = 10
_HEAD = 0.2


class Exposure(Record):
    """Of the first ten of many lists. coverage: share of all items that any list shows. gini: how unequally often items
    are shown, 0 all alike .. 1 one alone. The means over lists have intervals: rank of the items shown, 1 the best
    known; share of them in the long tail; mean cosine of the texts of two of them, where there are two."""

    coverage: float
    gini: float
    popularity_rank: Interval
    long_tail: Interval
    similarity: Interval


def exposure(
    lists: Sequence[Ints], groups: Ints, fame: NDArray[np.floating], matrix: NDArray[np.float32], seed: int = 0,
    samples: int = 2000,
) -> Exposure:  # fmt: skip
    """What lists of rows show; empty ones count for nothing.

    groups (lists,): what is resampled together. fame (items,): how well known, higher is better; equals share the mean
    of their ranks. matrix (items, d): unit rows.
    """
    kept = [(rows[:TOP], group) for rows, group in zip(lists, groups, strict=True) if len(rows)]
    ranks = _ranks(fame)
    shown = np.bincount(np.concatenate([rows for rows, _ in kept]), minlength=len(fame))
    values = np.array([(ranks[rows].mean(), (ranks[rows] > _HEAD * len(fame)).mean()) for rows, _ in kept])
    rank, tail = intervals(values, np.array([group for _, group in kept]), samples, seed)
    several = [(rows, group) for rows, group in kept if len(rows) > 1]
    alike = np.array([[likeness(matrix[rows])] for rows, _ in several])
    similarity = Interval(mean=0.0, low=0.0, high=1.0)
    if several:
        (similarity,) = intervals(alike, np.array([group for _, group in several]), samples, seed)
    return Exposure(
        coverage=float((shown > 0).mean()),
        gini=gini(shown),
        popularity_rank=rank,
        long_tail=tail,
        similarity=similarity,
    )


def gini(counts: NDArray[np.integer]) -> float:
    """The Gini index of counts (n,): 0 where all are the same, 1 - 1/n where one has everything."""
    order = np.sort(counts).astype(np.float64)
    places = np.arange(1, len(order) + 1)
    return float(((2 * places - len(order) - 1) * order).sum() / (len(order) * order.sum()))


def _ranks(fame: NDArray[np.floating]) -> NDArray[np.float64]:
    """1 for the best known; equals share the mean of their places. (n,) -> (n,)."""
    _, codes, counts = np.unique(-fame, return_inverse=True, return_counts=True)
    means = np.cumsum(counts) - (counts - 1) / 2
    found: NDArray[np.float64] = means[codes]
    return found


def likeness(vectors: NDArray[np.float32]) -> float:
    """The mean cosine of two of some unit vectors (k, d), of which there are two or more."""
    size = len(vectors)
    return float(((vectors @ vectors.T).sum() - size) / (size * (size - 1)))


def exposure_table(title: str, found: Mapping[str, Exposure]) -> Table:
    """A row for each system by its name."""
    table = Table(title=title, box=box.SIMPLE, padding=(0, 1, 0, 0), caption=(
        "Coverage: share of all items. Rank: 1 is the best known. Tail: not of the best-known fifth. Alike: two texts."
    ))  # fmt: skip
    table.add_column("", no_wrap=True)
    for name in ("coverage", "Gini", "rank", "tail", "alike"):
        table.add_column(name, justify="right")
    for name, one in found.items():
        rank, *rest = (one.popularity_rank, one.long_tail, one.similarity)
        cells = [f"{cell.mean:.3f}\n[dim]{cell.low:.3f}-{cell.high:.3f}[/dim]" for cell in rest]
        ranks = f"{rank.mean:,.0f}\n[dim]{rank.low:,.0f}-{rank.high:,.0f}[/dim]"
        table.add_row(name, f"{one.coverage:.3f}", f"{one.gini:.3f}", ranks, *cells)
    return table
