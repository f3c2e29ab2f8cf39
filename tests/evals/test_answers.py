"""Answers: every item that is named is in the starter, and what comes beats the nearest document."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from evals.answers import print_report, read_answers, run_answers
from evals.options import ANSWERS, AnswerOptions
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError


def test_what_is_named_is_in_the_starter_and_named_once(starter: Catalogue) -> None:
    needs = read_answers(ANSWERS)
    assert len(needs) > 400
    assert {item for need in needs for item in need.items} <= set(starter.row)
    assert all(5 <= len(need.items) == len(set(need.items)) <= 25 for need in needs)
    assert len({need.say.casefold() for need in needs}) == len(needs)


def test_needs_are_answered_more_often_than_by_the_nearest_document(indexed: Path) -> None:
    report = run_answers(AnswerOptions(home=indexed, limit=100))
    assert report.needs == 100
    assert report.lead.mean > 0
    assert all(0 <= one.low <= one.mean <= one.high <= 1 for one in (*report.fitting, *report.good))
    console = Console(record=True, width=140)
    print_report(report, console)
    assert "MiniLM" in console.export_text()


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "some.tsv"
    file.write_text("something kind\tbabe-1995\nsomething cruel\t\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        read_answers(file)
