"""Slices of a replay: cold starts are told apart rightly, and measured on their own targets."""

from __future__ import annotations

import numpy as np

from evals.metrics import MEASURES, measure
from evals.recorded import Case
from evals.slices import parts, sliced

CASES = [
    Case(0, (("assistant", "hi"),), (), ("a",)),
    Case(1, (("user", "something sad"),), (), ("a", "new")),
    Case(1, (("user", "x"), ("assistant", "y"), ("user", "z")), ("a",), ("b",)),
    Case(2, tuple(("user", str(n)) for n in range(5)), (), ("new",)),
]


def test_people_are_parted_by_what_they_had_said_and_items_by_training() -> None:
    found = {name: mask.tolist() for name, mask in parts(CASES, {"a", "b"}).items()}
    assert found == {
        "nothing said": [True, False, False, False, False],
        "new person: one message": [False, True, True, False, False],
        "two or three messages": [False, False, False, True, False],
        "four and more": [False, False, False, False, True],
        "new item: never named in training": [False, False, True, False, True],
        "new item, after one message": [False, False, True, False, False],
        "named in training": [True, True, False, True, False],
    }


def test_without_training_no_item_is_new_and_empty_parts_are_left_out() -> None:
    assert list(parts(CASES[:1], ())) == ["nothing said"]


def test_each_part_is_measured_on_its_own_targets() -> None:
    groups = np.array([0, 1, 1, 1, 2])
    table = measure([1.0, 2.0, 100.0, 3.0, 100.0])
    found = {one.name: one for one in sliced({"R": table}, parts(CASES, {"a", "b"}), groups, 100, 0)}
    at_10 = {name: one.measures["R"]["recall@10"].mean for name, one in found.items()}
    assert at_10["new item: never named in training"] == 0.0
    assert at_10["named in training"] == 1.0
    assert at_10["new person: one message"] == 0.5
    assert found["new person: one message"].targets == 2
    assert tuple(found["nothing said"].measures["R"]) == MEASURES
