"""Which item a row means: the very one or none, over the starter and over catalogues made to confuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.taste import Rated
from bot.taste_matching import NOT_HERE, OTHER_MAKER, OTHER_YEAR, SEVERAL, TitleIndex
from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.importer import import_file

Make = Callable[..., TitleIndex]


@pytest.fixture(scope="module")
def titles(starter: Catalogue) -> TitleIndex:
    return TitleIndex(starter)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(*rows: dict[str, Any]) -> TitleIndex:
        path = tmp_path / "small.jsonl"
        path.write_text("".join(json.dumps({"id": str(n), **row}) + "\n" for n, row in enumerate(rows)))
        return TitleIndex(import_file(path, load_domain("movies"))[0])

    return made


def row(*titles: str, **more: Any) -> Rated:
    return Rated(titles=titles, row=2, **more)


@pytest.mark.parametrize(
    ("said", "item_id"),
    [
        (row("Heat", year=1995), "heat-1995"),
        (row("HEAT", year=1996), "heat-1995"),
        (row("Heat", year=1994), "heat-1995"),
        (row("Heat"), "heat-1995"),
        (row("WALL·E", year=2008), "wall-e-2008"),
        (row("Amelie", year=2001), "amelie-2001"),
        (row("Le fabuleux destin d'Amélie Poulain", year=2001), "amelie-2001"),
        (row("Something Else", "Sen to Chihiro no Kamikakushi", year=2001), "spirited-away-2001"),
        (row("Nosferatu", year=1922), "nosferatu-1922"),
        (row("Nosferatu", year=2024), "nosferatu-2024"),
        (row("Ocean's Eleven", year=2001), "oceans-eleven-2001"),
    ],
)
def test_the_very_item_is_found(titles: TitleIndex, starter: Catalogue, said: Rated, item_id: str) -> None:
    found = titles.find(said)
    assert found.row is not None
    assert starter.items[found.row].id == item_id


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (row("Heat", year=1986), OTHER_YEAR),
        (row("Solaris", year=2002), OTHER_YEAR),
        (row("Dune", year=1984), OTHER_YEAR),
        (row("Little Women"), SEVERAL),
        (row("The Mummy", year=1959), OTHER_YEAR),
        (row("Heats", year=1995), NOT_HERE),
        (row("Heat 2", year=1995), NOT_HERE),
        (row("The Heat", year=1995), OTHER_YEAR),
        (row("Good, the Bad and the Ugly", year=1966), NOT_HERE),
        (row("!!!", year=1995), NOT_HERE),
        (row("Heat", year=1995, apart=True), NOT_HERE),
        (row("Heat", year=1994, dated=True), OTHER_YEAR),
        (row(ids={"imdb_id": "tt0113277"}), NOT_HERE),
    ],
)
def test_a_neighbour_is_never_taken(titles: TitleIndex, said: Rated, why: str) -> None:
    assert titles.find(said) == (None, why)


def test_every_item_of_the_catalogue_is_found_by_its_title_and_year(titles: TitleIndex, starter: Catalogue) -> None:
    for number, item in enumerate(starter.items):
        assert titles.find(row(item.title, year=item.year)).row == number, item.id


@given(data=st.data())
def test_whatever_is_found_has_the_name_and_nearly_the_year(
    data: st.DataObject, titles: TitleIndex, starter: Catalogue
) -> None:
    item = data.draw(st.sampled_from(starter.items))
    title = data.draw(st.sampled_from([item.title, *starter.values(item, "alias")]))
    year = data.draw(st.none() | st.integers(1900, 2030))
    found = titles.find(row(title, year=year))
    if found.row is not None:
        other = starter.items[found.row]
        names = {name.casefold() for name in (other.title, *starter.values(other, "alias"))}
        assert title.casefold() in names
        assert year is None or other.year is None or abs(other.year - year) <= 1


def test_ids_count_where_title_or_year_bear_them_out(make: Make) -> None:
    index = make(
        {"title": "Dusk", "year": 1990, "imdb_id": "tt0000007", "movielens_id": 12},
        {"title": "Dusk", "year": 1990, "imdb_id": 8},
        {"title": "Dawn", "year": 2001},
    )
    assert index.knows("imdb_id")
    assert not index.knows("tmdb_id")
    assert index.find(row("Abenddämmerung", year=1991, ids={"imdb_id": "0000007"})).row == 0
    assert index.find(row("Dusk", year=1950, ids={"imdb_id": "tt7"})).row == 0
    assert index.find(row(ids={"movielens_id": "12"})).row == 0
    assert index.find(row("Dusk", year=1990, ids={"imdb_id": "tt0000008"})).row == 1
    # Another service's id for it is wrong in the catalogue: neither title nor year agree.
    assert index.find(row("Noon", year=1960, ids={"imdb_id": "tt0000007"})) == (None, NOT_HERE)
    # An item that is known under another id is another one.
    assert index.find(row("Dusk", year=1990, ids={"imdb_id": "tt0000009"})) == (None, NOT_HERE)
    assert index.find(row("Dusk", year=1990)) == (None, SEVERAL)
    assert index.find(row("Dawn", year=2001, ids={"imdb_id": "tt0000009"})).row == 2


def test_a_maker_tells_editions_where_the_year_cannot(make: Make) -> None:
    index = make(
        {"title": "Emma", "year": 2003, "writers": ["Jane Austen"]},
        {"title": "It", "year": 1986, "writers": ["Somebody Else"]},
        {"title": "The Wall", "year": 1999},
    )
    assert index.find(row("Emma", year=1815, makers=("Jane Austen",))).row == 0
    assert index.find(row("It", year=1986, makers=("Stephen King",))) == (None, OTHER_MAKER)
    assert index.find(row("The Wall", year=1999, makers=("Marlen Haushofer",))) == (None, OTHER_MAKER)


def test_an_item_without_a_year_is_taken_only_where_nothing_else_has_its_name(make: Make) -> None:
    alone = make({"title": "Dusk"})
    assert alone.find(row("Dusk", year=1990)).row == 0
    assert alone.find(row("Dusk")).row == 0
    two = make({"title": "Dusk"}, {"title": "Dusk", "year": 1950})
    assert two.find(row("Dusk", year=1990)) == (None, OTHER_YEAR)
    assert two.find(row("Dusk", year=1951)).row == 1
    assert two.find(row("Dusk")) == (None, SEVERAL)


def test_a_first_title_goes_before_another_name(make: Make) -> None:
    index = make({"title": "Dusk", "year": 1990}, {"title": "Evening", "year": 1990, "aka": ["Dusk"]})
    assert index.find(row("Dusk", year=1990)).row == 0
    assert index.find(row("Dusk")) == (None, SEVERAL)
