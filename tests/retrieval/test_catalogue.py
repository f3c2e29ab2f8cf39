"""Items in order, and their facets and numbers by the domain's names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.catalogue import Catalogue, inferred
from retrieval.domain import DomainConfig, FacetConfig, Noun, NumberConfig, Verb
from retrieval.errors import NotFoundError
from retrieval.records import Item

LAMPS = DomainConfig(
    name="lamps",
    noun=Noun(one="lamp", many="lamps"),
    verb=Verb(base="buy", past="bought", gerund="buying"),
    greeting="Hello",
    facets={
        "designer": FacetConfig(role="person", fields=("designers", "designer")),
        "maker": FacetConfig(role="person", fields=("maker",)),
        "style": FacetConfig(role="genre", fields=("styles",)),
    },
    numbers={"price": NumberConfig(role="price", fields=("price_eur", "price"))},
)


def lamp(item_id: str, *, facets: dict[str, list[str]] | None = None, **numbers: float) -> Item:
    return Item(id=item_id, title=item_id.upper(), facets=facets or {}, numbers=numbers, popularity=0.25)


@pytest.fixture
def lamps() -> Catalogue:
    return Catalogue(
        LAMPS,
        [
            lamp("a", facets={"designer": ["Eve"], "designers": ["Ada", "Eve"], "maker": ["Ada", "Bright"]}, price=40),
            lamp("b", facets={"maker": ["Bright"], "shade": ["red"]}, price=10, price_eur=9, watts=5),
            lamp("c"),
        ],
        "digest",
    )


def test_order_rows_and_lookup(lamps: Catalogue) -> None:
    assert len(lamps) == 3
    assert lamps.row == {"a": 0, "b": 1, "c": 2}
    assert lamps.get("b") is lamps.items[1]
    assert lamps.popularity.tolist() == [0.25] * 3
    assert lamps.popularity.dtype == np.float32
    with pytest.raises(NotFoundError, match="'zz'"):
        lamps.get("zz")


@pytest.mark.parametrize(
    ("facet", "expected"),
    [
        ("designer", ["Ada", "Eve"]),
        ("maker", ["Ada", "Bright"]),
        ("person", ["Ada", "Eve", "Bright"]),
        ("genre", []),
        ("shade", []),
        ("no such thing", []),
    ],
)
def test_values_by_name_role_or_field(lamps: Catalogue, facet: str, expected: list[str]) -> None:
    assert lamps.values(lamps.get("a"), facet) == expected


def test_values_cannot_be_used_to_change_an_item(lamps: Catalogue) -> None:
    lamps.values(lamps.get("a"), "maker").append("Nobody")
    lamps.values(lamps.get("b"), "shade").append("Nobody")
    assert lamps.values(lamps.get("a"), "maker") == ["Ada", "Bright"]
    assert lamps.values(lamps.get("b"), "shade") == ["red"]


def test_numbers_come_from_the_first_field_that_is_there(lamps: Catalogue) -> None:
    a, b, c = lamps.items
    assert (lamps.number(a, "price"), lamps.number(b, "price"), lamps.number(c, "price")) == (40, 9, None)
    assert lamps.number(b, "watts") == 5


def test_postings_and_columns(lamps: Catalogue) -> None:
    postings = lamps.postings("person")
    assert {value: rows.tolist() for value, rows in postings.items()} == {
        "Ada": [0], "Eve": [0], "Bright": [0, 1],
    }  # fmt: skip
    assert postings["Bright"].dtype == np.int32
    assert lamps.postings("person") is postings
    np.testing.assert_array_equal(lamps.column("price"), np.array([40, 9, np.nan], dtype=np.float32))
    assert np.isnan(lamps.column("no such number")).all()


names = st.lists(st.sampled_from(["Ada", "Bea", "Cy"]), unique=True)


@given(st.lists(st.tuples(names, names), min_size=1, max_size=12))
def test_postings_say_the_same_as_values(people: list[tuple[list[str], list[str]]]) -> None:
    items = [lamp(str(i), facets={"designers": d, "maker": m}) for i, (d, m) in enumerate(people)]
    catalogue = Catalogue(LAMPS, items, "digest")
    for facet in ("person", "designer", "maker", "designers"):
        from_values = {(v, row) for row, item in enumerate(items) for v in catalogue.values(item, facet)}
        postings = catalogue.postings(facet)
        assert {(value, int(row)) for value, rows in postings.items() for row in rows} == from_values
        assert all((np.diff(rows) > 0).all() for rows in postings.values())


# ---------------------------------------------------------------- what was inferred


@pytest.fixture
def guessed() -> Catalogue:
    """Two lamps of which one has a maker that was inferred, beside one on record, and an inferred price."""
    estimates: dict[str, dict[str, float] | float] = {"maker": {"Bright": 0.7}, "price": 0.8}
    one = lamp("a", facets={"maker": ["Bright", "Dull"], "designer": ["Ada"]}, price=10)
    return Catalogue(
        LAMPS, [one.model_copy(update={"inferred": estimates}), lamp("b", facets={"maker": ["Bright"]})], "digest"
    )


def test_what_was_inferred_is_no_record(guessed: Catalogue) -> None:
    first, second = guessed.items
    assert guessed.values(first, "maker") == ["Bright", "Dull"]
    assert guessed.recorded(first, "maker") == ["Dull"]
    assert guessed.recorded(first, "person") == ["Ada", "Dull"]
    assert guessed.recorded(second, "maker") == ["Bright"]
    assert inferred(first, "maker", "Bright")
    assert not inferred(first, "maker", "Dull")
    assert inferred(first, "price")
    assert not inferred(second, "price")


def test_coverage_counts_what_is_on_record(guessed: Catalogue) -> None:
    only_guessed = guessed.items[0].model_copy(update={"facets": {"maker": ["Bright"]}})
    assert guessed.coverage("maker") == 1
    assert Catalogue(LAMPS, [only_guessed, guessed.items[1]], "digest").coverage("maker") == 0.5


def test_a_group_stands_for_its_members_or_for_all_others() -> None:
    origin = FacetConfig(role="country", fields=("from",), groups={"Asia": ("Japan", "India"), "abroad": ("-france",)})
    domain = LAMPS.model_copy(update={"facets": {"origin": origin}})
    items = [lamp("a", facets={"from": ["Japan"]}), lamp("b", facets={"from": ["France", "india"]}),
             lamp("c", facets={"from": ["France"]}), lamp("d")]  # fmt: skip
    catalogue = Catalogue(domain, items, "digest")
    rows = {value: found.tolist() for value, found in catalogue.postings("country").items()}
    assert rows == {"Japan": [0], "France": [1, 2], "india": [1], "Asia": [0, 1], "abroad": [0, 1]}
    for value, found in rows.items():
        assert [row for row, item in enumerate(items) if catalogue.has(item, "origin", value)] == found
    assert catalogue.meant(items[1], "origin", "Asia") == ["india"]
    assert catalogue.values(items[0], "origin") == ["Japan"], "a group is nobody's own value"
    assert catalogue.leading("origin", "Asia").tolist() == [True, False]
