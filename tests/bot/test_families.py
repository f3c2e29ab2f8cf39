"""Parts of a story: counted by year, found through their series or through a longer title with the same people."""

from __future__ import annotations

import pytest

from bot.families import Families
from bot.text import key
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.records import Item


def item(id: str, title: str, year: int, cast: tuple[str, ...] = (), series: str = "") -> Item:
    facets = {"cast": list(cast), **({"series": [series]} if series else {})}
    return Item(id=id, title=title, year=year, numbers={"year": year}, facets=facets, popularity=0.7)


ITEMS = [
    item("m3", "The Matrix Revolutions", 2003, ("Keanu Reeves",)),
    item("m1", "The Matrix", 1999, ("Keanu Reeves", "Carrie-Anne Moss")),
    item("m2", "The Matrix Reloaded", 2003, ("Keanu Reeves",)),
    item("other", "The Matrix Tapes", 1990, ("Nobody Known",)),
    item("a2", "Aliens", 1986, ("Sigourney Weaver",), "Alien"),
    item("a1", "Alien", 1979, ("Sigourney Weaver",), "Alien"),
    item("x1", "Mad Max", 1979, ("Mel Gibson",)),
    item("x4", "Mad Max: Fury Road", 2015, ("Tom Hardy",)),
    item("t1", "Toy Story", 1995, ("Tom Hanks",)),
    item("t3", "Toy Story 3", 2010, ("Tom Hanks",)),
    item("h", "Heat", 1995, ("Al Pacino",)),
]


@pytest.fixture(scope="module")
def catalogue(starter: Catalogue) -> Catalogue:
    return Catalogue(starter.domain, ITEMS, "families")


@pytest.fixture(scope="module")
def understander(catalogue: Catalogue) -> Understander:
    return Understander(catalogue)


def test_parts_are_counted_by_year(catalogue: Catalogue) -> None:
    families = Families(catalogue, [key(one.title) for one in catalogue.items])
    row = catalogue.row
    assert families.part(row["a1"], 2) == row["a2"]
    assert families.part(row["a2"], 1) == row["a1"]
    assert families.next(row["a2"]) is None
    assert families.part(row["h"], 1) is None
    assert families.next(row["m1"]) in {row["m2"], row["m3"]}


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("the alien sequel was better", ["a2"]),
        ("have you seen the sequel to alien?", ["a2"]),
        ("I liked the second Alien", ["a2"]),
        ("i liked the first alien", ["a1"]),
        ("i loved mad max with tom hardy", ["x4"]),
        ("something like Mad Max starring Mel Gibson", ["x1"]),
        ("toy story three", ["t3"]),
        ("i loved the matrix two years ago", ["m1"]),
        ("the first heat of the summer", []),
        ("I loved the matrix, and anything with Tom Hardy", ["m1"]),
    ],
)
def test_a_part_is_found_by_what_is_said_around_a_title(said: str, ids: list[str], understander: Understander) -> None:
    found = understander.understand(said).entities
    assert [entity.item_id for entity in found if entity.kind == "item"] == ids


def test_the_words_that_name_the_part_belong_to_the_span(understander: Understander) -> None:
    text = "is the second part of alien any good"
    [entity] = [entity for entity in understander.understand(text).entities if entity.kind == "item"]
    assert (entity.item_id, entity.surface) == ("a2", "second part of alien")
