"""From what was understood to what is believed: the newest word wins, and the words behind a belief are kept."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.beliefs import item_belief, slug, update
from bot.events import Believed, Logged, Pick, Shown
from bot.querying import build_query
from bot.records import Belief, Evidence
from bot.state import SessionState, fold
from bot.understand import Understander
from retrieval.catalogue import Catalogue

PARTS = [
    "i loved heat", "no horror", "older", "something like up", "from the 80s", "seen jaws", "with tom hanks",
    "by kubrick", "not too long", "the second one", "less sad", "for my 6 year old", "a comedy", "zxqv", "Zed Ozz",
]  # fmt: skip
Talk = Callable[..., SessionState]


@pytest.fixture(scope="session")
def talk(starter: Catalogue, understander: Understander) -> Talk:
    """What is believed after some utterances; `slate` is on screen all along."""

    def run(*utterances: str, slate: tuple[str, ...] = ()) -> SessionState:
        log: list[Logged] = []
        for turn, text in enumerate(utterances, start=1):
            shown = Shown(picks=[Pick(item_id=item_id, score=1) for item_id in slate])
            log.append(Logged(session_id="s", turn=turn, step=turn, event=shown))
            state = fold(log, "s")
            events = update(understander.understand(text, state.context()), state, starter, turn)
            log += [Logged(session_id="s", turn=turn, step=turn, event=event) for event in events]
        return fold(log, "s")

    return run


def wanted(state: SessionState, facet: str = "genre") -> set[str]:
    return {b.value for b in state.beliefs.values() if b.facet == facet and b.polarity > 0}


def unwanted(state: SessionState, facet: str = "genre") -> set[str]:
    return {b.value for b in state.beliefs.values() if b.facet == facet and b.polarity < 0}


def the(state: SessionState, facet: str) -> Belief:
    [belief] = [belief for belief in state.beliefs.values() if belief.facet == facet]
    return belief


def test_a_wish_an_exclusion_and_a_limit(talk: Talk) -> None:
    state = talk("a comedy under two hours, no horror")
    assert wanted(state) == {"Comedy"}
    assert unwanted(state) == {"Horror"}
    assert the(state, "minutes").high == 120
    profile = state.profile()
    assert {belief.label for belief in profile.constraints} == {"no Horror", "at most 120 minutes"}
    assert [belief.value for belief in profile.likes] == ["Comedy"]


def test_an_exclusion_is_hard(talk: Talk) -> None:
    assert all(belief.hard for belief in talk("no horror and no war").beliefs.values())


def test_the_newest_word_on_a_thing_wins(talk: Talk) -> None:
    assert unwanted(talk("I love horror", "no horror")) == {"Horror"}
    assert wanted(talk("no horror", "ok, horror then")) == {"Horror"}
    assert unwanted(talk("no horror", "ok, horror then")) == set()


def test_every_quote_that_led_to_a_belief_is_kept(talk: Talk) -> None:
    belief = the(talk("no horror", "really, no horror please"), "genre")
    assert [quote.turn for quote in belief.evidence] == [1, 2]
    assert all("no horror" in quote.quote for quote in belief.evidence)


def test_a_change_of_mind_keeps_both_sides(talk: Talk) -> None:
    belief = the(talk("I love horror", "I can't stand horror"), "genre")
    assert belief.polarity < 0
    assert [(proof.turn, proof.quote, proof.contrary) for proof in belief.evidence] == [
        (1, "I love horror", True), (2, "I can't stand horror", False)
    ]  # fmt: skip
    assert belief.confidence < the(talk("I can't stand horror"), "genre").confidence == 1.0


def test_a_mind_changed_twice_turns_the_evidence_twice(talk: Talk) -> None:
    belief = the(talk("I love horror", "I can't stand horror", "I love horror"), "genre")
    assert belief.polarity > 0
    assert [(proof.turn, proof.contrary) for proof in belief.evidence] == [(1, False), (2, True), (3, False)]
    item = talk("I loved Heat", "I hated Heat").beliefs["item:heat-1995"]
    assert [(proof.turn, proof.contrary) for proof in item.evidence] == [(1, True), (2, False)]


def test_no_reason_cites_what_was_said_against_it(talk: Talk, starter: Catalogue) -> None:
    query = build_query(talk("I love horror", "I can't stand horror"), starter)
    assert [proof.quote for term in query.terms for proof in term.evidence] == ["I can't stand horror"]


def test_quotes_are_words_that_were_said(talk: Talk) -> None:
    text = "I loved Heat, but nothing too violent tonight; a comedy with Bill Murray under two hours would do"
    for belief in talk(text).beliefs.values():
        for quote in belief.evidence:
            assert quote.turn == 1
            assert quote.quote in text


def test_a_new_wish_for_a_kind_replaces_the_old_one(talk: Talk) -> None:
    assert wanted(talk("a comedy", "a western")) == {"Western"}


def test_a_second_wish_can_be_added(talk: Talk) -> None:
    assert wanted(talk("a comedy", "also a western")) == {"Comedy", "Western"}


def test_a_new_wish_leaves_exclusions_and_lasting_tastes_alone(talk: Talk) -> None:
    state = talk("I hate musicals", "no war", "a comedy", "a western")
    assert unwanted(state) == {"Musical", "War"}
    assert wanted(talk("I love thrillers", "a comedy", "a western")) == {"Thriller", "Western"}


def test_seen_is_not_liked(talk: Talk) -> None:
    profile = talk("I saw Inception last week").profile()
    assert [belief.value for belief in profile.seen] == ["Inception"]
    assert profile.likes == profile.dislikes == []


def test_seen_and_liked_are_two_beliefs(talk: Talk) -> None:
    profile = talk("I've seen Fargo and loved it").profile()
    assert [belief.item_id for belief in profile.seen] == ["fargo-1996"]
    assert [belief.item_id for belief in profile.likes] == ["fargo-1996"]


def test_a_changed_verdict_is_one_verdict(talk: Talk) -> None:
    profile = talk("I loved Heat", "I hated Heat").profile()
    assert [belief.value for belief in profile.dislikes] == ["Heat"]
    assert profile.likes == []


def test_what_was_said_of_an_item_for_good_lasts_and_an_example_does_not(talk: Talk) -> None:
    scopes = {belief.id: belief.scope for belief in talk("I loved Heat", "something like Arrival").beliefs.values()}
    assert scopes == {"item:heat-1995": "person", "similar:arrival-2016": "session"}


def test_the_latest_example_is_the_one_to_follow(talk: Talk) -> None:
    state = talk("something like Arrival", "something like Heat")
    assert [b.item_id for b in state.beliefs.values() if b.relation == "similar"] == ["heat-1995"]


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ("after 1980", "before 1990", 1981, 1989),
        ("before 1990", "after 1980", 1981, 1989),
        ("from the 80s", "from the 90s", 1990, 1999),
        ("before 1990", "before 1970", None, 1969),
        ("after 1990", "before 1970", None, 1969),
        ("from the 80s", "before 1985", 1980, 1984),
        ("from the 80s", "after 1990", 1991, None),
    ],
)
def test_limits_that_face_each_other_are_joined_and_others_replaced(
    talk: Talk, first: str, second: str, low: float | None, high: float | None
) -> None:
    year = the(talk(f"films {first}", f"films {second}"), "year")
    assert (year.low, year.high) == (low, high)


@pytest.mark.parametrize(
    ("text", "number", "better"),
    [
        ("shorter please", "minutes", lambda value, on_screen: value < min(on_screen)),
        ("longer", "minutes", lambda value, on_screen: value > max(on_screen)),
        ("something newer", "year", lambda value, on_screen: value > max(on_screen)),
        ("older", "year", lambda value, on_screen: value < min(on_screen)),
        ("less violent", "violence", lambda value, on_screen: value < min(on_screen)),
        ("funnier", "funny_serious", lambda value, on_screen: value < min(on_screen)),
    ],
)
def test_a_critique_moves_on_from_what_is_on_screen(
    talk: Talk, starter: Catalogue, text: str, number: str, better: Callable[[float, list[float]], bool]
) -> None:
    belief = the(talk(text, slate=("heat-1995",)), number)
    on_screen = [starter.number(starter.get("heat-1995"), number) or 0]
    edge = belief.high if belief.high is not None else belief.low
    assert (belief.high is None) != (belief.low is None)
    assert edge is not None
    assert better(edge, on_screen)
    assert belief.hard


def test_a_critique_of_an_example_is_measured_from_it(talk: Talk, starter: Catalogue) -> None:
    belief = the(talk("like Solaris but shorter", slate=("heat-1995",)), "minutes")
    solaris = starter.number(starter.get("solaris-1972"), "minutes")
    assert belief.item_id == "solaris-1972"
    assert belief.high is not None
    assert solaris is not None
    assert belief.high < solaris


def test_a_comparison_stands_beside_the_limit_that_was_said(talk: Talk) -> None:
    state = talk("under 100 minutes", "longer", slate=("toy-story-1995",))
    limit, longer = sorted((b for b in state.beliefs.values() if b.facet == "minutes"), key=lambda b: b.low is not None)
    assert (limit.high, limit.low, limit.hard) == (100, None, True)
    assert longer.low is not None
    assert longer.high is None


def test_a_comparison_takes_the_place_of_a_limit_that_leaves_it_no_room(talk: Talk) -> None:
    year = the(talk("before 1960", "newer", slate=("heat-1995",)), "year")
    assert (year.low, year.high) == (1996, None)


def test_a_limit_makes_an_earlier_comparison_needless(talk: Talk) -> None:
    assert the(talk("shorter", "under two hours", slate=("up-2009",)), "minutes").high == 120


def test_what_was_ruled_out_outlives_a_new_need(talk: Talk) -> None:
    for rule, number in (("nothing scary", "frightening"), ("for my 6 year old", "suitable_from")):
        assert the(talk(rule, "a western from the 50s"), number).hard
    assert "minutes" not in {b.facet for b in talk("under two hours", "a western from the 50s").beliefs.values()}


def test_a_rule_and_a_wish_for_the_same_number_both_hold(talk: Talk) -> None:
    state = talk("nothing after 1990", "from the 70s", "forget from the 70s")
    assert any(belief.relation == "rule" and belief.facet == "year" for belief in state.beliefs.values())


def test_the_newest_word_on_a_period_wins_over_what_ruled_it_out(talk: Talk) -> None:
    assert the(talk("not from the 60s", "from the 60s"), "year").polarity > 0
    assert the(talk("from the 60s", "not from the 60s"), "year").polarity < 0


def test_a_quality_loosens_no_number_that_was_said(talk: Talk) -> None:
    assert the(talk("for my 6 year old", "something kid-friendly"), "suitable_from").high == 6
    limits = [
        b for b in talk("nothing after 1960", "something recent").beliefs.values() if b.facet == "year" and b.hard
    ]
    assert len(limits) == 1


def test_not_too_much_of_something_is_a_limit_with_nothing_to_compare_it_to(talk: Talk) -> None:
    belief = the(talk("nothing too violent"), "violence")
    assert belief.hard
    assert belief.high is not None
    assert belief.high < 3


def test_a_mild_word_against_something_does_not_soften_what_was_ruled_out(talk: Talk) -> None:
    assert the(talk("no horror", "I don't like horror"), "genre").hard
    judged = talk("I hated the first one", "not the first one", slate=("heat-1995",)).beliefs["item:heat-1995"]
    assert (judged.relation, judged.scope) == ("dislike", "person")


@pytest.mark.parametrize("said", [("I love westerns", "it must be a western"), ("a western", "I love westerns")])
def test_a_wish_for_tonight_and_a_lasting_taste_are_two_beliefs(talk: Talk, said: tuple[str, str]) -> None:
    westerns = [belief for belief in talk(*said).beliefs.values() if belief.value == "Western"]
    assert {(belief.relation, belief.scope) for belief in westerns} == {("wish", "session"), ("taste", "person")}
    assert unwanted(talk(*said, "no westerns")) == {"Western"}
    assert wanted(talk(*said, "no westerns")) == set()


def test_a_left_over_word_is_no_new_need(talk: Talk) -> None:
    assert the(talk("from the 80s", "hm, a zxqv western"), "year").low == 1980
    assert the(talk("from the 80s", "zxqv, no westerns"), "year").low == 1980


def test_a_name_that_is_not_in_the_catalogue_is_kept_apart(talk: Talk) -> None:
    profile = talk("anything with Gortrude Plimsworth in it").profile()
    assert [belief.value for belief in profile.unresolved] == ["Gortrude Plimsworth"]
    assert profile.likes == profile.dislikes == []


def test_small_talk_leads_to_no_belief(talk: Talk) -> None:
    for text in ("hi", "thanks", "good evening", "bye", "how are you?", "ok", "who directed Alien?", "help"):
        assert talk(text).beliefs == {}, text


@pytest.mark.parametrize(
    ("relation", "group", "sign"),
    [
        ("like", "likes", 1),
        ("accept", "likes", 1),
        ("similar", "likes", 1),
        ("dislike", "dislikes", -1),
        ("reject", "dislikes", -1),
        ("seen", "seen", 0),
    ],
)
def test_a_verdict_on_an_item(relation: str, group: str, sign: int) -> None:
    belief = item_belief(relation, "heat-1995", "Heat", Evidence(turn=1, quote="Heat"))
    assert (belief.group, belief.item_id, belief.facet) == (group, "heat-1995", "item")
    assert (belief.polarity > 0) - (belief.polarity < 0) == sign
    assert belief.evidence


@given(st.text(max_size=200))
def test_a_slug_is_a_plain_id(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9-])?", slug(text))


@given(data=st.data())
def test_any_talk_gives_readable_beliefs_with_evidence(data: st.DataObject, talk: Talk) -> None:
    said = data.draw(st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map(", ".join), max_size=4))
    state = talk(*said, slate=("heat-1995", "up-2009"))
    for key, belief in state.beliefs.items():
        assert belief.id == key
        assert belief.label.strip()
        assert 0 <= belief.strength <= 1
        assert -1 <= belief.polarity <= 1
        assert belief.evidence
        assert not belief.evidence[-1].contrary
        assert 0 < belief.confidence <= 1
        assert belief.low is None or belief.high is None or belief.low <= belief.high


def test_events_are_beliefs_of_the_turn(starter: Catalogue, understander: Understander) -> None:
    events = update(understander.understand("a comedy"), SessionState(), starter, 7)
    assert [event.belief.evidence[0].turn for event in events if isinstance(event, Believed)] == [7]
