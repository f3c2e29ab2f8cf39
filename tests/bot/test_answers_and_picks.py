"""Replies to what the catalogue does not know, and to a question that comes with a wish."""

from __future__ import annotations

import pytest

from bot import Bot


@pytest.mark.parametrize(
    ("said", "unknown"), [("no clowns", "clowns"), ("I'm scared of spiders", "spiders"), ("no disney", "disney")]
)
def test_what_cannot_be_ruled_out_is_said_and_not_recommended(said: str, unknown: str, bot: Bot, session: str) -> None:
    bot.reply(session, "something funny")
    reply = bot.reply(session, said)
    assert f"“{unknown}”" in reply.text
    assert reply.items
    assert reply.understanding.search == ""
    assert [belief.value for belief in bot.profile(session).all() if belief.relation == "wish"] == ["funny"]


@pytest.mark.parametrize(
    ("said", "title"),
    [("was tenet any good?", "tenet"), ("is manchester by the sea too sad?", "manchester by the sea"),
     ("who directed Nickel Boys?", "Nickel Boys")],
)  # fmt: skip
def test_a_question_about_an_unknown_title_is_not_answered_with_another(
    said: str, title: str, bot: Bot, session: str
) -> None:
    shown = bot.reply(session, "a sad drama").items
    reply = bot.reply(session, said)
    assert reply.act == "answer"
    assert f"“{title}”" in reply.text
    assert not any(pick.item.title in reply.text for pick in shown)


def test_a_question_about_a_series_is_about_its_first_part(bot: Bot, session: str) -> None:
    assert "The Godfather (1972)" in bot.reply(session, "how long is the godfather series?").text


def test_a_question_and_a_wish_get_the_answer_and_the_picks(bot: Bot, session: str) -> None:
    first = bot.reply(session, "something funny").items[0].item
    reply = bot.reply(session, "how long is the first one? and show me something shorter")
    assert f"{first.title} ({first.year}) runs {first.numbers['minutes']:g} minutes." in reply.text
    assert reply.items
    assert all(pick.item.numbers["minutes"] < first.numbers["minutes"] for pick in reply.items)
    assert first.title not in {pick.item.title for pick in reply.items}


def test_a_question_alone_gets_no_picks(bot: Bot, session: str) -> None:
    bot.reply(session, "something funny")
    reply = bot.reply(session, "who is in the second one, and how long is it?")
    assert (reply.act, reply.items) == ("answer", [])


def test_a_bound_joins_the_one_from_the_other_side(bot: Bot, session: str) -> None:
    bot.reply(session, "at least 90 minutes")
    bot.reply(session, "not Clint Eastwood again; no longer than 100 minutes!")
    (bound,) = [belief for belief in bot.profile(session).all() if belief.facet == "minutes"]
    assert (bound.low, bound.high) == (90, 100)
