"""Ranking measures: cases worked by hand, properties, and agreement with ir-measures."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG

from evals.metrics import MEASURES, intervals, measure, paired_intervals, ranks_of, resamples
from retrieval.errors import InputError

ranks = st.lists(st.one_of(st.integers(1, 200).map(float), st.just(float("inf"))), min_size=1, max_size=40)


def test_measures_worked_by_hand():
    table = measure([1, 2, 10, 51, float("inf")])
    assert MEASURES == ("recall@1", "recall@5", "recall@10", "recall@50", "mrr", "ndcg@10")
    expected = [
        [1, 1, 1, 1, 1, 1],
        [0, 1, 1, 1, 1 / 2, 1 / np.log2(3)],
        [0, 0, 1, 1, 1 / 10, 1 / np.log2(11)],
        [0, 0, 0, 0, 1 / 51, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    np.testing.assert_allclose(table, expected)


@pytest.mark.parametrize("bad", [[], [0], [1, -3], [float("nan")]])
def test_ranks_that_mean_nothing_are_refused(bad):
    with pytest.raises(InputError):
        measure(bad)


def test_ranks_of_breaks_ties_by_the_given_order_and_drops_masked_items():
    scores = np.array([0.5, 0.9, 0.5, -np.inf, 0.1])
    ties = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    np.testing.assert_array_equal(ranks_of(scores, np.array([0, 1, 2, 3, 4]), ties), [3, 1, 2, np.inf, 4])


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=30), st.randoms())
def test_ranks_of_all_items_are_a_permutation(scores, random):
    ties = list(range(len(scores)))
    random.shuffle(ties)
    found = ranks_of(np.array(scores), np.arange(len(scores)), np.array(ties, dtype=float))
    assert sorted(found) == list(range(1, len(scores) + 1))
    best = int(np.argmin(found))
    assert scores[best] == max(scores)


@given(ranks)
def test_measures_stay_in_bounds_and_recall_grows_with_k(values):
    table = measure(values)
    assert ((table >= 0) & (table <= 1)).all()
    assert (np.diff(table[:, :4], axis=1) >= 0).all()
    assert (table[:, 5] <= table[:, 2]).all()


@given(ranks)
def test_a_better_rank_never_lowers_a_measure(values):
    better = [max(1.0, value - 1) for value in values]
    assert (measure(better) >= measure(values)).all()


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_agrees_with_ir_measures(positions):
    qrels, run = [], []
    for number, position in enumerate(positions):
        qrels.append(ir_measures.Qrel(str(number), "target", 1))
        names = [f"d{i}" for i in range(60)]
        names.insert(position - 1, "target")
        run += [ir_measures.ScoredDoc(str(number), name, float(-i)) for i, name in enumerate(names)]
    wanted = [R @ 1, R @ 5, R @ 10, R @ 50, RR, nDCG @ 10]
    theirs = ir_measures.calc_aggregate(wanted, qrels, run)
    ours = measure([float(position) for position in positions]).mean(axis=0)
    np.testing.assert_allclose(ours, [theirs[name] for name in wanted], atol=1e-9)


def test_resamples_draw_as_many_groups_as_there_are():
    drawn = resamples(7, 50, seed=1)
    assert drawn.shape == (50, 7)
    assert (drawn.sum(axis=1) == 7).all()
    np.testing.assert_array_equal(drawn, resamples(7, 50, seed=1))
    assert not np.array_equal(drawn, resamples(7, 50, seed=2))


def test_intervals_hold_the_mean_and_widen_when_dialogues_agree_within():
    rng = np.random.default_rng(0)
    by_dialogue = np.repeat(rng.integers(0, 2, 40), 10).astype(float)[:, None]
    grouped = intervals(by_dialogue, np.repeat(np.arange(40), 10))[0]
    apart = intervals(by_dialogue, np.arange(400))[0]
    assert grouped.low <= grouped.mean <= grouped.high
    assert grouped.mean == pytest.approx(by_dialogue.mean())
    assert grouped.high - grouped.low > 2 * (apart.high - apart.low)


def test_interval_covers_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(3)
    hits = 0
    for trial in range(200):
        values = (rng.random((120, 1)) < 0.3).astype(float)
        found = intervals(values, np.arange(120), samples=400, seed=trial)[0]
        hits += found.low <= 0.3 <= found.high
    assert 175 <= hits <= 200


def test_one_dialogue_gives_a_point_interval():
    found = intervals(measure([1, 3]), np.array([5, 5]))[0]
    assert (found.mean, found.low, found.high) == (0.5, 0.5, 0.5)


def test_paired_difference_is_zero_for_equal_systems_and_tighter_than_apart():
    rng = np.random.default_rng(1)
    ours = rng.random((300, 2))
    theirs = ours - 0.1
    groups = np.arange(300)
    same = paired_intervals(ours, ours, groups)[0]
    assert (same.mean, same.low, same.high) == (0, 0, 0)
    better = paired_intervals(ours, theirs, groups)[0]
    assert better.low == pytest.approx(0.1)
    assert better.high == pytest.approx(0.1)
