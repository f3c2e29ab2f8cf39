"""Maximal marginal relevance: the best first, then what is good and different."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.diversity import diversify

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
