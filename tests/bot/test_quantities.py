"""Numbers as people say them: years, decades, ranges, lengths, ages and counts; and what only looks like one."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lexicon import load_lexicon
from bot.quantities import Quantity, canonical, find_quantities, parse_range
from bot.text import fold
from retrieval.domain import load_domain

LEXICON, DOMAIN = load_lexicon("en"), load_domain("movies")
NOW = date.today().year
EXACT: list[tuple[str, str, float | None, float | None]] = [
    # One year, and the sides of it
    ("a film from 1994", "year", 1994, 1994),
    ("made in 2001", "year", 2001, 2001),
    ("since 1990", "year", 1990, None),
    ("films before 1960", "year", None, 1959),
    ("from before 1970", "year", None, 1969),
    ("after 2010", "year", 2011, None),
    ("anything from after 2015", "year", 2016, None),
    ("no later than 1975", "year", None, 1975),
    ("up to 1980", "year", None, 1980),
    ("until 1999", "year", None, 1999),
    ("from 1990 on", "year", 1990, None),
    ("newer than 2000", "year", 2001, None),
    ("older than 1950", "year", None, 1949),
    ("not older than 2000", "year", 2000, None),
    ("not before 1990", "year", 1990, None),
    ("pre-1950", "year", None, 1949),
    ("post-2000", "year", 2001, None),
    # Two years
    ("between 1970 and 1985", "year", 1970, 1985),
    ("1970-1985", "year", 1970, 1985),
    ("1970 – 1985", "year", 1970, 1985),  # noqa: RUF001
    ("1985 to 1970", "year", 1970, 1985),
    ("from 1970 to 1985", "year", 1970, 1985),
    # Decades
    ("the 80s", "year", 1980, 1989),
    ("'90s", "year", 1990, 1999),
    ("’90s", "year", 1990, 1999),  # noqa: RUF001
    ("1990s", "year", 1990, 1999),
    ("the 1990's", "year", 1990, 1999),
    ("The Nineties", "year", 1990, 1999),
    ("the eighties", "year", 1980, 1989),
    ("the 1920s", "year", 1920, 1929),
    ("the 2010s", "year", 2010, 2019),
    ("the noughties", "year", 2000, 2009),
    ("early 2000s", "year", 2000, 2004),
    ("late 60s", "year", 1965, 1969),
    ("the late sixties", "year", 1965, 1969),
    ("before the 60s", "year", None, 1959),
    ("since the 90s", "year", 1990, None),
    ("after the 80s", "year", 1990, None),
    ("60s or 70s", "year", 1960, 1979),
    ("70s and 80s", "year", 1970, 1989),
    ("eighties or nineties", "year", 1980, 1999),
    ("from the 30s to the 50s", "year", 1930, 1959),
    ("between the 70s and the 90s", "year", 1970, 1999),
    # Measured from today
    ("from the last 5 years", "year", NOW - 5, None),
    ("the last ten years", "year", NOW - 10, None),
    ("the past decade", "year", NOW - 10, None),
    ("this century", "year", 2000, None),
    ("this decade", "year", NOW // 10 * 10, None),
    ("more than 30 years old", "year", None, NOW - 30),
    # Lengths, in minutes
    ("under two hours", "length", None, 120),
    ("under 2 hours", "length", None, 120),
    ("less than 90 minutes", "length", None, 90),
    ("no longer than 90 minutes", "length", None, 90),
    ("not more than 2 hrs", "length", None, 120),
    ("at most 100 min", "length", None, 100),
    ("up to 100 minutes", "length", None, 100),
    ("max 2h", "length", None, 120),
    ("90 minutes max", "length", None, 90),
    ("90 min or less", "length", None, 90),
    ("shorter than an hour", "length", None, 60),
    ("under an hour and 30 minutes", "length", None, 90),
    ("less than an hour and a half", "length", None, 90),
    ("I only have 90 minutes", "length", None, 90),
    ("over three hours", "length", 180, None),
    ("more than 2.5 hours", "length", 150, None),
    ("at least 2 hours", "length", 120, None),
    ("2 hours or more", "length", 120, None),
    # Ages, in years: the youngest in the room
    ("for my 7 year old", "age", None, 7),
    ("a seven-year-old", "age", None, 7),
    ("for 6-year-olds", "age", None, 6),
    ("for a six year old", "age", None, 6),
    ("children aged 6", "age", None, 6),
    ("my son is 8", "age", None, 8),
    # How many are wanted
    ("give me five", "count", 5, 5),
    ("give me 5", "count", 5, 5),
    ("show me three", "count", 3, 3),
    ("show me 4 movies", "count", 4, 4),
    ("three films", "count", 3, 3),
    ("two suggestions", "count", 2, 2),
    ("top 10 films", "count", 10, 10),
    ("just one", "count", 1, 1),
    ("just one film", "count", 1, 1),
    ("a couple of comedies", "count", 2, 2),
    ("top 5 thrillers", "count", 5, 5),
]
AROUND: list[tuple[str, str, float]] = [
    ("around 1999", "year", 1999),
    ("mid 90s", "year", 1995),
    ("mid-90s", "year", 1995),
    ("1h45", "length", 105),
    ("1h 45m", "length", 105),
    ("1 h 45 min", "length", 105),
    ("about 2 hours", "length", 120),
    ("an hour and a half", "length", 90),
    ("two and a half hours", "length", 150),
    ("90 minutes or so", "length", 90),
]
NOTHING = [
    "se7en", "2001: A Space Odyssey", "one of those", "I liked the first one", "the second one", "12 Angry Men",
    "Blade Runner 2049", "one more", "two of my friends", "Apollo 13", "10 things I hate about you", "the 39 steps",
    "give me 1917", "100% fun", "the five of us", "it is 9 pm", "we are 4 people", "4 out of 5 stars", "I have 2 kids",
    "the first two", "number 2", "", "no", "a film",
]  # fmt: skip


def found(text: str) -> list[Quantity]:
    return find_quantities(fold(text), LEXICON, DOMAIN)


def read(text: str) -> list[tuple[str, float | None, float | None]]:
    """(kind, low, high) of every quantity; a decade is a range of years."""
    return [("year" if q.facet == "decade" else q.facet, q.low, q.high) for q in found(text)]


@pytest.mark.parametrize(("text", "kind", "low", "high"), EXACT, ids=[case[0] for case in EXACT])
def test_what_is_said_is_read(text: str, kind: str, low: float | None, high: float | None) -> None:
    assert read(text) == [(kind, low, high)]


@pytest.mark.parametrize(("text", "kind", "middle"), AROUND, ids=[case[0] for case in AROUND])
def test_a_rough_number_gets_room_on_both_sides(text: str, kind: str, middle: float) -> None:
    [(said, low, high)] = read(text)
    assert said == kind
    assert low is not None
    assert high is not None
    assert low < middle < high
    assert high - low <= 30


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_quantity_is_left_alone(text: str) -> None:
    assert read(text) == []


def test_several_quantities_keep_their_order_and_their_places() -> None:
    text = "give me four comedies from the 80s, under two hours, for my 9 year old"
    quantities = found(text)
    assert [q.facet for q in quantities] == ["count", "decade", "length", "age"]
    said = [text[q.start : q.end].removeprefix("from ") for q in quantities]
    assert said == ["four", "the 80s", "under two hours", "9 year old"]


@given(st.integers(1900, 2029))
def test_each_side_of_any_year(year: int) -> None:
    assert read(f"before {year}") == [("year", None, year - 1)]
    assert read(f"after {year}") == [("year", year + 1, None)]
    assert read(f"since {year}") == [("year", year, None)]
    assert read(f"no later than {year}") == [("year", None, year)]


@given(st.integers(20, 400))
def test_any_number_of_minutes(minutes: int) -> None:
    assert read(f"under {minutes} minutes") == [("length", None, minutes)]
    assert read(f"at least {minutes} min") == [("length", minutes, None)]


@given(st.text(max_size=80))
def test_offsets_lie_in_the_text_and_nothing_overlaps(text: str) -> None:
    quantities = found(f"{text} under 2 hours or from the 80s {text}")
    assert all(0 <= q.start < q.end <= 2 * len(text) + 34 for q in quantities)
    assert all(left.end <= right.start for left, right in pairwise(quantities))


whole = st.integers(-3000, 3000).map(float)
halves = st.integers(0, 40).map(lambda n: n / 8)


@given(st.one_of(whole, halves), st.one_of(whole, halves))
def test_a_range_survives_its_canonical_text(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert parse_range(canonical(low, high)) == (low, high)
    assert parse_range(canonical(low, None)) == (low, None)
    assert parse_range(canonical(None, high)) == (None, high)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("1980s", (1980, 1989)),
        ("<1990", (None, 1989)),
        (">1990", (1991, None)),
        ("<=90", (None, 90)),
        (">= 120", (120, None)),
        ("1994", (1994, 1994)),
        ("=1994", (1994, 1994)),
        ("1980-1989", (1980, 1989)),
    ],
)
def test_the_canonical_texts_of_the_records(text: str, bounds: tuple[float | None, float | None]) -> None:
    assert parse_range(text) == bounds


@pytest.mark.parametrize("text", ["", "comedy", "80s", "1985s", "<", "1-2-3", "1980 or so", "--5"])
def test_other_texts_are_no_range(text: str) -> None:
    assert parse_range(text) is None
