"""Titles that several items bear: told apart by what is known, else asked about once, or said which was meant."""

from __future__ import annotations

import uuid

import pytest

from bot import Bot, Reply
from bot.namesakes import hear
from bot.records import Belief
from bot.state import SessionState
from bot.understand import Understander


def talked(bot: Bot, *said: str) -> tuple[str, Reply]:
    session = uuid.uuid4().hex
    *_, last = [bot.reply(session, text) for text in said]
    return session, last


def item_ids(bot: Bot, session: str) -> set[str]:
    return {belief.item_id for belief in bot.profile(session).all() if belief.item_id}


@pytest.mark.parametrize(
    ("said", "answer", "meant"),
    [
        ("I loved Nosferatu", "the 2024 one", "nosferatu-2024"),
        ("I loved Nosferatu", "1922", "nosferatu-1922"),
        ("I loved Nosferatu", "not the 1922 one", "nosferatu-2024"),
        ("I loved Nosferatu", "the first", "nosferatu-1922"),
        ("I loved Nosferatu", "the last one", "nosferatu-2024"),
        ("I loved Nosferatu", "the newer one", "nosferatu-2024"),
        ("I loved Nosferatu", "older", "nosferatu-1922"),
        ("I loved Nosferatu", "Nosferatu (2024)", "nosferatu-2024"),
        ("I loved Nosferatu", "the one with Max Schreck", "nosferatu-1922"),
        ("I hated Superman", "the 2025 one", "superman-2025"),
        ("something like Superman", "the newer one", "superman-2025"),
        ("Ich liebe Nosferatu", "der neuere", "nosferatu-2024"),
        ("Me encanta Nosferatu", "la primera", "nosferatu-1922"),
        ("J'adore Nosferatu", "celui de 2024", "nosferatu-2024"),
        ("我喜欢 Nosferatu", "第二部", "nosferatu-2024"),
    ],
)
def test_where_fame_is_close_the_person_is_asked_and_the_answer_settles_what_was_said(
    bot: Bot, said: str, answer: str, meant: str
) -> None:
    session, asked = talked(bot, said)
    assert asked.act == "clarify"
    assert len(asked.suggestions) == 2
    assert item_ids(bot, session) == set()
    reply = bot.reply(session, answer)
    assert reply.act == "recommend"
    [belief] = bot.profile(session).all()
    assert belief.item_id == meant
    assert [(proof.turn, proof.quote) for proof in belief.evidence] == [(1, said)]
    assert reply.understanding.text == answer


def test_both_years_are_named_and_can_be_tapped(bot: Bot) -> None:
    session, asked = talked(bot, "I loved Nosferatu")
    assert [tap.label for tap in asked.suggestions] == ["Nosferatu (1922)", "Nosferatu (2024)"]
    assert all(tap.label in asked.text for tap in asked.suggestions)
    bot.reply(session, asked.suggestions[1].text)
    assert item_ids(bot, session) == {"nosferatu-2024"}


def test_a_question_about_an_item_waits_for_which(bot: Bot) -> None:
    _, reply = talked(bot, "who directed Nosferatu?", "the 2024 one")
    assert reply.act == "answer"
    assert "Robert Eggers" in reply.text
    _, reply = talked(bot, "who directed Nosferatu?", "the 2024 one", "how long is it?")
    assert "132" in reply.text


def test_what_else_was_said_holds_at_once_and_once(bot: Bot) -> None:
    session, asked = talked(bot, "I loved Nosferatu, but no horror please")
    assert asked.act == "clarify"
    waiting = {belief.id: belief for belief in bot.profile(session).all()}
    assert set(waiting) == {"genre:horror"}
    bot.reply(session, "1922")
    after = {belief.id: belief for belief in bot.profile(session).all()}
    assert set(after) == {"genre:horror", "item:nosferatu-1922"}
    assert after["genre:horror"] == waiting["genre:horror"]


def test_a_comparison_is_measured_from_the_item_that_was_meant(bot: Bot) -> None:
    session, _ = talked(bot, "something like Superman but shorter", "the newer one")
    shorter = next(belief for belief in bot.profile(session).all() if belief.facet == "minutes")
    minutes = bot.catalogue.number(bot.item("superman-2025"), "minutes")
    assert shorter.item_id == "superman-2025"
    assert shorter.high is not None
    assert minutes is not None
    assert shorter.high < minutes


@pytest.mark.parametrize("other", ["a comedy please", "never mind", "no horror", "whatever", "help"])
def test_anything_else_drops_the_question(bot: Bot, other: str) -> None:
    session, reply = talked(bot, "I loved Nosferatu", other)
    assert "nosferatu" not in reply.text.lower()
    assert item_ids(bot, session) == set()
    assert item_ids(bot, talked(bot, "I loved Nosferatu", other, "1922")[0]) == set()


def test_nobody_is_asked_twice(bot: Bot) -> None:
    session, reply = talked(bot, "I loved Nosferatu", "a comedy please", "I loved Nosferatu")
    assert reply.act == "recommend"
    assert "Nosferatu (1922), not the one from 2024" in reply.text
    assert item_ids(bot, session) == {"nosferatu-1922"}
    assert "not the one" not in bot.reply(session, "I really loved Nosferatu").text


