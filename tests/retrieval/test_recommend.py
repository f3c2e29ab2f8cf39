"""Recommending: nothing forbidden ever comes back, and the reasons of a pick are its score."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.filters import broken
from retrieval.lexical import Lexical
from retrieval.recommend import RankingWeights, Recommender
from retrieval.records import Anchor, Bound, Evidence, Item, Query, Recommendation, Steer, Term, Variety

FACETS = ["genre", "person", "theme", "mood", "language", "director"]
NUMBERS = {
    "year": (1920, 2022),
    "minutes": (80, 200),
    "light_dark": (0, 1),
    "violence": (0, 3),
    "suitable_from": (4, 18),
}
TEXTS = ["", "a lonely robot", "sailing home in a storm", "zzzz", "the of and"]
few = settings(max_examples=60)


@pytest.fixture(scope="session")
def queries(starter: Catalogue) -> st.SearchStrategy[Query]:
    """Queries about the starter catalogue, half of them with conditions that few items meet."""
    values = {facet: sorted(starter.postings(facet)) for facet in FACETS}
    ids = sorted(starter.row)

    @st.composite
    def term(draw: st.DrawFn) -> Term:
        facet = draw(st.sampled_from(FACETS))
        value = draw(st.sampled_from(values[facet]))
        weight = draw(st.sampled_from([-1.0, -0.5, 0.5, 1.0]))
        said = Evidence(turn=draw(st.integers(1, 9)), quote=f"said {value}")
        return Term(facet=facet, value=value, weight=weight, hard=draw(st.booleans()), belief_id=value, evidence=[said])

    @st.composite
    def bound(draw: st.DrawFn) -> Bound:
        number = draw(st.sampled_from(sorted(NUMBERS)))
        lowest, highest = NUMBERS[number]
        edge = draw(st.integers(0, 20)) / 20 * (highest - lowest) + lowest
        low, high = draw(st.sampled_from([(edge, None), (None, edge), (edge, edge + (highest - lowest) / 4)]))
        return Bound(
            number=number, low=low, high=high, weight=draw(st.sampled_from([-1.0, 0.9])), hard=draw(st.booleans()),
            admit_unknown=draw(st.booleans()),
        )  # fmt: skip

    anchor = st.builds(
        Anchor, item_id=st.sampled_from(ids), weight=st.sampled_from([-0.9, 0.3, 1.0]), asked=st.booleans()
    )
    steer = st.builds(
        Steer, text=st.sampled_from(TEXTS[1:]), weight=st.sampled_from([-0.8, 0.8]), label=st.just("steer")
    )
    return st.builds(
        Query,
        text=st.sampled_from(TEXTS),
        title=st.none() | st.sampled_from(ids),
        terms=st.lists(term(), max_size=3).map(tuple),
        bounds=st.lists(bound(), max_size=2).map(tuple),
        anchors=st.lists(anchor, max_size=2).map(tuple),
        steers=st.lists(steer, max_size=1).map(tuple),
        exclude=st.frozensets(st.sampled_from(ids), max_size=40),
    )


def keeps(query: Query, catalogue: Catalogue, item: Item) -> bool:
    """Whether an item keeps the hard part of a query, read straight from the item."""
    for term in query.terms:
        if term.hard and term.weight < 0 and catalogue.has(item, term.facet, term.value):
            return False
    for facet in {term.facet for term in query.terms if term.hard and term.weight > 0}:
        wanted = {t.value for t in query.terms if t.hard and t.weight > 0 and t.facet == facet}
        if not any(catalogue.has(item, facet, value) for value in wanted):
            return False
    for bound in (bound for bound in query.bounds if bound.hard):
        number = catalogue.number(item, bound.number)
        if number is None:
            if not bound.admit_unknown:
                return False
            continue
        inside = (bound.low is None or number >= bound.low) and (bound.high is None or number <= bound.high)
        if inside != (bound.weight > 0):
            return False
    return item.id not in query.exclude


def ids_of(picks: Sequence[Recommendation]) -> list[str]:
    return [pick.item.id for pick in picks]


@few
@given(data=st.data(), k=st.integers(1, 12))
def test_every_pick_keeps_the_hard_part_and_its_reasons_are_its_score(
    data: st.DataObject, k: int, recommender: Recommender, starter: Catalogue, queries: st.SearchStrategy[Query]
) -> None:
    query = data.draw(queries)
    fitting = {item.id for item in starter.items if keeps(query, starter, item)}
    assert recommender.count(query) == len(fitting)
    picks = recommender.recommend(query, k)
    assert len(picks) == min(k, len(fitting)) == len(set(ids_of(picks)))
    assert set(ids_of(picks)) <= fitting
    for pick in picks:
        assert pick.score == pytest.approx(sum(reason.weight for reason in pick.reasons), abs=1e-6)
        strengths = [abs(reason.weight) for reason in pick.reasons]
        assert strengths == sorted(strengths, reverse=True)
    ranked = recommender.rank(query, len(starter))
    assert set(ranked) == fitting
    assert ranked[:1] == ids_of(picks)[:1]


@few
@given(data=st.data())
def test_reasons_state_facts_of_the_item_and_cite_the_words_behind_them(
    data: st.DataObject, recommender: Recommender, starter: Catalogue, queries: st.SearchStrategy[Query]
) -> None:
    query = data.draw(queries)
    for pick in recommender.recommend(query, 5):
        for reason in pick.reasons:
            if reason.kind == "facet":
                assert starter.has(pick.item, reason.facet or "", reason.value)
                assert any(
                    (term.belief_id, term.facet, term.evidence) == (reason.belief_id, reason.facet, reason.evidence)
                    # The least typical of a kind counts 0.6 of the most typical.
                    and 0.6 - 1e-6 <= reason.weight / term.weight <= 1 + 1e-6
                    for term in query.terms
                )
            if reason.kind == "number":
                assert starter.number(pick.item, reason.facet or "") is not None
            if reason.kind in {"similar", "liked", "disliked"}:
                assert reason.item_id in {anchor.item_id for anchor in query.anchors}


@few
@given(data=st.data())
def test_ranking_puts_the_higher_score_first(
    data: st.DataObject, recommender: Recommender, starter: Catalogue, queries: st.SearchStrategy[Query]
) -> None:
    query = data.draw(queries)
    scores = {pick.item.id: pick.score for pick in recommender.recommend(query, len(starter))}
    ranked = [scores[item_id] for item_id in recommender.rank(query, len(starter)) if item_id in scores]
    assert all(first >= second - 1e-5 for first, second in pairwise(ranked))


def likeness(recommender: Recommender, picks: Sequence[Recommendation]) -> float:
    """The mean cosine of two picks."""
    vectors = recommender.matrix[[recommender.catalogue.row[pick.item.id] for pick in picks]]
    return float((vectors @ vectors.T)[np.triu_indices(len(picks), 1)].mean())


def test_the_dial_trades_score_for_variety(recommender: Recommender, starter: Catalogue) -> None:
    liked = sorted(starter.items, key=lambda item: -item.popularity)[:40]
    found: dict[Variety, tuple[float, float]] = {}
    for variety in get_args(Variety):
        lists = [
            recommender.recommend(Query(anchors=(Anchor(item_id=item.id, asked=True),), variety=variety), 5)[:4]
            for item in liked
        ]
        alike = float(np.mean([likeness(recommender, picks) for picks in lists]))
        found[variety] = alike, float(np.mean([pick.score for picks in lists for pick in picks]))
    for less, more in pairwise(found.values()):
        assert less[0] > more[0], "less alike at each step"
        assert less[1] > more[1], "and at a price"


@few
@given(data=st.data())
def test_a_surprise_says_so_and_breaks_nothing(
    data: st.DataObject, queries: st.SearchStrategy[Query], recommender: Recommender, starter: Catalogue
) -> None:
    query = data.draw(queries)
    asked = query.model_copy(update=data.draw(st.sampled_from([{"variety": "varied"}, {"surprise": True}])))
    *picks, last = recommender.recommend(asked, 3) or [None]
    marks = [reason for pick in picks if pick for reason in pick.reasons if reason.kind == "variety"]
    assert marks == [], "only the last pick can be one"
    if last is None or not any(reason.kind == "variety" for reason in last.reasons):
        return
    assert len(picks) == 2
    assert broken(starter, query, last.item) == []
    assert last.item.popularity <= np.median(starter.popularity)
    assert last.score == sum(reason.weight for reason in last.reasons)
    assert sum(reason.weight for reason in last.reasons if reason.kind not in {"variety", "popularity"}) > 0
    plain = recommender.recommend(query.model_copy(update={"variety": asked.variety or "balanced"}), 3)
    assert not asked.surprise or all(reason.kind != "variety" for pick in plain for reason in pick.reasons)


def test_a_surprise_stands_in_the_place_of_an_expected_pick(recommender: Recommender) -> None:
    comedies = Query(terms=(Term(facet="genre", value="Comedy", hard=True),))
    surprising = comedies.model_copy(update={"surprise": True})
    usual, with_one = recommender.recommend(comedies, 3), recommender.recommend(surprising, 3)
    assert with_one[:2] == usual[:2]
    surprise = with_one[2]
    lacking = next(reason.weight for reason in surprise.reasons if reason.kind == "variety")
    assert lacking > 0
    assert surprise.score == pytest.approx(usual[2].score)
    assert recommender.recommend(surprising, 1) == usual[:1], "not the only pick"


def test_a_wish_lifts_an_item_among_what_else_is_allowed(recommender: Recommender) -> None:
    query = Query(terms=(Term(facet="genre", value="Western", weight=0.9),))
    pick = recommender.recommend(query, 1)[0].item
    assert recommender.standing(query, pick.id, query) < recommender.standing(Query(), pick.id, query)


@few
@given(data=st.data())
def test_the_same_query_gives_the_same_picks(
    data: st.DataObject, recommender: Recommender, queries: st.SearchStrategy[Query]
) -> None:
    query = data.draw(queries)
    assert recommender.recommend(query, 4) == recommender.recommend(query, 4)


def test_a_named_title_comes_first(recommender: Recommender) -> None:
    assert ids_of(recommender.recommend(Query(title="stalker-1979"), 3))[0] == "stalker-1979"


def test_an_item_with_the_wish_beats_one_without(recommender: Recommender, starter: Catalogue) -> None:
    query = Query(terms=(Term(facet="theme", value="time travel"),))
    picks = recommender.recommend(query, 2)
    assert all("time travel" in starter.values(pick.item, "theme") for pick in picks)


def test_a_disliked_value_lowers_what_has_it(recommender: Recommender, starter: Catalogue) -> None:
    plain = recommender.rank(Query(), len(starter))
    without = recommender.rank(Query(terms=(Term(facet="genre", value="Drama", weight=-0.6),)), len(starter))
    dramas = [item.id for item in starter.items if "Drama" in item.genres]
    assert np.mean([without.index(i) for i in dramas]) > np.mean([plain.index(i) for i in dramas])


def test_an_empty_query_is_the_prior(recommender: Recommender, starter: Catalogue) -> None:
    [best] = recommender.recommend(Query(), 1)
    assert best.item.popularity == max(item.popularity for item in starter.items)
    assert [reason.kind for reason in best.reasons] == ["popularity"]


def test_nothing_allowed_gives_nothing(recommender: Recommender, starter: Catalogue) -> None:
    query = Query(exclude=frozenset(starter.row))
    assert recommender.recommend(query, 3) == []
    assert recommender.rank(query, 3) == []
    assert recommender.count(query) == 0
    assert len(recommender.pool_rows(query, 10)) == 0


def test_ids_that_are_not_in_the_catalogue_are_no_error(recommender: Recommender) -> None:
    query = Query(title="gone", anchors=(Anchor(item_id="gone", asked=True),), exclude=frozenset({"gone"}))
    assert len(recommender.recommend(query, 3)) == 3


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_tiny_catalogue_works_without_any_training(size: int) -> None:
    items = [
        Item(id=str(n), title=f"Salt {n}", facets={"genres": ["Drama"]}, text="A fisherman waits.") for n in range(size)
    ]
    catalogue = Catalogue(load_domain("movies"), items, "d")
    matrix = np.ones((size, 4), dtype=np.float32) / 2
    recommender = Recommender(catalogue, matrix, Lexical.build(catalogue).scores, lambda _: matrix[0])
    query = Query(
        text="fisherman", terms=(Term(facet="genre", value="Drama"),), anchors=(Anchor(item_id="0", asked=True),),
        bounds=(Bound(number="year", low=1990, hard=False),),
    )  # fmt: skip
    picks = recommender.recommend(query, 3)
    assert len(picks) == min(3, size)
    assert all(np.isfinite(pick.score) for pick in picks)


def test_weights_are_what_they_are_called(starter: Catalogue, recommender: Recommender) -> None:
    mute = Recommender(
        starter, recommender.matrix, recommender.bm25, recommender.encode, RankingWeights(popularity=0, facet=2)
    )
    [best] = mute.recommend(Query(terms=(Term(facet="director", value="Sergio Leone", weight=0.5),)), 1)
    assert [(reason.kind, reason.weight) for reason in best.reasons] == [("facet", 1.0)]
