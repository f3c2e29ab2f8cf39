"""Portraits: the saying nearest to a description counts, and what has none is not behind for that."""

from __future__ import annotations

import numpy as np

from retrieval.portraits import Portraits, bare


def unit(*numbers: float) -> np.ndarray:
    row = np.array(numbers, dtype=np.float32)
    return row / np.linalg.norm(row)


def test_the_nearest_of_several_sayings_counts_not_their_mean() -> None:
    rows = np.stack([unit(1, 0, 0), unit(1, 0, 0)])
    apart, alike = [unit(0, 1, 0), unit(0, 0, 1)], [unit(0, 1, 1), unit(0, 1, 1)]
    portraits = Portraits(rows, np.stack([*apart, *alike]), np.array([0, 0, 1, 1]))
    first, second = portraits.closeness(unit(0, 1, 0))
    assert first > second > 0


def test_an_item_without_sayings_is_judged_by_the_whole_alone() -> None:
    rows = np.stack([unit(1, 0), unit(1, 1), unit(0, 1)])
    asked = unit(1, 0)
    alone = bare(rows).closeness(asked)
    portraits = Portraits(rows, np.stack([unit(1, 0)]), np.array([1]))
    beside = portraits.closeness(asked)
    assert beside[[0, 2]].tolist() == alone[[0, 2]].tolist()
    assert beside[1] > alone[1]
    assert np.argsort(-alone).tolist() == [0, 1, 2]
