"""Trends: what many do with an item shows a little and fades; nobody is in the counts, and whoever is erased leaves."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import Bot
from bot.events import Tapped
from bot.querying import build_query
from bot.state import SessionState
from bot.store import Store
from bot.trending import Trends
from retrieval.recommend import Recommender

ROW = {"a": 0, "b": 1}
NOW = datetime.now(UTC)


def click(store: Store, person: str, item_id: str = "a", heat: float = 1.0, session: str = "") -> None:
    session = session or f"of {person}"
    owner = store.person_of(session, person)
    steps = [entry.step for entry in store.log(owner) if entry.session_id == session]
    store.append(session, owner, 0, max(steps, default=0) + 1, [Tapped(tap="click", item_id=item_id, heat=heat)])


def crowd(store: Store, size: int) -> None:
    for number in range(size):
        click(store, f"person {number}")


def test_where_nobody_did_anything_nothing_trends() -> None:
    trends = Trends(Store("sqlite://"), ROW, 7.0)
    assert trends(NOW).tolist() == [0.0, 0.0]


def test_a_few_people_are_no_trend_and_many_are() -> None:
    store = Store("sqlite://")
    trends = Trends(store, ROW, 7.0)
    crowd(store, 9)
    assert trends(NOW).tolist() == [0.0, 0.0]
    click(store, "one more")
    assert trends(NOW).tolist() == pytest.approx([1 / 3, 0.0])
    click(store, "and one from another catalogue", "c")
    assert trends(NOW).tolist() == pytest.approx([1 / 3, 0.0])


@given(days=st.integers(0, 60))
def test_it_halves_in_each_half_life(days: int) -> None:
    store = Store("sqlite://")
    crowd(store, 40)
    heat = 40 * 0.5 ** (days / 7)
    later = float(Trends(store, ROW, 7.0)(NOW + timedelta(days=days))[0])
    assert later == pytest.approx(heat / (heat + 20) if heat >= 10 else 0.0, abs=1e-6)


def test_nobody_makes_a_trend_alone_in_a_day() -> None:
    store = Store("sqlite://")
    for _ in range(30):
        click(store, "ann")
        click(store, "ann", session="another of ann's")
    click(store, "ann", heat=4.0)
    assert [heat for _, _, heat in store.heat(0)] == [4.0]


people = st.sampled_from(["ann", "bob", "cem"])
acts = st.tuples(people, st.sampled_from("ab"), st.sampled_from([1.0, 2.0, 4.0]), st.integers(0, 1))


@settings(max_examples=40)
@given(st.lists(acts, max_size=12), st.booleans())
def test_what_is_erased_leaves_the_trends_as_if_it_had_never_been(
    done: list[tuple[str, str, float, int]], whole: bool
) -> None:
    """Of the whole person, or of one session of theirs; read item by item as it changes, or all at once."""
    store, other = Store("sqlite://"), Store("sqlite://")
    watching = Trends(store, ROW, 7.0)
    for person, item_id, heat, number in done:
        watching(NOW)
        click(store, person, item_id, heat, f"{person} {number}")
        if person != "ann" or (not whole and number == 0):
            click(other, person, item_id, heat, f"{person} {number}")
    if whole:
        store.erase("ann")
    else:
        store.drop("ann 1")
    assert sorted(store.heat(0)) == sorted(other.heat(0))
    assert np.array_equal(watching(NOW), Trends(other, ROW, 7.0)(NOW))


def test_a_trend_is_a_small_part_of_the_score(bot: Bot) -> None:
    store = Store("sqlite://")
    for number in range(60):
        click(store, f"person {number}", "babe-1995", 4.0)
    trends = Trends(store, bot.catalogue.row, 7.0)
    made = Recommender(bot.catalogue, bot.index.matrix, bot.index.lexical.scores, bot.encode, trends=trends)
    query = build_query(replace(SessionState(), now=NOW), bot.catalogue)
    [babe] = [pick for pick in made.recommend(query, len(bot.catalogue)) if pick.item.id == "babe-1995"]
    [part] = [reason for reason in babe.reasons if reason.kind == "trending"]
    assert 0.1 < part.weight < made.weights.trending < made.weights.popularity
    assert babe.score == pytest.approx(sum(reason.weight for reason in babe.reasons))
    without = made.recommend(query.model_copy(update={"now": None}), len(bot.catalogue))
    assert not any(reason.kind == "trending" for pick in without for reason in pick.reasons)


def test_taps_count_across_a_restart_and_no_person_is_in_the_counts(home: Path) -> None:
    with Bot.create(home=home, model="none") as bot:
        for number in range(6):
            bot.open(f"s{number}", f"person-{number}")
            bot.event(f"s{number}", "purchase", "babe-1995")
            bot.event(f"s{number}", "dislike", "heat-1995")
    with sqlite3.connect(home / "rapport.db") as database:
        assert [column[1] for column in database.execute("PRAGMA table_info(heat)")] == ["item_id", "day", "heat"]
        [(item_id, day, heat)] = database.execute("SELECT * FROM heat").fetchall()
        assert (item_id, heat) == ("babe-1995", 24.0)
        assert abs(date.today().toordinal() - day) <= 1
    with Bot.create(home=home, model="none") as bot:
        picks = bot.reply("new", "a film with talking animals").items
        told = {r.kind for p in picks if p.item.id == "babe-1995" for r in p.reasons}
        assert "trending" in told
        for number in range(6):
            bot.erase(f"s{number}")
        again = bot.reply("newer", "a film with talking animals").items
        assert not any(reason.kind == "trending" for pick in again for reason in pick.reasons)
    assert b"person-3" not in b"".join(path.read_bytes() for path in home.glob("rapport.db*"))
