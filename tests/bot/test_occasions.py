"""What a list is for is heard in passing, guides gently, shows as a reason with the words, and gives way."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot import Bot
from bot.beliefs import update
from bot.events import Believed
from bot.querying import build_query
from bot.records import Belief, Occasion, Understanding
from bot.state import SessionState
from bot.text import fold
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.domain import translated, translations

MOOD = 0.75  # the strength of a mood that is asked for


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("something for a date night", ["for two"]),
        ("me and my wife want a thriller", ["for two"]),
        ("a film to watch with my parents", ["parents"]),
        ("my mother-in-law is visiting", ["parents"]),
        ("girls' night!", ["friends"]),
        ("I'm home alone tonight", ["alone"]),
        ("something before bed", ["late at night"]),
        ("quick one on my lunch break", ["lunch break"]),
        ("It's a rainy Sunday", ["day in"]),
        ("after a hard week", ["hard day"]),
        ("I need to turn my brain off", ["hard day"]),
        ("I'm sick in bed with the flu", ["ill in bed"]),
        ("just broke up with my boyfriend", ["break-up"]),
        ("something for Christmas with my parents", ["parents", "Christmas"]),
        ("it's Halloween", ["Halloween"]),
        ("something for Valentine's Day", ["Valentine's Day"]),
        ("a warm summer evening", ["summer"]),
        ("algo para una cita", ["for two"]),
        ("he tenido una semana muy dura", ["hard day"]),
        ("algo para Navidad con mis padres", ["parents", "Christmas"]),
        ("un film pour Noël", ["Christmas"]),
        ("il pleut dehors, on regarde quoi ?", ["day in"]),
        ("une soirée avec ma copine", ["for two"]),
        ("für einen verregneten Sonntag", ["day in"]),
        ("ich hatte eine anstrengende Woche", ["hard day"]),
        ("etwas mit meinen Eltern", ["parents"]),
        ("和女朋友一起看的电影", ["for two"]),
        ("累了一天想看点轻松的", ["hard day"]),
        ("万圣节看什么好", ["Halloween"]),
    ],
)
def test_an_occasion_is_heard(said: str, names: list[str], understander: Understander) -> None:
    heard = understander.understand(said)
    assert sorted(one.name for one in heard.occasions) == sorted(names)
    assert all(one.quote in said for one in heard.occasions)
    assert "unclear" not in heard.acts


@pytest.mark.parametrize(
    "said",
    [
        "not with my parents", "I'm not alone tonight", "it's not a date night", "no estoy con mis padres",
        "something sad about a break-up", "a film about a summer holiday", "movies set at Christmas",
        "a christmas movie", "no Christmas films", "something like Halloween", "have you seen Halloween?",
        "I loved Home Alone", "I saw Heat with my mom", "looking for Christmas movies",
        "a romantic comedy", "my wife hates horror", "for the kids",
        "is it good for a date night?", "why did you pick that for a date night?",
    ],
)  # fmt: skip
def test_what_is_no_occasion_is_none(said: str, understander: Understander) -> None:
    assert understander.understand(said).occasions == []


def test_the_words_of_an_occasion_are_nothing_else(understander: Understander) -> None:
    for said in ("something for Halloween", "something for Christmas", "something for Valentine's Day"):
        heard = understander.understand(said)
        assert (heard.preferences, heard.mentions, heard.entities, heard.search) == ([], [], [], "")
        assert not heard.acts & {"similar", "like"}
    beside = understander.understand("Die Hard for Christmas Eve, or a comedy")
    assert [mention.title for mention in beside.mentions] == ["Die Hard"]
    assert [one.value for one in beside.preferences] == ["Comedy"]


class TestDeclared:
    def test_what_suits_is_in_the_catalogue(self, starter: Catalogue) -> None:
        for occasion in starter.domain.occasions.values():
            for facet, fits in occasion.suits.items():
                assert set(fits) <= set(starter.postings(facet))
            assert set(occasion.at_most) <= set(starter.domain.numbers)

    def test_every_language_can_hear_and_say_it(self, starter: Catalogue) -> None:
        for language in translations(starter.domain)[1:]:
            other = translated(starter.domain, language)
            assert list(other.occasions) == list(starter.domain.occasions)
            for name, occasion in other.occasions.items():
                assert occasion.said, f"{name} in {language}"
                assert occasion.label != starter.domain.occasions[name].label
                assert occasion.suits == starter.domain.occasions[name].suits

    def test_the_patterns_are_as_text_is_seen(self, starter: Catalogue) -> None:
        for language in translations(starter.domain):
            for occasion in translated(starter.domain, language).occasions.values():
                for pattern in occasion.said:
                    assert fold(pattern) == pattern
                    assert re.compile(pattern).match("") is None

    def test_all_that_suits_together_is_less_than_one_mood_that_is_asked_for(self, bot: Bot) -> None:
        for name in bot.domain.occasions:
            state = SessionState(beliefs={"x": said_belief(bot, name)})
            query = build_query(state, bot.catalogue)
            assert not any(term.hard for term in query.terms)
            assert not any(bound.hard for bound in query.bounds)
            for item in bot.catalogue.items:
                gained = sum(
                    term.weight for term in query.terms
                    if term.weight > 0 and term.value in bot.catalogue.values(item, term.facet)
                )  # fmt: skip
                assert gained < MOOD, f"{name}: {item.title}"


def said_belief(bot: Bot, name: str) -> Belief:
    heard = Understanding(text=name, acts={"disclose"}, occasions=[Occasion(name=name, quote=name)])
    [event] = update(heard, SessionState(), bot.catalogue, 1)
    assert isinstance(event, Believed)
    return event.belief


class TestInADialogue:
    def test_it_is_a_reason_with_the_words(self, bot: Bot, session: str) -> None:
        reply = bot.reply(session, "something for a date night")
        assert reply.act == "recommend"
        for pick in reply.items:
            parts = [reason for reason in pick.reasons if reason.belief_id == "occasion:for-2"]
            assert "romantic" in [part.value for part in parts if part.weight > 0]
            assert {proof.quote for part in parts for proof in part.evidence} == {"for a date night"}
        assert "“for a date night”" in bot.reply(session, "why the first one?").text

    def test_what_is_said_outright_wins(self, bot: Bot, session: str) -> None:
        bot.reply(session, "after a hard week")
        picks = bot.reply(session, "something bleak and disturbing").items
        assert all({"bleak", "disturbing"} & set(bot.catalogue.values(pick.item, "mood")) for pick in picks)
        query = build_query(replace(bot._state(session)), bot.catalogue)
        assert [term.weight > 0 for term in query.terms if term.value in {"bleak", "disturbing"}] == [True, True]

    def test_of_a_kind_the_last_one_holds_and_kinds_stand_together(self, bot: Bot, session: str) -> None:
        bot.reply(session, "something for Christmas with my parents")
        bot.reply(session, "actually with friends")
        labels = [belief.label for belief in bot.profile(session).likes]
        assert labels == ["for Christmas", "with friends"]
        reply = bot.reply(session, "what do you know about me?")
        assert "This is for Christmas (“for Christmas”) and with friends (“with friends”)." in reply.text

    def test_it_outlives_a_new_need_and_ends_when_the_need_is_met(self, bot: Bot, session: str) -> None:
        bot.reply(session, "it's Halloween")
        picks = bot.reply(session, "something like Beetlejuice").items
        assert "occasion:halloween" in [belief.id for belief in bot.profile(session).likes]
        bot.event(session, "purchase", picks[0].item.id)
        assert [belief.relation for belief in bot.profile(session).likes] == ["accept"]
        assert f"With {picks[0].item.title} settled" in bot.reply(session, "what else is there?").text

    def test_it_is_of_the_session_and_can_be_undone_and_dropped(self, bot: Bot, session: str) -> None:
        bot.reply(session, "a comedy", person=f"person of {session}")
        before = bot.profile(session)
        bot.reply(session, "for a date night")
        assert bot.profile(session) != before
        bot.reply(session, "undo")
        assert bot.profile(session) == before
        bot.reply(session, "with friends")
        bot.reply(session, "forget the friends")
        assert bot.profile(session) == before
        bot.reply(session, "it's a rainy Sunday")
        bot.open(f"{session} later", f"person of {session}")
        assert bot.profile(f"{session} later").likes == []

    def test_children_are_still_a_limit(self, bot: Bot, session: str) -> None:
        bot.reply(session, "something for Halloween")
        picks = bot.reply(session, "with the kids").items
        assert picks
        assert all(pick.item.numbers["suitable_from"] <= 8 for pick in picks)
        assert any("eerie" in [reason.value for reason in pick.reasons] for pick in picks)
