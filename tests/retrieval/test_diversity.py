"""Maximal marginal relevance: the best first, then what is good and different."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.diversity import Taste, diversify, miscalibration, unexpected

Floats = np.ndarray  # type: ignore[type-arg]


@st.composite
def candidates(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Scores (m,) without ties and unit vectors (m, 4)."""
    size = draw(st.integers(1, 12))
    scores = draw(st.lists(st.integers(-200, 200), min_size=size, max_size=size, unique=True))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    vectors = rng.normal(size=(size, 4)).astype(np.float32)
    return np.array(scores, dtype=np.float64) / 10, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


counts = st.integers(1, 15)
relevances = st.integers(0, 10).map(lambda tenth: tenth / 10)


@given(candidates(), counts, relevances)
def test_it_picks_that_many_different_ones_and_starts_with_the_best(
    found: tuple[Floats, Floats], k: int, relevance: float
) -> None:
    scores, vectors = found
    picked = diversify(scores, vectors, k, relevance)
    assert len(picked) == min(k, len(scores)) == len(set(picked))
    assert all(0 <= place < len(scores) for place in picked)
    assert picked[0] == int(np.argmax(scores))


@given(candidates(), counts)
def test_all_relevance_is_the_order_of_scores(found: tuple[Floats, Floats], k: int) -> None:
    scores, vectors = found
    assert diversify(scores, vectors, k, 1.0) == np.argsort(-scores)[:k].tolist()


@given(candidates(), counts, relevances, st.integers(1, 50), st.integers(-50, 50))
def test_the_unit_of_the_scores_does_not_matter(
    found: tuple[Floats, Floats], k: int, relevance: float, scale: int, shift: int
) -> None:
    scores, vectors = found
    one, other = diversify(scores, vectors, k, relevance), diversify(scores * scale + shift, vectors, k, relevance)
    # Rounding may break an exact tie the other way; then both picks are worth the same.
    assert len(one) == len(other)
    if one != other:
        place = next(i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
        worth = (scores - scores.min()) / (float(scores.max() - scores.min()) or 1.0)
        closest = np.max([vectors @ vectors[i] for i in one[:place]], axis=0)
        marginal = relevance * worth - (1 - relevance) * closest
        assert np.isclose(marginal[one[place]], marginal[other[place]], atol=1e-5)


@given(candidates(), counts, relevances)
def test_each_pick_is_the_best_trade_of_score_for_distance(
    found: tuple[Floats, Floats], k: int, relevance: float
) -> None:
    scores, vectors = found
    picked = diversify(scores, vectors, k, relevance)
    worth = (scores - scores.min()) / (float(scores.max() - scores.min()) or 1.0)

    def trade(place: int, before: list[int]) -> float:
        return float(relevance * worth[place] - (1 - relevance) * max(vectors[place] @ vectors[i] for i in before))

    for turn in range(1, len(picked)):
        before = picked[:turn]
        left = [place for place in range(len(scores)) if place not in before]
        assert trade(picked[turn], before) >= max(trade(place, before) for place in left) - 1e-5


def test_the_same_thing_is_not_listed_before_something_nearly_as_good() -> None:
    twin, other = [1.0, 0.0], [0.0, 1.0]
    vectors = np.array([twin, twin, other, twin], dtype=np.float32)
    scores = np.array([1.0, 0.99, 0.9, 0.0])
    assert diversify(scores, vectors, 2, 0.85) == [0, 2]
    assert diversify(scores, vectors, 2, 1.0) == [0, 1]


def test_nothing_to_choose_from() -> None:
    assert diversify(np.zeros(0), np.zeros((0, 4), dtype=np.float32), 3, 0.85) == []
    assert diversify(np.zeros(1), np.ones((1, 4), dtype=np.float32), 3, 0.85) == [0]


def test_a_list_leans_to_the_kinds_that_are_liked() -> None:
    apart = np.eye(4, dtype=np.float32)
    scores = np.array([1.0, 0.9, 0.88, 0.0])
    kinds = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float32)
    half = Taste(kinds, np.array([0.5, 0.5], dtype=np.float32))
    assert diversify(scores, apart, 2, 0.85) == [0, 1]
    assert diversify(scores, apart, 2, 0.85, half) == [0, 2], "one of each kind, as they are liked"
    assert diversify(scores, apart, 2, 1.0, half) == [0, 1], "by score alone is by score alone"
    only = Taste(kinds, np.array([1.0, 0.0], dtype=np.float32))
    assert diversify(scores, apart, 2, 0.85, only) == [0, 1]


def test_miscalibration_is_0_for_the_same_mixture_and_1_for_another() -> None:
    wanted = np.array([0.75, 0.25, 0.0], dtype=np.float32)
    lists = np.array([[0.75, 0.25, 0.0], [0.5, 0.25, 0.25], [0.0, 0.0, 1.0]], dtype=np.float32)
    same, near, other = miscalibration(lists, wanted)
    assert np.isclose(same, 0.0, atol=1e-6)
    assert same < near < other
    assert np.isclose(other, 1.0)


def test_a_surprise_is_little_known_unlike_the_picks_and_still_wanted() -> None:
    near, far = [1.0, 0.0], [0.0, 1.0]
    vectors = np.array([near, near, far, near, far, far], dtype=np.float32)
    #             two picks | well known, alike, unlike, hardly wanted
    worth = np.array([1.0, 0.9, 1.0, 0.9, 0.8, 0.2])
    fame = np.array([0.9, 0.8, 0.9, 0.1, 0.2, 0.0])
    assert unexpected(worth, fame, vectors, [0, 1]) == 4
    assert unexpected(np.array([1.0, 0.9, 1.0, 0.9, 0.4, 0.2]), fame, vectors, [0, 1]) == 3
    assert unexpected(worth, np.full(6, 0.9), vectors, [0, 1]) is None, "all are well known"
    assert unexpected(np.zeros(6), fame, vectors, [0, 1]) is None, "nothing speaks for any"
