"""Ratings and profiles brought along: what they mean, what they may not overrule, and how they are taken back."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import Bot, Profile
from bot.bringing import UNRESOLVED_KEPT, band_of, verdict
from bot.querying import build_query
from bot.records import Belief, Evidence, TasteReport, is_imported
from bot.taste import Rated
from retrieval.errors import InputError

DATA = Path(__file__).parents[1] / "data" / "taste"
RATINGS = DATA / "letterboxd" / "ratings.csv"
HEADER = "Date,Name,Year,Letterboxd URI,Rating"


def table(*rows: tuple[str, int, float | str]) -> bytes:
    """A table of ratings; the dates ascend."""
    day = date(2015, 1, 1)
    lines = (f'{day + timedelta(n)},"{title}",{year},u,{stars}' for n, (title, year, stars) in enumerate(rows))
    return "\n".join([HEADER, *lines]).encode()


def bring(bot: Bot, session: str, *rows: tuple[str, int, float | str]) -> TasteReport:
    return bot.bring(session, table(*rows), name="ratings.csv")


def about(bot: Bot, session: str, title: str) -> dict[str, Belief]:
    """What is believed of an item, by group."""
    return {belief.group: belief for belief in bot.profile(session).all() if belief.value == title}


def placeless(profile: Profile) -> list[dict[str, Any]]:
    """All beliefs in order, without the turns of their evidence."""
    found = [belief.model_dump() for belief in profile.all()]
    for belief in found:
        for evidence in belief["evidence"]:
            del evidence["turn"]
    return found


# ---------------------------------------------------------------- what a rating means


@pytest.mark.parametrize(
    ("rating", "relation"),
    [(1.0, "like"), (0.7, "like"), (0.69, None), (0.5, None), (0.41, None), (0.4, "dislike"), (0.1, "dislike")],
)
def test_the_ends_of_the_scale_are_verdicts_and_its_middle_is_none(rating: float, relation: str | None) -> None:
    found = verdict(Rated(row=2, rating=rating), band_of([0.2, 0.5, 0.9]))
    assert (found[0] if found else None) == relation


@pytest.mark.parametrize(
    ("ratings", "liked", "neither", "disliked"),
    [
        # Most things get 4 of 5: only 5 of 5 is liked, and 3 of 5 says something.
        ([0.8] * 30 + [1.0] * 10 + [0.6] * 5, [1.0], [0.8, 0.7], [0.6, 0.4]),
        # Nothing is ever more than 3 of 5: that is the best praise there is.
        ([0.2] * 15 + [0.4] * 10 + [0.6] * 2, [0.6, 0.5], [0.4, 0.2], [0.1]),
        # All the same: praise where it is high, nothing where it is low.
        ([1.0] * 25, [1.0], [0.7], [0.6]),
        ([0.3] * 25, [0.45], [0.3, 0.2], [0.1]),
        # Too few ratings to know.
        ([0.8] * 19, [0.8, 0.7], [0.6], [0.4]),
    ],
)
def test_a_person_whose_ratings_lean_is_measured_by_their_own_mean(
    ratings: list[float], liked: list[float], neither: list[float], disliked: list[float]
) -> None:
    band = band_of(ratings)
    found = {rating: verdict(Rated(row=2, rating=rating), band) for rating in [*liked, *neither, *disliked]}
    meant = {rating: said[0] if said else None for rating, said in found.items()}
    assert meant == dict.fromkeys(liked, "like") | dict.fromkeys(neither) | dict.fromkeys(disliked, "dislike")


@given(ratings=st.lists(st.integers(1, 10).map(lambda n: n / 10), min_size=1, max_size=60))
def test_a_higher_rating_never_means_less(ratings: list[float]) -> None:
    band = band_of(ratings)
    signs = {"like": 1.0, "dislike": -1.0}
    said = [verdict(Rated(row=2, rating=n / 10), band) for n in range(1, 11)]
    worth = [signs[found[0]] * found[1] if found else 0.0 for found in said]
    assert worth == sorted(worth)
    assert all(0.5 <= abs(value) <= 0.9 for value in worth if value)


def test_a_mark_as_liked_counts_beside_any_rating() -> None:
    band = band_of([])
    assert verdict(Rated(row=2, liked=True), band) == ("like", 0.8)
    assert verdict(Rated(row=2, liked=True, rating=0.3), band) == ("like", 0.8)
    assert verdict(Rated(row=2, liked=True, rating=1.0), band) == ("like", 0.9)


# ---------------------------------------------------------------- into the profile


def test_ratings_become_lasting_beliefs_with_their_row_as_evidence(bot: Bot, session: str) -> None:
    report = bot.bring(session, RATINGS)
    assert (report.name, report.source, report.rows) == ("ratings.csv", "Letterboxd", 11)
    assert (report.matched, report.liked, report.disliked, report.neutral, report.unrated) == (9, 5, 2, 2, 0)
    assert [(one.title, one.year, one.row) for one in report.unresolved] == [
        ("Solaris", 2002, 10), ("A Lighthouse of Our Own", 2019, 12)
    ]  # fmt: skip
    profile = bot.profile(session)
    assert report.changed == len(profile.all())
    assert {belief.scope for belief in profile.all()} == {"person"}
    assert all(is_imported(belief.evidence) for belief in profile.all())
    heat = about(bot, session, "Heat")
    assert heat["likes"].evidence == [Evidence(turn=0, quote="rated 4.5 of 5 in your import, row 3")]
    assert heat["likes"].polarity > 0
    assert heat["likes"].strength < about(bot, session, "Arrival")["likes"].strength
    assert set(about(bot, session, "Psycho")) == {"seen"}
    assert set(about(bot, session, "Moonlight")) == {"dislikes", "seen"}
    assert [belief.label for belief in profile.unresolved] == ["A Lighthouse of Our Own (2019)", "Solaris (2002)"]


def test_nothing_seen_is_shown_and_likes_steer(bot: Bot, session: str) -> None:
    bring(bot, session, ("Alien", 1979, 5), ("Aliens", 1986, 5), ("Psycho", 1960, 3), ("Moonlight", 2016, 1))
    reply = bot.reply(session, "recommend something")
    ids = {pick.item.id for pick in reply.items}
    assert ids
    assert not ids & {belief.item_id for belief in bot.profile(session).seen}
    reasons = {reason.item_id for pick in reply.items for reason in pick.reasons if reason.kind == "liked"}
    assert reasons <= {"alien-1979", "aliens-1986"}
    assert reasons


def test_an_import_is_never_quoted_as_something_said(bot: Bot, session: str) -> None:
    bring(bot, session, ("Alien", 1979, 5), ("Psycho", 1960, 3))
    bot.reply(session, "recommend something")
    why = bot.reply(session, "why the first?")
    assert why.act == "explain"
    assert "You said" not in why.text
    why_not = bot.reply(session, "why not Psycho?")
    assert "it is rated 3 of 5 in your import, row 3" in why_not.text
    assert "you said" not in why_not.text


def test_the_same_file_again_changes_nothing(bot: Bot, session: str) -> None:
    bot.bring(session, RATINGS)
    before = bot.profile(session)
    bot.reply(session, "hello")
    again = bot.bring(session, RATINGS)
    assert again.changed == 0
    assert bot.profile(session) == before
    # There is nothing to take back but the first time.
    assert "ratings.csv" in bot.reply(session, "undo").text
    assert bot.profile(session).all() == []


def test_one_undo_takes_it_all_back_and_nothing_else(bot: Bot, session: str) -> None:
    bot.reply(session, "I loved Heat")
    before = bot.profile(session)
    bot.bring(session, RATINGS)
    assert "your import of ratings.csv" in bot.reply(session, "undo").text
    assert bot.profile(session) == before
    assert bot.bring(session, RATINGS).changed > 0


def test_a_word_said_before_or_after_holds(bot: Bot, session: str) -> None:
    bot.reply(session, "I hated Heat")
    report = bring(bot, session, ("Heat", 1995, 5), ("Alien", 1979, 5))
    assert report.kept == 1
    assert set(about(bot, session, "Heat")) == {"dislikes", "seen"}
    bot.reply(session, "I didn't like Alien")
    alien = about(bot, session, "Alien")
    assert set(alien) == {"dislikes", "seen"}
    assert not is_imported(alien["dislikes"].evidence)
    assert bring(bot, session, ("Heat", 1995, 5), ("Alien", 1979, 5)).changed == 0
    assert set(about(bot, session, "Alien")) == {"dislikes", "seen"}


def test_a_look_is_no_opinion_and_a_tap_is(bot: Bot, session: str) -> None:
    bot.event(session, "view", "heat-1995")
    bot.event(session, "dislike", "alien-1979")
    bring(bot, session, ("Heat", 1995, 5), ("Alien", 1979, 5))
    assert "likes" in about(bot, session, "Heat")
    assert is_imported(about(bot, session, "Heat")["likes"].evidence)
    assert set(about(bot, session, "Alien")) == {"dislikes", "seen"}


def test_a_changed_rating_replaces_the_one_before(bot: Bot, session: str) -> None:
    bring(bot, session, ("Heat", 1995, 5), ("Alien", 1979, 4))
    assert bring(bot, session, ("Heat", 1995, 1), ("Alien", 1979, 3)).changed == 2
    assert set(about(bot, session, "Heat")) == {"dislikes", "seen"}
    assert set(about(bot, session, "Alien")) == {"seen"}


def test_a_table_without_ratings_leaves_ratings_alone(bot: Bot, session: str) -> None:
    bring(bot, session, ("Arrival", 2016, 5), ("Stalker", 1979, 4.5))
    before = about(bot, session, "Stalker")["likes"]
    bot.bring(session, DATA / "letterboxd" / "watched.csv")
    bot.bring(session, DATA / "letterboxd" / "likes" / "films.csv")
    assert about(bot, session, "Stalker")["likes"] == before
    assert set(about(bot, session, "WALL-E")) == {"seen"}
    assert set(about(bot, session, "Amélie")) == {"likes"}


def test_an_archive_is_one_import(bot: Bot, session: str, tmp_path: Path) -> None:
    packed = shutil.make_archive(str(tmp_path / "letterboxd-ida"), "zip", DATA / "letterboxd")
    report = bot.bring(session, packed)
    assert report.wanted == 2
    heat = about(bot, session, "Heat")["likes"]
    assert heat.evidence[0].quote == "rated 4.5 of 5 in your import, row 3 of ratings.csv"
    assert about(bot, session, "Ran")["likes"].evidence[0].quote.endswith("row 3 of diary.csv")
    assert set(about(bot, session, "Stalker")) == {"likes", "seen"}
    assert about(bot, session, "Parasite") == {}
    assert bot.bring(session, packed).changed == 0


def test_of_thousands_of_strangers_the_best_liked_few_are_kept(bot: Bot, session: str) -> None:
    rows = [(f"Unheard {n}", 1950, 1 + n % 5) for n in range(300)]
    report = bring(bot, session, *rows)
    assert len(report.unresolved) == 300
    kept = bot.profile(session).unresolved
    assert len(kept) == UNRESOLVED_KEPT == report.changed
    assert all("rated 5 of 5" in belief.evidence[0].quote for belief in kept)


def test_it_belongs_to_the_person(bot: Bot, session: str) -> None:
    person = f"ida-{uuid.uuid4().hex}"
    bot.bring(session, RATINGS, person=person)
    other = uuid.uuid4().hex
    bot.open(other, person)
    assert placeless(bot.profile(other)) == placeless(bot.profile(session))
    with pytest.raises(InputError, match="belongs to another person"):
        bot.bring(session, RATINGS, person="somebody")


@pytest.mark.parametrize("file", [b"x,y\n1,2\n", Path("/no/such.csv"), DATA])
def test_a_file_that_cannot_be_read_leaves_nothing(bot: Bot, session: str, file: bytes | Path) -> None:
    with pytest.raises(InputError):
        bot.bring(session, file)
    assert not bot.knows(session)


def test_thousands_of_ratings_stay_one_background(bot: Bot, session: str) -> None:
    items = [item for item in bot.catalogue.items if item.year]
    report = bring(bot, session, *((item.title, item.year or 0, (5, 4, 3, 1)[n % 4]) for n, item in enumerate(items)))
    assert report.matched == len(items)
    query = build_query(bot._state(session), bot.catalogue)
    towards = [anchor.weight for anchor in query.anchors if anchor.weight > 0]
    away = [anchor.weight for anchor in query.anchors if anchor.weight < 0]
    assert (len(towards), len(away)) == (16, 4)
    assert sum(towards) == pytest.approx(2.0)
    assert sum(away) == pytest.approx(-0.5)
    # The latest, the last one most; four stars count less than five.
    latest = [item.id for n, item in enumerate(items) if n % 4 < 2][-16:]
    assert [anchor.item_id for anchor in query.anchors if anchor.weight > 0] == latest
    fives = [weight for item_id, weight in zip(latest, towards, strict=True) if bot.catalogue.row[item_id] % 4 == 0]
    assert fives == sorted(fives)
    assert fives[-1] > 4 * fives[0]
    told = bot.reply(session, "what do you know about me?").text
    assert len(told) < 6_000
    assert f"{len(items) - 12:,} more" in told
    # What is said weighs as much as ever.
    bot.reply(session, "I loved Heat")
    spoken = [a for a in build_query(bot._state(session), bot.catalogue).anchors if a.item_id == "heat-1995"]
    assert [anchor.weight for anchor in spoken] >= [0.7]


# ---------------------------------------------------------------- a profile as a file


@pytest.fixture
def own(home: Path) -> Iterator[Bot]:
    with Bot.create(home=home, model="none") as made:
        yield made


def exported(bot: Bot, session: str) -> bytes:
    return bot.profile(session).model_dump_json(indent=2).encode()


def test_a_profile_comes_back_as_it_was(own: Bot) -> None:
    said = ("I loved Heat", "no horror, please", "a comedy from the 80s under two hours", "something with Bill Murray",
            "I've seen Alien", "like Zzyzx Road", "darker")  # fmt: skip
    for text in said:
        own.reply("s", text)
    own.event("s", "dislike", "psycho-1960")
    own.bring("s", RATINGS)
    before, file = own.profile("s"), exported(own, "s")
    groups = before.model_dump()
    assert all(groups[name] for name in ("likes", "dislikes", "constraints", "seen", "unresolved"))
    own.erase("s")
    report = own.bring("s", file, name="rapport-profile.json")
    assert (report.source, report.unresolved, report.kept) == ("Rapport", [], 0)
    assert report.changed == report.rows == len(before.all())
    assert placeless(own.profile("s")) == placeless(before)
    assert {proof.turn for belief in own.profile("s").all() for proof in belief.evidence} == {0}
    # Again it is exact, and brings nothing new.
    second = exported(own, "s")
    assert own.bring("s", second).changed == 0
    own.erase("s")
    own.bring("s", second)
    assert exported(own, "s") == second
    assert own.reply("s", "show me some").items
    own.reply("s", "undo")
    assert "your import of The file" in own.reply("s", "undo").text
    assert own.profile("s").all() == []


def test_a_profile_adds_to_what_is_known_and_overrules_nothing(bot: Bot, session: str) -> None:
    bot.reply(session, "I loved Heat")
    bot.reply(session, "I hate horror")
    file = exported(bot, session)
    other = uuid.uuid4().hex
    bot.reply(other, "I hated Heat")
    report = bot.bring(other, file)
    assert (report.kept, report.changed) == (1, report.rows - 1)
    assert set(about(bot, other, "Heat")) == {"dislikes"}
    assert about(bot, other, "Horror") != {}


def test_what_another_catalogue_knows_is_unresolved_here(bot: Bot, session: str) -> None:
    profile = Profile(
        likes=[
            belief(id="item:heat-1995", value="Heat", item_id="heat-1995"),
            belief(id="item:b-1", value="Emma", item_id="b-1"),
            belief(id="item:alien-1979", value="Emma Again", item_id="alien-1979"),
            belief(id="publisher:ace", facet="publisher", value="Ace"),
            belief(id="genre:cosy", facet="genre", value="Cosy"),
        ]
    )
    report = bot.bring(session, profile.model_dump_json().encode())
    assert [one.title for one in report.unresolved] == ["Emma", "Emma Again", "Ace"]
    assert (report.matched, report.liked) == (1, 1)
    found = bot.profile(session)
    assert [one.id for one in found.likes] == ["item:heat-1995", "genre:cosy"]
    assert [one.value for one in found.unresolved] == ["Emma", "Emma Again", "Ace"]
    assert bot.reply(session, "show me some").items


def belief(**given: Any) -> Belief:
    base: dict[str, Any] = {"group": "likes", "label": given["value"], "facet": "item", "relation": "like"}
    return Belief(**(base | given))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"strength": 1.5}, r"likes\.0\.strength: is not within"),
        ({"strength": float("nan")}, "NaN is not a number"),
        ({"polarity": -2}, r"likes\.0\.polarity"),
        ({"group": "seen"}, r"likes\.0\.group"),
        ({"id": "item:other"}, r"likes\.0\.id: does not belong"),
        ({"id": "", "facet": "genre", "item_id": None}, r"likes\.0\.id: is empty"),
        ({"label": "x" * 401}, r"likes\.0\.label"),
        ({"value": "a\u202eb"}, r"likes\.0\.value"),
        ({"low": 9.0, "high": 1.0}, r"likes\.0\.low, high"),
        ({"evidence": [{"turn": 1, "quote": "x"}] * 21}, r"likes\.0\.evidence"),
        ({"evidence": [{"turn": 1, "quote": "x" * 401}]}, r"likes\.0\.evidence\.0\.quote"),
        ({"colour": "red"}, r"likes\.0\.colour: Extra inputs"),
        ({"facet": None}, r"likes\.0\.facet"),
    ],
)
def test_a_profile_with_a_fault_is_refused_whole(bot: Bot, session: str, change: dict[str, Any], why: str) -> None:
    good = belief(id="item:heat-1995", value="Heat", item_id="heat-1995").model_dump()
    with pytest.raises(InputError, match=why):
        bot.bring(session, json.dumps({"likes": [good | change]}).encode(), name="mine.json")
    assert not bot.knows(session)


@pytest.mark.parametrize("text", ["{", '{"likes": {}}', '{"people": []}', "{" * 10_000, '{"likes": [{}, {}]}'])
def test_other_json_is_refused(bot: Bot, session: str, text: str) -> None:
    with pytest.raises(InputError, match=r"mine\.json is not"):
        bot.bring(session, text.encode(), name="mine.json")


def test_two_beliefs_of_one_id_are_refused(bot: Bot, session: str) -> None:
    good = belief(id="item:heat-1995", value="Heat", item_id="heat-1995").model_dump()
    with pytest.raises(InputError, match=r"likes\.1\.id: is empty or used twice"):
        bot.bring(session, json.dumps({"likes": [good, good]}).encode())
