"""Ratings: how they are read and held out, and that learning from them pays where people have a pattern."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot import Bot
from evals.interactions import RAPPORT, SHIPPED, print_report, run_interactions
from evals.options import InteractionOptions
from evals.ratings import Case, Rating, find_ratings, held_out, read_ratings, source_of, with_facts
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError
from retrieval.lessons import item_key
from retrieval.trained import LIKED_CARD, ModelCard
from ui.cli import app

SHARED = Path(__file__).parents[3] / "shared" / "data"


def written(folder: Path, titles: list[str], ratings: list[tuple[int, int, float, int]]) -> Path:
    """A folder of ratings: the items by number, and (person, item, stars, second)."""
    folder.mkdir(parents=True)
    with gzip.open(folder / "movies.csv.gz", "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("movieId", "title", "genres"), *((n, t, "Drama") for n, t in enumerate(titles))])
    with gzip.open(folder / "ratings.csv.gz", "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("userId", "movieId", "rating", "timestamp"), *ratings])
    return folder


@pytest.fixture(scope="module")
def data(starter: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety people with one of three tastes, each thirty items drawn at random, of which they like fifteen."""
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(starter))[:90]
    titles = [f"{starter.items[int(row)].title} ({starter.items[int(row)].year})" for row in rows]
    ratings = []
    for person in range(90):
        taste = 30 * (person % 3)
        ratings += [(person, int(item), 4.5, 1000 + n) for n, item in enumerate(taste + rng.permutation(30)[:15])]
        ratings.append((person, (taste + 30) % 90, 1.0, 2000))
    folder = tmp_path_factory.mktemp("ratings")
    written(folder / "interactions" / "movielens_tiny", titles, ratings)
    return folder


def test_ratings_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    folder = written(
        tmp_path / "ml-tiny", ["Matrix, The (1999)", "Heat (1995)", "Untold"],
        [(1, 0, 4.0, 300), (1, 1, 2.5, 100), (2, 2, 5.0, 200)],
    )  # fmt: skip
    found = find_ratings(folder)
    assert found is not None
    read = read_ratings(found)
    assert read.people == {"1": (Rating("1", 2.5), Rating("0", 4.0)), "2": (Rating("2", 5.0),)}
    assert read.keys["0"] == item_key("The Matrix", 1999)
    assert read.baskets() == [[read.keys["0"]], [read.keys["2"]]]
    assert read.rows[2] == {"id": "2", "movielens_id": "2", "title": "Untold", "year": None, "genres": ["Drama"]}
    assert source_of(found)[0].startswith("MovieLens")
    assert find_ratings(tmp_path / "nowhere") is None


def test_the_last_like_is_held_out_and_nothing_after_it_is_known() -> None:
    people = {
        "ann": (Rating("a", 5), Rating("b", 2), Rating("c", 4), Rating("d", 4), Rating("e", 1)),
        "ben": (Rating("a", 5), Rating("b", 3.5)),
    }
    assert held_out(people) == [Case("ann", people["ann"][:3], "d")]
    assert held_out({"ann": people["ann"][:3]}) == [Case("ann", people["ann"][:2], "c")]
    assert held_out(people)[0].liked() == ["a", "c"]


@pytest.mark.parametrize(
    ("ratings", "said"),
    [
        ("userId,movieId,rating\n1,0,5\n", "no column timestamp"),
        ("userId,movieId,rating,timestamp\n1,0,5,1\n1,9,5,1\n", "row 3, movieId: 9 is not in movies.csv"),
        ("userId,movieId,rating,timestamp\n1,0,five,1\n", "row 2"),
        ("userId,movieId,rating,timestamp\n1,0,5\n", "row 2: has too few cells"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, ratings: str, said: str) -> None:
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n0,Heat (1995),Crime\n", encoding="utf-8")
    (tmp_path / "ratings.csv").write_text(ratings, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_ratings(tmp_path / "ratings.csv")


def test_other_catalogues_tell_of_the_same_items(tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"id": "x", "movielens_id": 7, "title": "?", "cast": ["Ann"], "plot": ""}\n', encoding="utf-8")
    assert with_facts([{"id": "7", "title": "Heat"}, {"id": "8", "title": "Ran"}], [other]) == [
        {"id": "7", "title": "Heat", "cast": ["Ann"]}, {"id": "8", "title": "Ran"},
    ]  # fmt: skip


def test_learning_from_ratings_pays_where_there_is_a_pattern(data: Path, tmp_path: Path) -> None:
    report = run_interactions(InteractionOptions(data=data, home=tmp_path, ablate=True, samples=100))
    rates = {result.system: result.measures["hr@10"].mean for result in report.results}
    assert (report.people, report.items, report.new) == (90, 90, 0)
    # Sixteen items of the person's taste are left, and ten are shown.
    assert rates[RAPPORT] > 0.45 > rates[SHIPPED]
    assert rates["Rapport, only also_liked"] > 0.45
    assert min(rates["EASE"], rates["item-kNN"]) > 0.45 > 0.3 > rates["random"]
    assert report.ok
    console = Console(record=True, width=120)
    print_report(report, console)
    text = console.export_text()
    assert all(name in text for name in (RAPPORT, SHIPPED, "EASE", "HR@10"))


def test_what_was_learnt_is_a_reason_that_adds_up(data: Path, home: Path, starter: Catalogue) -> None:
    result = CliRunner().invoke(app, ["train", "items", "--data", str(data), "--home", str(home)])
    assert result.exit_code == 0, result.output
    card = ModelCard.model_validate_json((home / "models" / LIKED_CARD).read_bytes())
    assert (card.people, card.items) == (90, 90)
    assert "no commercial use" in card.licence
    assert card.figures["hr@10"] > 0.45
    file = find_ratings(data)
    assert file is not None
    liked = read_ratings(file).rows[0]
    with Bot.create(home=home, model="none") as bot:
        bot.reply("one", f"something like {liked['title']} ({liked['year']})")
        picks = bot.recommend("one", 10)
        assert any(reason.kind == "also_liked" for pick in picks for reason in pick.reasons)
        for pick in picks:
            assert pick.score == pytest.approx(sum(reason.weight for reason in pick.reasons))
        without = bot.recommend("one", 10, without=("also_liked",))
        assert not any(reason.kind == "also_liked" for pick in without for reason in pick.reasons)
        first = bot.reply("one", "what else?").items[0]
        told = bot.reply("one", f"why {first.item.title}?").text
        assert ("People who liked" in told) == any(reason.kind == "also_liked" for reason in first.reasons), told


def test_without_ratings_nothing_is_learnt(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["train", "items", "--data", str(tmp_path), "--home", str(tmp_path)])
    assert result.exit_code == 2
    assert "No ratings.csv" in result.stderr


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the development data {SHARED} is not there")
def test_the_real_ratings_are_read_and_lead_somewhere() -> None:
    found = find_ratings(SHARED)
    assert found is not None
    read = read_ratings(found)
    assert (len(read.people), len(read.rows)) == (610, 9742)
    assert len(held_out(read.people)) == 608
    assert sum(row["year"] is None for row in read.rows) < 30
