"""Preferences stated outright: what they resolve to, what they do to the picks, and what is refused by name."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import Belief, Bot
from bot.records import Preference
from retrieval.errors import InputError, NotFoundError


def stated(bot: Bot, facet: str, value: str, polarity: float = 1.0, hard: bool = False) -> Belief:
    (belief,) = bot.add(uuid.uuid4().hex, facet, value, polarity, hard).all()
    return belief


@pytest.mark.parametrize(
    ("facet", "value", "polarity", "hard", "expected"),
    [
        ("genre", "comedy", 1, False, ("genre:comedy", "Comedy", "likes", "person")),
        ("genre", "sci fi", 1, True, ("genre:science-fiction", "Science Fiction", "constraints", "session")),
        ("genre", "Horror", -1, True, ("genre:horror", "no Horror", "constraints", "person")),
        ("genre", "Horror", -0.5, False, ("genre:horror", "no Horror", "dislikes", "person")),
        ("decade", "1980s", 1, True, ("year:range", "from the 1980s", "constraints", "session")),
        ("minutes", " <= 120 ", 1, True, ("minutes:range", "at most 120 minutes", "constraints", "session")),
        ("length", "<=120", 1, False, ("minutes:about", "at most 120 minutes", "likes", "person")),
        ("director", "ridley scott", 1, False, ("person:ridley-scott", "directed by Ridley Scott", "likes", "person")),
        ("person", "Ridley Scott", -1, True, ("person:ridley-scott", "no Ridley Scott", "constraints", "person")),
    ],
)
def test_what_is_stated_becomes_the_belief_it_would_be_in_words(
    bot: Bot, facet: str, value: str, polarity: float, hard: bool, expected: tuple[str, str, str, str]
) -> None:
    belief = stated(bot, facet, value, polarity, hard)
    assert (belief.id, belief.label, belief.group, belief.scope) == expected
    assert belief.hard is hard
    assert [(proof.turn, proof.quote) for proof in belief.evidence] == [(0, "")]


def test_every_value_of_the_catalogue_can_be_stated(bot: Bot) -> None:
    for facet in bot.domain.facets:
        for value in list(bot.catalogue.postings(facet))[:20]:
            found = stated(bot, facet, value)
            assert value in bot.catalogue.postings(facet)
            assert found.value == value


@pytest.mark.parametrize(
    ("facet", "value", "polarity", "named"),
    [
        ("smell", "sweet", 1.0, "smell"),
        ("", "sweet", 1.0, "Known: genre"),
        ("item", "Alien", 1.0, "event"),
        ("genre", "Comedxy", 1.0, "Close to it: Comedy"),
        ("director", "Tom Hanks", 1.0, "Tom Hanks"),
        ("genre", "", 1.0, "genre"),
        ("genre", "Comedy", 0.0, "polarity"),
        ("genre", "Comedy", float("nan"), "polarity"),
        ("genre", "x" * 300, 1.0, "300"),
        ("year", "1990-1980", 1.0, "1990-1980"),
        ("year", "lately", 1.0, "lately"),
        ("year", "9" * 190, 1.0, "year"),
        ("minutes", "", 1.0, "minutes"),
    ],
)
def test_what_cannot_be_is_named(bot: Bot, session: str, facet: str, value: str, polarity: float, named: str) -> None:
    with pytest.raises(InputError, match=named):
        bot.add(session, facet, value, polarity)
    assert bot.profile(session).all() == []


@settings(max_examples=60)
@given(facet=st.sampled_from(["genre", "year", "director", "violence", "person", "x"]), value=st.text(max_size=30))
def test_any_value_is_taken_or_refused_politely(bot: Bot, facet: str, value: str) -> None:
    try:
        belief = stated(bot, facet, value)
    except InputError:
        return
    assert belief.label


def test_conditions_hold_in_the_picks(bot: Bot, session: str) -> None:
    bot.add(session, "decade", "1980s", hard=True)
    bot.add(session, "genre", "Comedy", -1, hard=True)
    reply = bot.reply(session, "recommend something")
    assert reply.items
    for pick in reply.items:
        assert pick.item.year is not None
        assert 1980 <= pick.item.year <= 1989
        assert "Comedy" not in pick.item.genres


def test_what_was_stated_is_never_quoted_as_said(bot: Bot, session: str) -> None:
    bot.add(session, "genre", "Comedy", hard=True)
    bot.add(session, "decade", "1980s", hard=True)
    said = [bot.reply(session, text).text for text in (
        "recommend something", "why the first?", "what do you know about me?", "why not Alien?")]  # fmt: skip
    assert not any("“”" in text or "()" in text for text in said)
    assert "you set “Comedy”" in said[3]


def test_an_edit_is_one_step_to_undo(bot: Bot, session: str) -> None:
    before = bot.add(session, "genre", "Western")
    (western,) = before.all()
    added = [Preference(facet="genre", value="Comedy"), Preference(facet="year", value=">=1990", hard=True)]
    after = bot.edit(session, remove=[western.id, western.id], add=added)
    assert [belief.label for belief in after.all()] == ["from 1990 or later", "Comedy"]
    assert "“" in bot.reply(session, "undo").text
    assert bot.profile(session) == before


def test_an_edit_is_made_whole_or_not_at_all(bot: Bot, session: str) -> None:
    before = bot.add(session, "genre", "Western")
    good = Preference(facet="genre", value="Comedy")
    with pytest.raises(NotFoundError, match="no-such"):
        bot.edit(session, remove=["no-such"], add=[good])
    with pytest.raises(InputError, match="Comedxy"):
        bot.edit(session, remove=[before.likes[0].id], add=[good, Preference(facet="genre", value="Comedxy")])
    assert bot.profile(session) == before


def test_in_another_catalogue_its_own_values_count(tmp_path: Path) -> None:
    rows = [{"id": "a", "title": "A", "genres": ["Gadget"]}, {"id": "b", "title": "B", "genres": ["Tool"]}]
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with Bot.create(catalog=path, home=tmp_path / "home", model="none") as bot:
        assert bot.add("s", "genre", "gadget", hard=True).constraints[0].value == "Gadget"
        assert [pick.item.id for pick in bot.reply("s", "recommend something").items] == ["a"]