def test_undo_takes_the_answer_back(bot: Bot) -> None:
    session, _ = talked(bot, "a thriller")
    before = bot.profile(session)
    bot.reply(session, "I loved Nosferatu")
    bot.reply(session, "1922")
    undone = bot.reply(session, "undo")
    assert "“1922”" in undone.text
    assert bot.profile(session) == before


def test_a_much_better_known_one_is_taken_and_said_once(bot: Bot) -> None:
    session, reply = talked(bot, "I love Scarface")
    assert reply.act == "recommend"
    assert "Scarface (1983), not the one from 1932" in reply.text
    assert reply.suggestions[0].label == "Scarface (1932)"
    assert item_ids(bot, session) == {"scarface-1983"}
    assert "not the one" not in bot.reply(session, "I really love Scarface").text


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("I love Scarface", "I meant Scarface (1932)"),
        ("I love Scarface", "the 1932 one"),
        ("something like Scarface", "no, the 1932 one"),
        ("Ich liebe Scarface", "ich meinte Scarface (1932)"),
        ("Me encanta Scarface", "me refería a Scarface (1932)"),
        ("J'adore Scarface", "je voulais dire Scarface (1932)"),
        ("我喜欢 Scarface", "我说的是Scarface (1932)"),
    ],
)
def test_what_was_taken_can_be_put_right_and_undone(bot: Bot, said: str, answer: str) -> None:
    session, _ = talked(bot, said)
    before = bot.profile(session)
    bot.reply(session, answer)
    assert item_ids(bot, session) == {"scarface-1932"}
    assert bot.reply(session, "deshacer" if said.startswith("Me") else "undo").act == "undo"
    assert bot.profile(session) == before


def test_after_picks_the_first_one_is_the_first_pick(bot: Bot) -> None:
    session, reply = talked(bot, "I love Scarface")
    first = reply.items[0].item.id
    bot.reply(session, "I've seen the first one")
    assert item_ids(bot, session) == {"scarface-1983", first}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("I loved Nosferatu (2024)", "nosferatu-2024"),
        ("I loved the 1922 Nosferatu", "nosferatu-1922"),
        ("I loved Nosferatu, the 2024 one", "nosferatu-2024"),
        ("I loved Nosferatu with Max Schreck", "nosferatu-1922"),
        ("I loved the old Superman", "superman-1978"),
    ],
)
def test_who_says_enough_is_not_asked(bot: Bot, said: str, meant: str) -> None:
    session, reply = talked(bot, said)
    assert reply.act == "recommend"
    assert "not the one" not in reply.text
    assert meant in item_ids(bot, session)


def test_what_was_spoken_of_or_judged_before_tells_which(bot: Bot) -> None:
    session, _ = talked(bot, "who directed Superman (2025)?", "I've seen Superman")
    assert item_ids(bot, session) == {"superman-2025"}
    session, _ = talked(bot, "I loved Nosferatu (2024)", "start over", "who directed Nosferatu?")
    assert "Eggers" in bot.reply(session, "who directed Nosferatu?").text


def test_why_not_is_about_the_one_that_is_not_shown(bot: Bot) -> None:
    session, _ = talked(bot, "no Al Pacino", "gangster films from the 30s")
    bot.event(session, "click", "scarface-1932")
    assert "Al Pacino" in bot.reply(session, "why not Scarface?").text


def test_a_namesake_that_hardly_anybody_knows_is_not_mentioned(bot: Bot) -> None:
    _, reply = talked(bot, "I loved Beauty and the Beast")
    assert reply.act == "recommend"
    assert "not the one" not in reply.text


def test_understanding_and_ranking_ask_nothing(bot: Bot) -> None:
    assert [m.item_id for m in bot.understand("I loved Nosferatu").mentions] == ["nosferatu-1922"]
    assert "nosferatu-1922" not in bot.rank([("user", "I loved Nosferatu")], 20)


def test_a_written_dialogue_is_answered_as_the_session_was(bot: Bot) -> None:
    _, asked = talked(bot, "I loved Nosferatu")
    turns = [("user", "I loved Nosferatu"), ("assistant", asked.text), ("user", "the second one")]
    *_, done = bot.respond(turns)
    reply = done.data["reply"]
    assert reply.act == "recommend"
    assert [m.item_id for m in reply.understanding.mentions] == ["nosferatu-2024"]


def test_items_that_no_year_tells_apart_are_not_asked_about(understander: Understander) -> None:
    heard = hear("I loved Nosferatu", SessionState(), 1, understander)
    assert heard.doubt is not None
    assert heard.doubt.asks
    seen = Belief(
        id="seen:nosferatu-2024", group="seen", label="Nosferatu", facet="item", value="Nosferatu",
        item_id="nosferatu-2024",
    )  # fmt: skip
    assert hear("I loved Nosferatu", SessionState(beliefs={seen.id: seen}), 1, understander).doubt is None
    assert hear("I loved Heat", SessionState(), 1, understander).doubt is None


def test_a_bound_or_a_refusal_does_not_take_the_other_one(bot: Bot) -> None:
    session, reply = talked(bot, "something like Ocean's Eleven", "after 1960 please")
    assert item_ids(bot, session) == {"oceans-eleven-2001"}
    assert all((pick.item.year or 0) > 1960 for pick in reply.items)
    session, _ = talked(bot, "something like Ocean's Eleven", "not the 1960 one")
    assert "oceans-eleven-2001" in item_ids(bot, session)
