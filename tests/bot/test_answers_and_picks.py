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


def test_like_it_means_what_was_just_loved(bot: Bot, session: str) -> None:
    bot.reply(session, "a scary horror film")
    bot.reply(session, "I loved The Thing")
    reply = bot.reply(session, "something like it but newer")
    likened = [belief for belief in bot.profile(session).all() if belief.relation == "similar"]
    assert [belief.item_id for belief in likened] == ["the-thing-1982"]
    assert all((pick.item.year or 0) > 1982 for pick in reply.items)


@pytest.mark.parametrize(
    ("said", "facet", "value"),
    [
        ("meine Frau hasst Musicals", "genre", "Musical"),
        ("meine Tochter hat Angst vor Horrorfilmen", "genre", "Horror"),
        ("un film pour ce soir, ma femme déteste les comédies musicales", "genre", "Musical"),
        ("mon mari n'aime pas les westerns", "genre", "Western"),
        ("una película para esta noche, mi mujer odia los musicales", "genre", "Musical"),
        ("我妈妈不喜欢恐怖片", "genre", "Horror"),
        ("my wife loves romance but hates musicals", "genre", "Musical"),
    ],
)
def test_what_the_company_cannot_stand_is_ruled_out(said: str, facet: str, value: str, bot: Bot, session: str) -> None:
    bot.reply(session, said)
    ruled_out = {(belief.facet, belief.value) for belief in bot.profile(session).all() if belief.polarity < 0}
    wished = {(belief.facet, belief.value) for belief in bot.profile(session).all() if belief.polarity > 0}
    assert (facet, value) in ruled_out
    assert (facet, value) not in wished


def test_telling_of_a_dislike_is_no_occasion(bot: Bot, session: str) -> None:
    bot.reply(session, "no clowns, and my wife hates musicals")
    assert [belief.label for belief in bot.profile(session).all() if belief.relation == "occasion"] == []
    bot.reply(session, "something for me and my wife")
    assert [belief.label for belief in bot.profile(session).all() if belief.relation == "occasion"] == ["for two"]


def test_all_of_theirs_is_seen(bot: Bot, session: str) -> None:
    bot.reply(session, "something by Christopher Nolan")
    bot.reply(session, "I've seen everything by him")
    seen = {belief.item_id for belief in bot.profile(session).seen}
    assert seen >= {"inception-2010", "memento-2000", "dunkirk-2017"}


def test_swearing_is_called_by_its_name(bot: Bot, session: str) -> None:
    bot.reply(session, "a comedy without swearing")
    assert "no swearing" in {belief.label for belief in bot.profile(session).all()}
