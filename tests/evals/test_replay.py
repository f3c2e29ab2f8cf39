"""Replay: what is removed, how targets are ranked, and what the report says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from evals.metrics import MEASURES, Interval
from evals.recorded import Case
from evals.replay import Question, ReplayReport, SystemResult, print_report

ROW = {name: row for row, name in enumerate("abcde")}
CASES = [
    Case(0, (("user", "a"),), ("a",), ("b", "d")),
    Case(1, (), (), ("e", "missing")),
]
SCORES = np.array([[5, 4, 3, 2, 1], [5, 4, 3, 2, 1]], dtype=np.float32)


def test_mentioned_items_are_out_of_the_list_in_rep_out():
    question = Question(CASES, ROW, "rep-out", seed=0)
    assert question.ranks(SCORES).tolist() == [1, 3, 5, np.inf]
    assert question.groups.tolist() == [0, 0, 1, 1]


def test_mentioned_items_stay_in_the_list_in_rep_in():
    question = Question(CASES, ROW, "rep-in", seed=0)
    assert question.ranks(SCORES).tolist() == [2, 4, 5, np.inf]


def test_lists_of_ids_are_cleaned_the_same_way():
    question = Question(CASES, ROW, "rep-out", seed=0)
    assert question.ranks_in([["a", "b", "c", "d"], ["c", "e"]]).tolist() == [1, 3, 2, np.inf]


@given(st.permutations("abcde"), st.sampled_from(["rep-out", "rep-in"]))
def test_a_list_and_its_scores_give_the_same_ranks(order, condition):
    question = Question(CASES, ROW, condition, seed=0)
    scores = np.zeros((2, 5), dtype=np.float32)
    for place, name in enumerate(order):
        scores[:, ROW[name]] = -place
    np.testing.assert_array_equal(question.ranks(scores), question.ranks_in([order, order]))


@pytest.fixture
def report():
    interval = Interval(mean=0.2, low=0.1, high=0.3)
    measures = dict.fromkeys(MEASURES, interval)
    return ReplayReport(
        dialogues="valid.jsonl", catalog="cat.jsonl", train="train.jsonl", condition="rep-out", seed=0,
        dialogue_count=10, turns=20, targets=30, absent=2, items=40,
        results=[SystemResult(system=name, seconds=1.0, measures=measures) for name in ("Rapport", "BM25")],
        best_baseline="BM25", lead=dict.fromkeys(MEASURES, Interval(mean=-0.2, low=-0.3, high=-0.1)), ok=False,
    )  # fmt: skip


def test_the_report_names_every_system_measure_and_verdict(report):
    console = Console(record=True, width=80)
    print_report(report, console)
    text = " ".join(console.export_text().split())
    expected = [
        "Rapport",
        "BM25",
        "R@50",
        "MRR",
        "NDCG@10",
        ".100-.300",
        "2 targets are not in the catalogue",
        "-0.200",
        "FAILED",
    ]
    for words in expected:
        assert words in text


def test_floors_and_ablations_are_shown(report):
    without = [report.results[0].model_copy(update={"system": "no lexical"})]
    shown = report.model_copy(update={"floors": {"recall@10": 0.23}, "without": without})
    console = Console(record=True, width=80)
    print_report(shown, console)
    text = " ".join(console.export_text().split())
    assert "no lexical" in text
    assert "at least recall@10 .230: FAILED" in text
