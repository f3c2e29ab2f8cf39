"""From beliefs to a query: what must not appear never can, whatever is dropped, repeated or relaxed."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import Bot
from bot.beliefs import item_belief
from bot.events import Pick
from bot.querying import build_query, droppable, records_number, required, unverifiable
from bot.records import Belief, Evidence
from bot.state import SessionState
from bot.weighing import limits_content
from retrieval.catalogue import Catalogue
from retrieval.filters import allowed, broken
from retrieval.recommend import Recommender

QUOTED = [Evidence(turn=1, quote="said so")]
VALUES = {
    "genre": ["Comedy", "Horror", "Drama", "Opera"], "person": ["Tom Hanks", "Nobody"], "theme": ["robots", "vampires"],
    "language": ["French", "Klingon"], "mood": ["funny", "bleak"],
}  # fmt: skip
RANGES = {
    "year": (1980, 1995),
    "minutes": (90, 120),
    "violence": (0, 1),
    "light_dark": (0.2, 0.5),
    "suitable_from": (4, 8),
}
ITEMS = ["heat-1995", "up-2009", "alien-1979", "babe-1995"]


@st.composite
def facet_beliefs(draw: st.DrawFn) -> Belief:
    facet = draw(st.sampled_from(sorted(VALUES)))
    value = draw(st.sampled_from(VALUES[facet]))
    polarity = draw(st.sampled_from([-1.0, 1.0]))
    hard = draw(st.booleans())
    return Belief(
        id=f"{facet}:{value}", group="constraints" if hard else "likes" if polarity > 0 else "dislikes", label=value,
        facet=facet, value=value, polarity=polarity, strength=draw(st.sampled_from([0.45, 0.75, 0.9, 1.0])), hard=hard,
        scope=draw(st.sampled_from(["session", "person"])), relation=draw(st.sampled_from(["wish", "taste"])),
        evidence=QUOTED,
    )  # fmt: skip


@st.composite
def range_beliefs(draw: st.DrawFn) -> Belief:
    number = draw(st.sampled_from(sorted(RANGES)))
    low, high = RANGES[number]
    low, high = draw(st.sampled_from([(low, None), (None, high), (low, high)]))
    hard = draw(st.booleans())
    return Belief(
        id=f"{number}:range", group="constraints" if hard else "likes", label=f"{number} so much", facet=number,
        value="range", polarity=draw(st.sampled_from([-1.0, 1.0])), strength=0.9, hard=hard, low=low, high=high,
        relation="wish", evidence=QUOTED,
    )  # fmt: skip


verdicts = st.builds(
    lambda relation, item_id: item_belief(relation, item_id, item_id, QUOTED[0]),
    st.sampled_from(["like", "dislike", "seen", "reject", "similar", "accept"]), st.sampled_from(ITEMS),
)  # fmt: skip


@st.composite
def states(draw: st.DrawFn) -> SessionState:
    found = draw(st.lists(facet_beliefs() | range_beliefs() | verdicts, max_size=6))
    shown = draw(st.lists(st.sampled_from(["jaws-1975", "coco-2017", "up-2009"]), unique=True))
    slate = [Pick(item_id=item_id, score=1) for item_id in shown]
    return SessionState(beliefs={belief.id: belief for belief in found}, slate=slate, shown=shown)


def must_not(state: SessionState) -> list[Belief]:
    return [belief for belief in state.beliefs.values() if belief.hard and belief.polarity < 0]


@given(state=states())
def test_what_was_judged_seen_or_shown_is_excluded(state: SessionState, starter: Catalogue) -> None:
    judged = {belief.item_id for belief in state.beliefs.values() if belief.facet == "item"}
    assert build_query(state, starter).exclude == judged | set(state.shown)
    assert build_query(state, starter, again=True).exclude == judged


@given(state=states())
def test_relaxing_drops_no_exclusion(state: SessionState, starter: Catalogue) -> None:
    offers = droppable(state, starter)
    assert all(belief.polarity > 0 and belief.facet not in {"item", "text"} for belief in offers)
    whole = build_query(state, starter)
    for belief in offers:
        relaxed = build_query(state, starter, without=[belief.id])
        assert relaxed.exclude == whole.exclude
        for kept in must_not(state):
            assert [t for t in relaxed.terms if t.belief_id == kept.id] == [
                t for t in whole.terms if t.belief_id == kept.id
            ]
            assert [b for b in relaxed.bounds if b.belief_id == kept.id] == [
                b for b in whole.bounds if b.belief_id == kept.id
            ]


@given(state=states(), again=st.booleans())
def test_no_pick_breaks_what_is_hard(
    state: SessionState, again: bool, starter: Catalogue, recommender: Recommender
) -> None:
    query = build_query(state, starter, again=again)
    for pick in recommender.recommend(query, 5):
        assert broken(starter, query, pick.item) == []
        for belief in state.beliefs.values():
            if belief.facet == "item":
                assert pick.item.id != belief.item_id
            elif belief.hard and belief.facet in VALUES and belief.polarity < 0:
                assert belief.value not in starter.values(pick.item, belief.facet)


@given(state=states())
def test_a_wish_that_cannot_be_dropped_is_not_required(state: SessionState, starter: Catalogue) -> None:
    """With every droppable wish dropped, only what must not appear and limits of content still rule things out."""
    without = [belief.id for belief in droppable(state, starter)]
    bare = build_query(state, starter, without=without)
    assert all(term.weight < 0 for term in bare.terms if term.hard)
    limits = {belief.id for belief in state.beliefs.values() if limits_content(belief, starter)}
    assert all(bound.weight < 0 or bound.belief_id in limits for bound in bare.bounds if bound.hard)


@given(state=states())
def test_every_part_of_a_query_names_its_belief_and_its_words(state: SessionState, starter: Catalogue) -> None:
    query = build_query(state, starter)
    for part in (*query.terms, *query.bounds, *query.anchors, *query.steers):
        assert part.belief_id in state.beliefs
        assert part.evidence == QUOTED


def held(**changes: object) -> SessionState:
    belief = Belief.model_validate(
        {"id": "b", "group": "likes", "label": "l", "facet": "genre", "value": "Comedy", "evidence": QUOTED} | changes
    )
    return SessionState(beliefs={"b": belief})


@pytest.mark.parametrize(
    ("changes", "hard"),
    [
        ({"relation": "wish", "strength": 0.9}, True),
        ({"relation": "wish", "strength": 0.6}, False),
        ({"relation": "wish", "strength": 0.9, "scope": "person"}, False),
        ({"relation": "taste", "strength": 0.9}, False),
        ({"relation": "wish", "strength": 0.9, "facet": "mood", "value": "funny"}, False),
        ({"relation": "wish", "strength": 0.9, "facet": "person", "value": "Tom Hanks"}, True),
        ({"relation": "wish", "strength": 0.9, "polarity": -1.0}, False),
        ({"hard": True, "polarity": -1.0}, True),
    ],
)
def test_a_wish_for_a_kind_or_a_person_is_required_a_taste_is_not(
    changes: dict[str, object], hard: bool, starter: Catalogue
) -> None:
    state = held(**changes)
    assert required(state.beliefs["b"], starter) is hard
    terms = build_query(state, starter).terms
    assert {term.hard for term in terms if term.value == state.beliefs["b"].value} == {hard}


def test_what_nobody_can_check_is_said(starter: Catalogue) -> None:
    bare = Catalogue(
        starter.domain, [item.model_copy(update={"numbers": {}, "facets": {}}) for item in starter.items], "d"
    )
    state = held(facet="minutes", value="<=90", high=90, hard=True, group="constraints")
    assert not records_number(bare, "minutes")
    assert unverifiable(state, bare) == [state.beliefs["b"]]
    assert unverifiable(state, starter) == []
    assert allowed(bare, build_query(state, bare)).all()
    language = held(facet="language", value="French", hard=True, group="constraints")
    assert unverifiable(language, bare) == [language.beliefs["b"]]


def test_a_quality_without_a_field_becomes_a_direction_in_text(starter: Catalogue) -> None:
    bare = Catalogue(
        starter.domain, [item.model_copy(update={"numbers": {}, "facets": {}}) for item in starter.items], "d"
    )
    [steer] = build_query(held(facet="light_dark", value="<=0.4", high=0.4), bare).steers
    assert steer.weight > 0
    assert "light" in steer.text
    [steer] = build_query(held(facet="mood", value="bleak", polarity=-1.0), bare).steers
    assert steer.weight < 0
    assert "bleak" in steer.text


def test_unknown_names_are_not_searched_as_values(starter: Catalogue) -> None:
    state = held(group="unresolved", facet="person", value="Gortrude Plimsworth")
    query = build_query(state, starter)
    assert query.terms == query.steers == ()
    assert query.text == ""


def test_less_sad_is_against_what_goes_with_sadness(bot: Bot) -> None:
    session = uuid.uuid4().hex
    reply = bot.reply(session, "something like Arrival but less sad")
    replies = [reply, *(bot.reply(session, "more") for _ in range(2))]
    picks = [pick for one in replies for pick in one.items]
    assert len(picks) == 9
    assert not any("grief" in one.text or "loss of a child" in one.text for one in replies)
    assert sum("grief" in bot.catalogue.values(pick.item, "theme") for pick in picks) <= 1


def test_who_bans_a_kind_bans_its_kin_unless_it_is_wished_for(starter: Catalogue) -> None:
    ban = {"polarity": -1.0, "hard": True, "group": "constraints", "relation": "rule"}
    state = held(facet="genre", value="Romance", **ban)
    values = {term.value for term in build_query(state, starter).terms}
    assert values == {"Romance", "Romantic Comedy"}
    wish = Belief(id="w", group="likes", label="w", facet="genre", value="Romantic Comedy", relation="wish")
    state.beliefs["w"] = wish
    unwanted = {term.value for term in build_query(state, starter).terms if term.weight < 0}
    assert unwanted == {"Romance"}


@pytest.mark.parametrize(("strength", "ruled_out"), [(0.75, {"brisk", "frantic"}), (0.5, set())])
def test_a_plain_wish_for_a_pace_rules_its_opposite_out(
    strength: float, ruled_out: set[str], starter: Catalogue
) -> None:
    state = held(facet="pace", value="slow", group="likes", relation="wish", strength=strength)
    terms = build_query(state, starter).terms
    assert {term.value for term in terms if term.hard and term.weight < 0} == ruled_out
    assert [b.id for b in droppable(state, starter)] == (["b"] if ruled_out else [])
