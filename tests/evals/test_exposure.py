"""Exposure: small lists whose figures are known."""

import numpy as np
import pytest
from rich.console import Console

from evals.exposure import exposure, exposure_table, gini

FAME = np.array([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 1.0])
APART = np.eye(10, dtype=np.float32)


def shown(lists, matrix=APART):
    return exposure(
        [np.array(rows, dtype=np.int64) for rows in lists], np.arange(len(lists)), FAME, matrix, samples=100
    )


def test_gini_of_equal_and_of_one_alone():
    assert gini(np.array([3, 3, 3, 3])) == pytest.approx(0.0)
    assert gini(np.array([0, 0, 0, 8])) == pytest.approx(0.75)


def test_the_best_known_for_everybody():
    found = shown([[0, 1], [0, 1], []])
    assert found.coverage == pytest.approx(0.2)
    assert found.popularity_rank.mean == pytest.approx(1.5)
    assert found.long_tail.mean == 0.0
    assert found.similarity.mean == 0.0
    assert found.gini == pytest.approx(0.8)


def test_everything_once():
    found = shown([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]])
    assert found.coverage == 1.0
    assert found.gini == pytest.approx(0.0)
    assert found.long_tail.mean == pytest.approx(0.8), "all but the best-known fifth"
    assert found.popularity_rank.mean == pytest.approx(5.5), "equals share the mean of their places"


def test_only_the_first_ten_count_and_likeness_is_a_cosine():
    same = np.ones((10, 1), dtype=np.float32)
    found = shown([[*range(10), 0, 0]], same)
    assert found.gini == pytest.approx(0.0)
    assert found.similarity.mean == pytest.approx(1.0)
    console = Console(record=True, width=120)
    console.print(exposure_table("Title", {"all alike": found}))
    assert "1.000" in console.export_text()
