"""Ranking measures and their uncertainty, vectorised over targets.

A target is one item that a person recommended next. Its rank is 1-based; `inf` means that it was not
ranked at all, and every measure is then 0. Each target counts as its own question with one right answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.records import Record

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CUTOFFS = (1, 5, 10, 50)
MEASURES = (*(f"recall@{k}" for k in CUTOFFS), "mrr", "ndcg@10")


class Interval(Record):
    """A mean and the ends of its 95% interval."""

    mean: float
    low: float
    high: float


def recall(ranks: Floats, k: int) -> Floats:
    """Per target: 1 where its rank is at most k, else 0. Shape (n,) -> (n,)."""
    return (ranks <= k).astype(np.float64)


def reciprocal_rank(ranks: Floats) -> Floats:
    """Per target: 1 / rank. Shape (n,) -> (n,)."""
    return 1.0 / ranks


def ndcg(ranks: Floats, k: int) -> Floats:
    """Per target: the discounted gain 1 / log2(1 + rank) within the first k, else 0. Shape (n,) -> (n,)."""
    return np.where(ranks <= k, 1.0 / np.log2(1.0 + ranks), 0.0)


def measure(ranks: Sequence[float] | Floats) -> Floats:
    """All MEASURES of n targets. Shape (n,) -> (n, 6).

    Raises InputError when there is no target or a rank is below 1.
    """
    array = np.asarray(ranks, dtype=np.float64)
    if array.size == 0:
        raise InputError("There are no targets to measure: give dialogues that have at least one.")
    if not (array >= 1).all():
        raise InputError(f"A rank must be 1 or more (inf: not ranked); got {array[~(array >= 1)][0]}.")
    columns = [recall(array, k) for k in CUTOFFS]
    return np.stack([*columns, reciprocal_rank(array), ndcg(array, 10)], axis=1)


def ranks_of(scores: NDArray[np.floating], targets: Ints, ties: NDArray[np.floating]) -> Floats:
    """Ranks of some items when all are sorted by score, highest first.

    scores (n,): -inf marks items that are out of the list. targets (t,): row numbers. ties (n,): distinct
    numbers; among equal scores the higher one comes first, so that catalogue order never helps. -> (t,).
    """
    own, tie = scores[targets][:, None], ties[targets][:, None]
    ahead = (scores[None, :] > own) | ((scores[None, :] == own) & (ties[None, :] > tie))
    ranks = 1.0 + ahead.sum(axis=1)
    return np.where(np.isneginf(scores[targets]), np.inf, ranks)


def resamples(groups: int, samples: int, seed: int) -> Floats:
    """How often each group is drawn in each bootstrap sample. -> (samples, groups)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(groups, np.full(groups, 1.0 / groups), size=samples).astype(np.float64)


def intervals(values: Floats, groups: Ints, samples: int = 2000, seed: int = 0) -> list[Interval]:
    """Means of the columns with 95% percentile intervals, drawing whole groups (dialogues), not rows.

    values (n, m); groups (n,): any integer per row, equal within a dialogue. -> m intervals.
    """
    labels, codes = np.unique(groups, return_inverse=True)
    sums = np.zeros((len(labels), values.shape[1]))
    np.add.at(sums, codes, values)
    counts = np.bincount(codes, minlength=len(labels)).astype(np.float64)
    drawn = resamples(len(labels), samples, seed)
    means = (drawn @ sums) / (drawn @ counts)[:, None]
    lows, highs = np.percentile(means, [2.5, 97.5], axis=0)
    centre = values.mean(axis=0)
    return [Interval(mean=float(m), low=float(a), high=float(b)) for m, a, b in zip(centre, lows, highs, strict=True)]


def paired_intervals(ours: Floats, theirs: Floats, groups: Ints, samples: int = 2000, seed: int = 0) -> list[Interval]:
    """Intervals of `ours - theirs`, both measured on the same targets. Shapes (n, m), (n, m), (n,)."""
    return intervals(ours - theirs, groups, samples, seed)
