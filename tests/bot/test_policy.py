"""The policy: an answer to who asks, picks for who wants, and a question only when nothing is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import Bot
from bot.events import Pick
from bot.policy import decide
from bot.questions import best_question, question_options, value_counts
from bot.records import PERSON_ACTS, Belief, Understanding
from bot.state import SessionState
from retrieval.catalogue import Catalogue
from retrieval.recommend import Recommender

Action = Callable[..., str]
COMEDY = Belief(id="genre:comedy", group="likes", label="Comedy", facet="genre", value="Comedy", relation="wish")


@pytest.fixture(scope="session")
def act(recommender: Recommender) -> Action:
    """The kind of action for some acts in some state."""

    def run(*acts: str, state: SessionState | None = None, open: bool = False, budget: int = 2) -> str:
        said = Understanding(text="x", acts=set(acts), open=open)
        return decide(said, state or SessionState(), recommender, budget).kind

    return run


def test_every_act_of_a_person_leads_somewhere(act: Action) -> None:
    for one in PERSON_ACTS:
        assert act(one, state=SessionState(beliefs={"a": COMEDY}))


@pytest.mark.parametrize(
    ("acts", "kind"),
    [
        (["undo"], "undo"),
        (["reset"], "reset"),
        (["forget"], "forget"),
        (["show_profile"], "show_profile"),
        (["help"], "help"),
        (["why"], "explain"),
        (["why_not"], "why_not"),
        (["compare"], "compare"),
        (["ask_item"], "answer"),
        (["ask_item", "disclose"], "answer"),
        (["ask_catalogue", "disclose"], "catalogue"),
        (["accept"], "accept"),
        (["accept", "thank"], "accept"),
        (["greet"], "greet"),
        (["thank"], "thank"),
        (["thank", "farewell"], "farewell"),
        (["off_topic"], "refuse"),
        (["chitchat"], "chitchat"),
        (["unclear"], "clarify"),
        (["greet", "disclose", "request"], "recommend"),
        (["thank", "more"], "recommend"),
        (["seen"], "recommend"),
        (["critique"], "recommend"),
        (["similar"], "recommend"),
    ],
)
def test_what_is_done_when_something_is_known(act: Action, acts: list[str], kind: str) -> None:
    assert act(*acts, state=SessionState(beliefs={"a": COMEDY}, slate=[Pick(item_id="heat-1995", score=1)])) == kind


def test_a_bare_request_is_met_with_a_question_once_nothing_is_known(act: Action) -> None:
    assert act("request") == "ask"
    assert act("request", state=SessionState(beliefs={"a": COMEDY})) == "recommend"
    assert act("request", state=SessionState(slate=[Pick(item_id="heat-1995", score=1)])) == "recommend"


def test_who_wants_to_be_surprised_is_not_asked(act: Action) -> None:
    assert act("request", open=True) == "recommend"


def test_who_does_not_answer_gets_picks(act: Action) -> None:
    assert act("answer", "request", state=SessionState(asked=["mood"], pending="mood")) == "recommend"


@given(
    acts=st.sets(st.sampled_from(PERSON_ACTS), min_size=1, max_size=4),
    known=st.booleans(),
    shown=st.booleans(),
    asked=st.lists(st.sampled_from(["mood", "genre", "theme", "pace", "language", "country"]), unique=True),
    budget=st.integers(0, 3),
)
@settings(max_examples=80)
def test_a_question_comes_only_when_nothing_is_known_never_twice_and_within_the_budget(
    acts: set[str], known: bool, shown: bool, asked: list[str], budget: int, recommender: Recommender
) -> None:
    state = SessionState(
        beliefs={COMEDY.id: COMEDY} if known else {}, asked=asked,
        slate=[Pick(item_id="heat-1995", score=1)] if shown else [],
    )  # fmt: skip
    action = decide(Understanding(text="x", acts=acts), state, recommender, budget)
    if action.kind == "ask":
        assert not known
        assert not shown
        assert len(asked) < budget
        assert action.facet not in asked
        assert action.facet in recommender.catalogue.domain.facets


def test_a_session_of_bare_requests_asks_no_more_than_the_budget(bot: Bot, session: str) -> None:
    acts = [bot.reply(session, "recommend something").act for _ in range(4)]
    assert acts.count("ask") <= bot.settings.question_budget
    assert acts[-1] == "recommend"


def test_tapping_the_way_out_of_a_question_leads_to_picks(bot: Bot, session: str) -> None:
    asked = bot.reply(session, "what should I watch?")
    assert asked.act == "ask"
    assert bot.reply(session, asked.suggestions[-1].text).act == "recommend"


def test_the_same_question_is_never_put_twice(bot: Bot, session: str) -> None:
    replies = [bot.reply(session, text) for text in ("what do you recommend?", "dunno", "what do you recommend?")]
    questions = [reply.text for reply in replies if reply.act == "ask"]
    assert len(set(questions)) == len(questions)


def test_the_question_divides_the_candidates(recommender: Recommender) -> None:
    facet = best_question(SessionState(), recommender)
    assert facet is not None
    config = recommender.catalogue.domain.facets[facet]
    assert config.askable
    assert config.question
    known = Belief(id="k", group="likes", label="l", facet=facet, value="x")
    assert best_question(SessionState(beliefs={"k": known}), recommender) != facet
    assert best_question(SessionState(asked=[facet]), recommender) != facet


def test_there_is_nothing_to_ask_when_all_was_asked(recommender: Recommender) -> None:
    assert best_question(SessionState(asked=list(recommender.catalogue.domain.facets)), recommender) is None


@pytest.mark.parametrize("facet", ["mood", "genre", "theme"])
def test_the_answers_on_offer_are_understood_and_met(facet: str, bot: Bot, recommender: Recommender) -> None:
    options = question_options(SessionState(), recommender, recommender.catalogue, facet)
    assert len(options) >= 3
    values = sorted(bot.catalogue.postings(facet), key=len, reverse=True)
    for option in options:
        reply = bot.reply(f"option {option.text}", option.text)
        assert reply.act == "recommend", option
        assert reply.items
        if option is not options[-1]:
            value = next(value for value in values if value.lower() in option.text.lower())
            assert all(value in bot.catalogue.values(pick.item, facet) for pick in reply.items), option


def test_counts_are_those_of_the_catalogue(starter: Catalogue) -> None:
    rows = [starter.row["heat-1995"], starter.row["fargo-1996"]]
    assert value_counts(starter, "genre", rows)["Crime"] == 2  # type: ignore[arg-type]
