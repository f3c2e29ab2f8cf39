"""The naive recommenders, on data small enough to work out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evals.baselines import (
    ENCODED_WORDS,
    co_mention_scores,
    dense_scores,
    fused_scores,
    lexical_scores,
    popularity_scores,
    random_scores,
    together,
)
from evals.options import silent
from evals.recorded import Case

ROW = {"a": 0, "b": 1, "c": 2, "d": 3}
CASES = [
    Case(0, (("user", "cats and dogs"),), ("a",), ("b",)),
    Case(0, (("user", "cats and dogs"), ("assistant", "no")), ("a", "c", "unknown"), ("d",)),
    Case(1, (), (), ("d",)),
]


def test_together_counts_dialogues_that_name_both():
    counts = together([[0, 1, 2], [0, 1], [3], []], 4).toarray()
    assert counts.tolist() == [[0, 2, 1, 0], [2, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]]


def test_co_mention_adds_up_over_named_items_and_falls_back_to_popularity():
    counts = together([[0, 1], [0, 1], [2, 3], [0, 3]], 4)
    popularity = np.array([3, 2, 1, 2], dtype=np.float32)
    scores = co_mention_scores(CASES, ROW, counts, popularity)
    assert np.round(scores).tolist() == [[0, 2, 0, 1], [0, 2, 0, 2], [0, 0, 0, 0]]
    assert np.argmax(scores[2]) == 0, "without a named item the most popular comes first"


def test_popularity_is_the_same_for_everybody():
    scores = popularity_scores(3, np.array([3, 1, 2], dtype=np.float32))
    assert scores.tolist() == [[3, 1, 2]] * 3


def test_random_is_seeded():
    assert (random_scores(2, 5, 1) == random_scores(2, 5, 1)).all()
    assert (random_scores(2, 5, 1) != random_scores(2, 5, 2)).any()


def test_lexical_reads_the_whole_dialogue():
    asked = []

    def score(text):
        asked.append(text)
        return np.full(4, len(text), dtype=np.float32)

    scores = lexical_scores(CASES, score, 4, silent)
    assert asked == ["cats and dogs", "cats and dogs\nno"]
    assert scores[:, 0].tolist() == [13, 16, 0]


def test_dense_keeps_the_last_words_of_a_long_dialogue():
    long = Case(0, (("user", "old " * 300), ("user", "newest")), (), ("a",))
    asked = []

    def encode(text):
        asked.append(text)
        return np.array([0, 1], dtype=np.float32)

    matrix = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], dtype=np.float32)
    scores = dense_scores([long, CASES[2]], encode, matrix, silent)
    assert asked[0].endswith("newest")
    assert len(asked) == 1
    assert len(asked[0].split()) == ENCODED_WORDS
    assert scores.tolist() == [[0, 1, 1, 0], [0, 0, 0, 0]]


def test_fusion_adds_reciprocal_ranks_and_skips_masked_items():
    first = np.array([[3, 2, 1]], dtype=np.float32)
    second = np.array([[1, 3, 2]], dtype=np.float32)
    ties = np.arange(3, dtype=np.float32)
    fused = fused_scores([first, second], np.zeros((1, 3), dtype=bool), ties)[0]
    assert fused == pytest.approx([1 / 61 + 1 / 63, 1 / 62 + 1 / 61, 1 / 63 + 1 / 62])
    masked = fused_scores([first, second], np.array([[False, True, False]]), ties)[0]
    assert masked[0] == pytest.approx(1 / 61 + 1 / 62)
    assert masked[2] == pytest.approx(1 / 62 + 1 / 61)


@given(arrays(np.float32, (2, 6), elements=st.sampled_from([0.0, 0.5, 1.0])))
def test_fusing_a_table_with_itself_keeps_its_order(table):
    ties = np.arange(6, dtype=np.float32)
    fused = fused_scores([table, table], np.zeros((2, 6), dtype=bool), ties)
    for row, result in zip(table, fused, strict=True):
        assert np.lexsort((-ties, -row)).tolist() == np.argsort(-result).tolist()
