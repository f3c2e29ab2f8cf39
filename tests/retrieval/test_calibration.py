"""What scores are worth: probabilities that hold, thresholds that keep their promise, estimates that stay in range."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.calibration import PRECISION, Floats, Number, Values


def evidence(seed: int, items: int = 600, values: int = 12, strength: float = 2.0) -> tuple[Floats, Floats]:
    """Scores (items, values, 1) that say something of the truth (items, values); a value holds for one item in six."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((items, values)) < 1 / 6).astype(np.float32)
    scores = strength * truth + rng.normal(size=truth.shape)
    return scores[:, :, None].astype(np.float32), truth


def test_probabilities_hold_for_items_that_were_not_fitted() -> None:
    worth = Values(*evidence(0), most=4, seed=0)
    fresh, truth = evidence(1)
    found = worth.probabilities(fresh)
    for low, high in ((0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1.0)):
        inside = (found >= low) & (found < high)
        assert found[inside].mean() == pytest.approx(truth[inside].mean(), abs=0.08)


@pytest.mark.parametrize("strength", [1.0, 1.5, 2.0, 3.0])
def test_what_is_given_is_right_often_enough_whatever_the_scores_are_worth(strength: float) -> None:
    worth = Values(*evidence(2, strength=strength), most=4, seed=0)
    fresh, truth = evidence(3, items=2_000, strength=strength)
    given = worth.given(worth.probabilities(fresh))
    assert given.any()
    assert truth[given].mean() >= PRECISION - 0.03
    assert given.sum(axis=1).max() <= 4


def test_scores_that_say_nothing_give_nothing() -> None:
    worth = Values(*evidence(4, strength=0.0), most=4, seed=0)
    fresh, _ = evidence(5, strength=0.0)
    assert not worth.given(worth.probabilities(fresh)).any()


def test_a_value_that_is_no_likelier_than_of_any_item_is_not_given() -> None:
    rng = np.random.default_rng(6)
    truth = (rng.random((500, 2)) < [0.7, 0.1]).astype(np.float32)
    scores = np.stack([np.full(500, 0.7), truth[:, 1] + rng.normal(scale=0.2, size=500)], axis=1)
    worth = Values(scores[:, :, None].astype(np.float32), truth, most=2, seed=0)
    given = worth.given(worth.probabilities(scores[:, :, None].astype(np.float32)))
    assert not given[:, 0].any()  # right seven times in ten, and says nothing
    assert given[truth[:, 1] == 1, 1].mean() > 0.9


def test_a_facet_that_no_judged_item_has_is_never_given() -> None:
    scores, truth = evidence(7)
    worth = Values(scores, np.zeros_like(truth), most=4, seed=0)
    assert not worth.given(worth.probabilities(scores)).any()


def test_estimates_keep_to_the_numbers_of_the_catalogue() -> None:
    truth = np.repeat([0.0, 1.0, 2.0, 3.0], 50).astype(np.float32) / 2  # levels 0 to 3 in units of a spread of 2
    scores = truth + np.random.default_rng(8).normal(scale=0.3, size=200).astype(np.float32)
    number = Number(scores, truth, 2.0, True, 1.0)
    found, chances = number.judge(np.array([-5.0, 0.1, 0.74, 9.0], dtype=np.float32))
    assert found.tolist() == [0, 0, 1, 3]
    assert ((chances > 0) & (chances < 1)).all()


def test_the_middle_of_a_scale_is_less_sure_where_it_is_less_often_right() -> None:
    rng = np.random.default_rng(9)
    scores = rng.uniform(-1, 1, 800).astype(np.float32)
    noise = rng.normal(size=800) * np.where(np.abs(scores) < 0.5, 1.0, 0.1)
    number = Number(scores, (scores + noise).astype(np.float32), 1.0, False, 0.3)
    _, (middle, end) = number.judge(np.array([0.0, 0.9], dtype=np.float32))
    assert middle < 0.5 < 0.8 < end


def test_a_number_that_is_always_right_is_nearly_certain() -> None:
    scores = np.linspace(0, 1, 50).astype(np.float32)
    _, chances = Number(scores, scores, 1.0, False, 0.2).judge(scores[:3])
    assert chances == pytest.approx(0.99)
