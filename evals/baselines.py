"""Naive recommenders that a replay prints beside Rapport. Each gives one score per item and case.

All read the whole dialogue so far. Scores are (cases, items) float32 arrays in catalogue order; higher is
better. Nothing here is tuned, and nothing is left out to make it look worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from evals.options import Progress
from evals.recorded import Case
from retrieval.sparse import ones, without_diagonal

Scores = NDArray[np.float32]
ENCODED_WORDS = 85
RRF_CONSTANT = 60.0
TIE = 1e-6
"""Weight of popularity where it only orders what is otherwise equal."""


def random_scores(cases: int, items: int, seed: int) -> Scores:
    """Uniform noise: what a ranking without any knowledge reaches."""
    return np.random.default_rng(seed).random((cases, items), dtype=np.float32)


def popularity_scores(cases: int, counts: NDArray[np.float32]) -> Scores:
    """The same order for everybody: mentions in the training dialogues. counts (items,)."""
    return np.broadcast_to(counts, (cases, len(counts))).astype(np.float32)


def lexical_scores(
    cases: Sequence[Case], score: Callable[[str], NDArray[np.float32]], items: int, progress: Progress
) -> Scores:
    """BM25 with all that was said as the query. `score`: text -> (items,)."""
    table = np.zeros((len(cases), items), dtype=np.float32)
    for number, case in enumerate(cases):
        if case.text.strip():
            table[number] = score(case.text)
        progress("BM25", number + 1, len(cases))
    return table


def dense_scores(
    cases: Sequence[Case], encode: Callable[[str], NDArray[np.float32]], matrix: NDArray[np.float32], progress: Progress
) -> Scores:
    """Cosine of what was said with each item. matrix (items, d) of unit rows; `encode`: text -> (d,) of length 1.

    The encoder cuts long text at its end, so of a long dialogue the last words are given, not the first.
    """
    vectors = np.zeros((len(cases), matrix.shape[1]), dtype=np.float32)
    for number, case in enumerate(cases):
        words = case.text.split()[-ENCODED_WORDS:]
        if words:
            vectors[number] = encode(" ".join(words))
        progress("dense", number + 1, len(cases))
    return vectors @ matrix.T


def together(item_sets: Sequence[Sequence[int]], items: int) -> csr_matrix:
    """How often two items are named in one dialogue, symmetric, nothing on the diagonal. -> (items, items)."""
    named = ones(item_sets, items)
    counts: csr_matrix = without_diagonal(named.T @ named)
    return counts


def co_mention_scores(
    cases: Sequence[Case], row: dict[str, int], counts: csr_matrix, popularity: NDArray[np.float32]
) -> Scores:
    """Sum of co-mentions with the items named so far; popularity orders the rest. -> (cases, items)."""
    pairs = [(number, row[item]) for number, case in enumerate(cases) for item in case.mentioned if item in row]
    at = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    named = csr_matrix((np.ones(len(at), dtype=np.float32), (at[:, 0], at[:, 1])), shape=(len(cases), len(popularity)))
    return np.asarray((named @ counts).toarray() + TIE * popularity, dtype=np.float32)


def fused_scores(tables: Sequence[Scores], mask: NDArray[np.bool_], ties: NDArray[np.float32]) -> Scores:
    """Reciprocal rank fusion of several tables: the sum of 1 / (60 + rank).

    mask (cases, items): True where an item is out of the list. ties (items,) orders equal scores.
    """
    fused = np.zeros_like(tables[0])
    for number in range(len(fused)):
        for table in tables:
            scores = np.where(mask[number], -np.inf, table[number])
            order = np.lexsort((-ties, -scores))
            fused[number, order] += 1.0 / (RRF_CONSTANT + 1.0 + np.arange(len(order)))
    return fused
