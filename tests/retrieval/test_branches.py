"""Retrieval branches: every one scores all items, on one scale, and says nothing where it knows nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import branches
from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.records import Bound, Item, Term

DOMAIN = load_domain("movies")


def of_minutes(*minutes: float | None) -> Catalogue:
    items = [
        Item(id=str(row), title=str(row), numbers={} if value is None else {"minutes": value})
        for row, value in enumerate(minutes)
    ]
    return Catalogue(DOMAIN, items, "d")


@given(st.integers(1, 20), st.integers(0, 2**16))
def test_dense_has_a_best_of_one_and_keeps_the_order(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(size, 8)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    vector = matrix[0]
    scores = branches.dense(matrix, vector)
    assert scores.shape == (size,)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    assert scores.max() == pytest.approx(1.0 if size > 1 else 0.0, abs=1e-5)
    assert int(np.argmax(scores)) == 0
    assert (np.argsort(scores, kind="stable") == np.argsort(matrix @ vector, kind="stable")).all()


def test_dense_says_nothing_when_all_items_are_alike() -> None:
    matrix = np.tile(np.array([1.0, 0.0], dtype=np.float32), (3, 1))
    assert branches.dense(matrix, matrix[0]).tolist() == [0, 0, 0]


@given(st.lists(st.integers(0, 300).map(lambda n: n / 10), max_size=10))
def test_lexical_lies_between_nought_and_one(found: list[float]) -> None:
    scores = branches.lexical(np.array(found, dtype=np.float32))
    assert scores.dtype == np.float32
    assert ((scores >= 0) & (scores <= 1)).all()
    if any(found):
        assert scores.max() == 1


def test_facet_is_one_where_the_value_is(starter: Catalogue) -> None:
    scores = branches.facet(starter, Term(facet="person", value="Stanley Kubrick"))
    having = {item.id for item, score in zip(starter.items, scores, strict=True) if score}
    assert having == {item.id for item in starter.items if "Stanley Kubrick" in item.people}
    assert set(scores.tolist()) == {0.0, 1.0}
    assert not branches.facet(starter, Term(facet="person", value="Nobody")).any()
    assert not branches.facet(starter, Term(facet="nonsense", value="x")).any()


def test_of_a_mood_the_typical_counts_more(starter: Catalogue) -> None:
    scores = branches.facet(starter, Term(facet="mood", value="tender"))
    having = [row for row, item in enumerate(starter.items) if "tender" in starter.values(item, "mood")]
    assert np.flatnonzero(scores).tolist() == having
    assert scores[having].min() >= 0.6 - 1e-6
    gentle, brutal = (starter.row[one] for one in ("sense-and-sensibility-1995", "leon-the-professional-1994"))
    assert scores[gentle] > scores[brutal] + 0.05


def test_without_numbers_all_are_typical() -> None:
    items = [Item(id=str(n), title=str(n), facets={"moods": ["calm"]}) for n in range(9)]
    assert set(branches.facet(Catalogue(DOMAIN, items, "d"), Term(facet="mood", value="calm")).tolist()) == {1.0}


@given(
    st.lists(st.none() | st.integers(60, 200).map(float), min_size=1, max_size=10),
    st.integers(60, 200),
    st.booleans(),
)
def test_number_is_one_inside_falls_outside_and_ignores_what_is_unknown(
    minutes: list[float | None], limit: int, above: bool
) -> None:
    bound = Bound(number="minutes", low=limit if above else None, high=None if above else limit)
    scores = branches.number(of_minutes(*minutes), bound)
    assert np.isfinite(scores).all()
    assert ((scores >= -1) & (scores <= 1)).all()
    known = [(value, score) for value, score in zip(minutes, scores.tolist(), strict=True) if value is not None]
    for value, score in known:
        assert (score == 1) == (value >= limit if above else value <= limit)
    for value, score in zip(minutes, scores.tolist(), strict=True):
        assert value is not None or score == 0
    ordered = [score for _, score in sorted(known, reverse=above)]
    assert ordered == sorted(ordered, reverse=True)


def test_an_unwanted_range_turns_the_number_round() -> None:
    catalogue = of_minutes(80, 100, 160, None)
    wanted = branches.number(catalogue, Bound(number="minutes", high=90))
    unwanted = branches.number(catalogue, Bound(number="minutes", high=90, weight=-1))
    assert (unwanted == -wanted).all()


def test_a_number_that_nobody_has_says_nothing() -> None:
    assert branches.number(of_minutes(None, None), Bound(number="minutes", high=90)).tolist() == [0, 0]


def test_an_item_is_not_similar_to_itself(starter: Catalogue) -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(len(starter), 16)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    for row in range(0, len(starter), 7):
        by_facets, by_text = branches.facet_similar(starter, row), branches.text_similar(matrix, row)
        assert by_facets[row] == 0
        assert by_text[row] < by_text.max()
        assert np.isfinite(by_facets).all()
        assert np.isfinite(by_text).all()
        assert (by_facets >= 0).all()


def test_what_is_rare_counts_more_than_what_is_common() -> None:
    rare, common = ["time loop"], ["love"]
    items = [
        Item(id="a", title="A", facets={"themes": [*rare, *common]}),
        Item(id="shares-rare", title="B", facets={"themes": rare}),
        *(Item(id=f"shares-common-{n}", title=f"C{n}", facets={"themes": common}) for n in range(5)),
        Item(id="shares-none", title="D", facets={"themes": ["sailing"]}),
    ]
    scores = dict(zip((i.id for i in items), branches.facet_similar(Catalogue(DOMAIN, items, "d"), 0), strict=True))
    assert scores["shares-rare"] > scores["shares-common-0"] > scores["shares-none"] == 0


def test_what_the_catalogue_calls_close_comes_out_close(starter: Catalogue) -> None:
    arrival = starter.get("arrival-2016")
    scores = branches.facet_similar(starter, starter.row[arrival.id])
    kin = [starter.row[other] for other in starter.kin(arrival) if other in starter.row]
    assert kin
    others = [row for row in range(len(starter)) if row not in kin and row != starter.row[arrival.id]]
    assert np.mean(scores[kin]) > 2 * np.mean(scores[others])
