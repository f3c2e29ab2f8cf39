"""Reasons and the dial, measured on the real Bot; and reports that fail where they should."""

import pytest
from rich.console import Console

from bot.records import Reason, Recommendation, Standing
from evals import reasons, variety
from evals.options import ReasonOptions, VarietyOptions
from evals.reasons import Sampled, run_reasons, summarise, sums, top_reason
from evals.variety import run_variety


def standing(before, after, binds=False):
    places = (before, after)
    return Standing(binds=binds, allowed=(1, 1) if binds else places, otherwise=places, catalogue=places)


def sampled(top, other=None):
    return Sampled(title="Alien", kind="facet", label="Horror", top=top, other=other)


@pytest.fixture
def pick(catalogue):
    def write(score, *parts):
        made = [Reason(kind=kind, label="x", weight=weight, belief_id=belief) for kind, weight, belief in parts]
        return Recommendation(item=catalogue.items[0], score=score, reasons=made)

    return write


def test_the_top_reason_rests_on_a_preference_and_speaks_for_the_item(pick):
    one = pick(0.8, ("disliked", -0.9, "a"), ("popularity", 0.7, None), ("facet", 0.6, "b"), ("number", 0.4, "c"))
    assert top_reason(one).belief_id == "b"
    assert top_reason(pick(0.3, ("popularity", 0.3, None))) is None
    assert sums(one)
    assert not sums(pick(0.8, ("facet", 0.6, "b")))


def test_a_fall_is_a_worse_place_and_too_few_fail():
    fell, stayed = standing(2, 9), standing(2, 2)
    good = summarise([sampled(fell, stayed)] * 10, list(range(10)), [], ReasonOptions())
    assert good.ok
    assert (good.top.otherwise.mean, good.other.otherwise.mean) == (1.0, 0.0)
    assert not summarise([sampled(fell)] * 8 + [sampled(stayed)] * 2, list(range(10)), [], ReasonOptions()).ok
    assert not summarise([sampled(fell)] * 10, list(range(10)), ["Alien"], ReasonOptions()).ok, "a part is missing"


def test_what_binds_cannot_fall_where_all_meet_it():
    report = summarise([sampled(standing(1, 5, binds=True)), sampled(standing(1, 5))], [1, 2], [], ReasonOptions())
    assert (report.top.allowed.mean, report.top.otherwise.mean) == (0.5, 1.0)
    assert (report.guiding.count, report.guiding.allowed.mean) == (1, 1.0)


def test_real_reasons_sum_and_cause_the_rank(indexed, tmp_path_factory):
    report = run_reasons(ReasonOptions(home=indexed, picks=24))
    assert report.unsummed == []
    assert len(report.sampled) == 24
    assert report.surprises > 0
    assert min(report.top.otherwise.mean, report.top.catalogue.mean) >= 0.8
    assert report.top.otherwise.mean > report.other.otherwise.mean, "another preference matters less"
    console = Console(record=True, width=160)
    reasons.print_report(report, console, show=True)
    assert "parts do not sum to the score: 0" in console.export_text()


def test_the_dial_makes_real_lists_less_alike(indexed):
    report = run_variety(VarietyOptions(home=indexed, sessions=8))
    closest, _, varied = report.steps
    assert varied.exposure.similarity.mean < closest.exposure.similarity.mean
    assert varied.exposure.popularity_rank.mean > closest.exposure.popularity_rank.mean
    assert varied.surprises > 0.5 > closest.surprises
    console = Console(record=True, width=160)
    variety.print_report(report, console)
    assert "less alike than the step before" in console.export_text()
