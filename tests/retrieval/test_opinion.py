"""Blending somebody else's order with ours."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.opinion import ASKED, Opinion, blended, points
from retrieval.recommend import Recommender
from retrieval.records import Query, Term

ROWS = np.arange(100, 120)
ORDERS = st.permutations(range(20)).flatmap(lambda order: st.integers(0, 20).map(lambda size: list(order)[:size]))


@given(ORDERS, st.floats(0, 0.99))
def test_blending_only_changes_the_order(order: list[int], weight: float) -> None:
    assert sorted(blended(ROWS, order, weight)) == list(ROWS)


@given(ORDERS)
def test_without_weight_nothing_changes(order: list[int]) -> None:
    assert list(blended(ROWS, order, 0.0)) == list(ROWS)


def test_most_of_the_weight_gives_the_other_order() -> None:
    order = list(range(19, -1, -1))
    assert list(blended(ROWS, order, 0.9)) == list(ROWS[::-1])
    assert list(points([2, 0], 4)) == [0.75, 0.0, 1.0, 0.0]


def test_the_part_of_an_opinion_is_a_reason_and_only_allowed_items_are_asked_about(recommender: Recommender) -> None:
    asked = []

    def last_first(query: Query, items: list) -> list[int]:
        asked.append([item.id for item in items])
        return list(range(len(items) - 1, -1, -1))

    query = Query(terms=(Term(facet="genre", value="Western", weight=1.0, hard=True),))
    plain = recommender.recommend(query, 3)
    recommender.opinion = Opinion(last_first, 0.8)
    try:
        picks = recommender.recommend(query, 3)
        without = recommender.recommend(query, 3, without=["opinion"])
        ranked = recommender.rank(query, 30)
    finally:
        recommender.opinion = None
    assert [pick.item.id for pick in without] == [pick.item.id for pick in plain]
    assert len(asked[0]) == ASKED
    assert picks[0].item.id == asked[0][-1] != plain[0].item.id
    assert all("Western" in pick.item.genres for pick in picks)
    for pick in picks:
        assert sum(reason.weight for reason in pick.reasons) == pick.score
    assert [reason.label for reason in picks[0].reasons if reason.kind == "opinion"] == ["a second opinion"]
    assert set(ranked[:ASKED]) == set(asked[-1])
    assert ranked[0] == asked[-1][-1]
