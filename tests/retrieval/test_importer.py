"""Catalogue files: what is read, what is refused and how that is said."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig, FacetConfig, Noun, NumberConfig, Verb, load_domain
from retrieval.errors import CatalogueError
from retrieval.importer import ImportReport, import_file
from retrieval.rows import MAX_TEXT, plain_text

SHOP = DomainConfig(
    name="shop",
    noun=Noun(one="product", many="products"),
    verb=Verb(base="buy", past="bought", gerund="buying"),
    greeting="Hello",
    text=("blurb", "description"),
    image=("image",),
    url=("url",),
    popularity=("popularity", "sold"),
    ignore=("sku",),
    facets={
        "kind": FacetConfig(role="genre", fields=("kinds",)),
        "designer": FacetConfig(role="person", fields=("designers",)),
        "material": FacetConfig(role="other", fields=("made.of",)),
    },
    numbers={
        "year": NumberConfig(role="year", fields=("year",)),
        "price": NumberConfig(role="price", fields=("price",)),
    },
)
STARTER = Path(__file__).parents[2] / "retrieval" / "starter" / "movies.jsonl"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "catalogs"


def jsonl(folder: Path, *rows: Any, name: str = "items.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


def imported(folder: Path, *rows: Any) -> tuple[Catalogue, ImportReport]:
    return import_file(jsonl(folder, *rows), SHOP)


def problems(report: ImportReport) -> list[tuple[int, str]]:
    return [(problem.row, problem.field) for problem in report.skipped]


# ---------------------------------------------------------------- what becomes of a row


def test_a_full_row(tmp_path: Path) -> None:
    row = {
        "id": 7,
        "title": "  The <b>Lamp</b> &amp; Shade ",
        "year": 1999,
        "price": "12.50",
        "kinds": ["Lamp ", "Lamp", "Gift"],
        "designers": "Ada",
        "made": {"of": ["oak", None, ""], "weight": 3},
        "blurb": "<p>One</p><p>two &eacute;</p><script>bad()</script>",
        "description": "Three\u0000\n four \u202eevil",
        "image": "a.png",
        "url": "https://example.org/7",
        "sku": "X1",
        "handmade": True,
        "parts": [{"id": 1}],
        "sizes": [1, 2],
        "nothing": None,
    }
    catalogue, report = imported(tmp_path, row)
    item = catalogue.get("7")
    assert item.title == "The Lamp & Shade"
    assert (item.year, item.numbers) == (1999, {"year": 1999.0, "price": 12.5, "made.weight": 3.0})
    assert item.facets == {"kinds": ["Lamp", "Gift"], "designers": ["Ada"], "made.of": ["oak"], "handmade": ["yes"]}
    assert (item.genres, item.people) == (["Lamp", "Gift"], ["Ada"])
    assert item.text == "One two é Three four evil"
    assert (item.image, item.url) == ("a.png", "https://example.org/7")
    assert item.source == row
    assert "source" not in item.model_dump()
    assert type(item).model_validate(item.model_dump()) == item.model_copy(update={"source": {}})
    assert report == ImportReport(rows=1, items=1)


def test_text_is_joined_once_and_capped(tmp_path: Path) -> None:
    catalogue, _ = imported(
        tmp_path,
        {"id": "a", "title": "A", "description": "same", "blurb": "same"},
        {"id": "b", "title": "B", "description": "word " * 3000},
    )
    assert catalogue.get("a").text == "same"
    assert MAX_TEXT - 5 < len(catalogue.get("b").text) <= MAX_TEXT


@pytest.mark.parametrize(
    ("value", "year"), [("1999-05-01", 1999), ("1999", 1999), (" 2001 ", 2001), ("2010-07-16T00:00:00Z", 2010)]
)
def test_years_are_read_from_dates(tmp_path: Path, value: Any, year: int) -> None:
    catalogue, _ = imported(tmp_path, {"id": "a", "title": "A", "year": value})
    assert catalogue.items[0].year == year
    assert catalogue.items[0].numbers["year"] == year


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("I <3 you & me", "I <3 you & me"),
        ("a < b > c", "a < b > c"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("one<br/>two", "one two"),
        ("<style>p{}</style>x", "x"),
        ("<a href='x'>link</a>", "link"),
    ],
)
def test_markup_is_removed_and_nothing_else(markup: str, plain: str) -> None:
    assert plain_text(markup) == plain


def test_estimates_are_read_apart_from_what_they_say(tmp_path: Path) -> None:
    estimates = {"kinds": {"Lamp": 0.8}, "made.of": {}, "price": 1}
    catalogue, report = imported(
        tmp_path, {"id": "a", "title": "A", "kinds": ["Lamp"], "price": 3, "inferred": estimates},
        {"id": "b", "title": "B", "inferred": "yes"}, {"id": "c", "title": "C"},
    )  # fmt: skip
    first, second, third = catalogue.items
    assert first.inferred == {"kind": {"Lamp": 0.8}, "material": {}, "price": 1.0}
    assert (first.facets, first.numbers) == ({"kinds": ["Lamp"]}, {"price": 3.0})
    assert first.source["inferred"] == estimates
    assert (second.inferred, second.facets) == ({}, {"inferred": ["yes"]})
    assert third.inferred == {}
    assert not report.skipped


# ---------------------------------------------------------------- popularity


def test_counts_are_scaled_by_their_logarithm(tmp_path: Path) -> None:
    rows = [{"id": str(n), "title": f"T{n}", "sold": n} for n in (0, 9, 99)]
    catalogue, _ = imported(tmp_path, *rows, {"id": "x", "title": "X"}, {"id": "n", "title": "N", "sold": -5})
    assert catalogue.popularity.tolist() == pytest.approx([0, 0.5, 1, 0, 0])


def test_shares_are_kept_and_the_first_field_wins(tmp_path: Path) -> None:
    catalogue, _ = imported(
        tmp_path, {"id": "a", "title": "A", "popularity": 0.3, "sold": 900}, {"id": "b", "title": "B", "sold": 5}
    )
    assert catalogue.popularity.tolist() == pytest.approx([0.3, 0])


def test_without_a_field_fuller_records_come_first(tmp_path: Path) -> None:
    catalogue, _ = imported(
        tmp_path,
        {"id": "bare", "title": "A", "year": 1990},
        {"id": "text", "title": "B", "year": 1990, "blurb": "some words"},
        {"id": "full", "title": "C", "year": 1990, "blurb": "quite a few more words", "sku": "1", "kinds": ["x"]},
    )
    bare, text, full = catalogue.popularity.tolist()
    assert 0 <= bare < text < full <= 1


# ---------------------------------------------------------------- rows that are left out


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ('{"id": "x", "title": ', "row", "not valid JSON"),
        ('["x"]', "row", "expected a JSON object, got a list"),
        ('{"id": "x", "title": "X", "price": NaN}', "row", "NaN"),
        ('{"id": "x", "title": "\\ud800"}', "row", "surrogate"),
        ("[" * 100_000, "row", ""),
        ('{"id": "x", "title": "X", "deep": ' + '{"a":' * 2000 + "1" + "}" * 2001, "row", ""),
        ({"title": "X"}, "id", "missing"),
        ({"id": "x"}, "title", "missing"),
        ({"id": "x", "title": ""}, "title", "missing"),
        ({"id": "x", "title": " \t"}, "title", "blank"),
        ({"id": "x", "title": "<br>"}, "title", "HTML"),
        ({"id": "x", "title": ["X"]}, "title", "expected text, got a list"),
        ({"id": True, "title": "X"}, "id", "expected text"),
        ({"id": "x", "title": "X", "year": "abc"}, "year", "expected a number, got 'abc'"),
        ({"id": "x", "title": "X", "year": [1999]}, "year", "got a list"),
        ({"id": "x", "title": "X", "price": True}, "price", "expected a number"),
        ({"id": "x", "title": "X", "price": "1e999"}, "price", "expected a number"),
        ({"id": "x", "title": "X", "sold": "many"}, "sold", "expected a number"),
        ({"id": "good", "title": "X"}, "id", "'good' was used by an earlier row"),
        ({"id": "x", "title": "X", "inferred": {"price": 2}}, "inferred.price", "confidence from 0 to 1, got 2"),
        ({"id": "x", "title": "X", "inferred": {"price": "high"}}, "inferred.price", "got 'high'"),
        ({"id": "x", "title": "X", "inferred": {"kinds": {"Lamp": True}}}, "inferred.kinds.Lamp", "from 0 to 1"),
        ({"id": "x", "title": "X", "inferred": {"kinds": 0.5}}, "inferred.kinds", "expected a facet's field"),
        ({"id": "x", "title": "X", "inferred": {"kind": {"Lamp": 0.5}}}, "inferred.kind", "expected a facet's field"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_kept(tmp_path: Path, row: Any, field: str, words: str) -> None:
    catalogue, report = imported(tmp_path, {"id": "good", "title": "G"}, "", row, {"id": "last", "title": "L"})
    assert [item.id for item in catalogue.items] == ["good", "last"]
    assert catalogue.get("good").title == "G"
    assert problems(report) == [(3, field)]
    assert words in report.skipped[0].message
    assert (report.rows, report.items) == (3, 2)


def test_twins_are_kept_and_reported(tmp_path: Path) -> None:
    catalogue, report = imported(
        tmp_path,
        {"id": "a", "title": "Lamp", "year": 1990},
        {"id": "b", "title": "LAMP", "year": 1990},
        {"id": "c", "title": "Lamp", "year": 1991},
    )
    assert len(catalogue) == 3
    assert report.twins == [("a", "b")]


def test_declared_duplicates_are_counted_apart(tmp_path: Path) -> None:
    catalogue, report = imported(
        tmp_path, {"id": "a", "title": "A", "duplicate_of": None}, {"id": "b", "title": "A", "duplicate_of": "a"}
    )
    assert [item.id for item in catalogue.items] == ["a"]
    assert (report.rows, report.items, report.duplicates, report.skipped, report.twins) == (2, 1, 1, [], [])


# ---------------------------------------------------------------- CSV


def test_csv_with_lists_numbers_and_quoted_lines(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(
        "id,title,year,kinds,designers,made.of,watts,isbn,blurb\r\n"
        '007,1984,1984,Lamp|Gift,"[""Ada"", ""Eve""]",oak; brass,40,0123,"two\nlines; one | text"\r\n'
        "\r\n"
        "8,Short,1999\r\n"
        "9,Bad year,soon,,,,,,\r\n"
        '10,"Last, one",,1984,,,,,\r\n',
        encoding="utf-8-sig",
    )
    catalogue, report = import_file(path, SHOP)
    first, last = catalogue.items
    assert (first.id, first.title, first.year) == ("007", "1984", 1984)
    assert first.facets == {
        "kinds": ["Lamp", "Gift"],
        "designers": ["Ada", "Eve"],
        "made.of": ["oak", "brass"],
        "isbn": ["0123"],
    }
    assert first.numbers == {"year": 1984, "watts": 40}
    assert first.text == "two lines; one | text"
    assert (last.title, last.year, last.facets) == ("Last, one", None, {"kinds": ["1984"]})
    assert problems(report) == [(5, "row"), (6, "year")]
    assert report.skipped[0].message == "has 3 columns, the header has 9"


def test_csv_and_json_give_the_same_items(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "title": "A", "year": 1990, "kinds": ["x", "y"], "blurb": "text"},
        {"id": "b", "title": "B", "year": 1991, "kinds": ["x"], "blurb": "more"},
    ]
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows([{**row, "kinds": "|".join(row["kinds"])} for row in rows])  # type: ignore[arg-type]
    (tmp_path / "items.csv.gz").write_bytes(gzip.compress(sheet.getvalue().encode()))
    from_csv, _ = import_file(tmp_path / "items.csv.gz", SHOP)
    from_json, _ = imported(tmp_path, *rows)
    assert [item.model_dump() for item in from_csv.items] == [item.model_dump() for item in from_json.items]


# ---------------------------------------------------------------- files that cannot be used


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("absent.jsonl", None, "does not exist"),
        ("empty.jsonl", b"", "is empty"),
        ("blank.jsonl", b" \n\n", "is empty"),
        ("latin.jsonl", '{"id":"a","title":"a"}\n{"id":"é"}'.encode("latin-1"), r"not UTF-8 \(line 2\)"),
        ("plain.jsonl.gz", b'{"id":"a","title":"a"}', "not a whole gzip file"),
        ("cut.jsonl.gz", gzip.compress(b'{"id":"a","title":"a"}' * 99, mtime=0)[:-9], "not a whole gzip file"),
        ("items.xlsx", b"PK", "unknown kind of file"),
        ("items.gz", b"PK", "unknown kind of file"),
        ("items.json", b'[\n{"id":"a","title":"a"}\n]', "is one JSON array"),
        ("none.jsonl", b'{"id":"a"}\n{}\n[]\n1', "row 1, title: .*row 2, id: .*row 3, row: "),
        ("items.csv", b"id;title\n1;A", "no column id or title"),
        ("twice.csv", b"id,title,title\n1,A,B", "'title' appears twice"),
        ("header.csv", b"id,title\n", "There are no rows"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CatalogueError, match=words) as caught:
        import_file(tmp_path / name, SHOP)
    assert name in str(caught.value)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "items.jsonl"
    folder.mkdir()
    with pytest.raises(CatalogueError, match="is a folder"):
        import_file(folder, SHOP)


# ---------------------------------------------------------------- the whole


def test_digest_follows_file_and_domain(tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"id": "a", "title": "A"})
    digest = import_file(path, SHOP)[0].digest
    assert len(digest) == 16
    assert import_file(path, SHOP)[0].digest == digest
    assert import_file(path, SHOP.model_copy(update={"ignore": ()}))[0].digest != digest
    assert imported(tmp_path, {"id": "a", "title": "B"})[0].digest != digest


def test_progress_ends_with_the_total(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    path = jsonl(tmp_path, *({"id": str(n), "title": "A"} for n in range(2500)))
    import_file(path, SHOP, progress=lambda *step: seen.append(step))
    assert seen == [("import", 1000, 2500), ("import", 2000, 2500), ("import", 2500, 2500)]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(["id", "title", "year", "kinds", "blurb", "made", "popularity", "image", "extra", "sku"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(fields, values), max_size=5))
def test_no_row_stops_the_import_and_every_row_is_accounted_for(rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        catalogue, report = import_file(jsonl(Path(folder), {"id": "!", "title": "first"}, *rows), SHOP)
    assert report.rows == len(rows) + 1 == report.items + len(report.skipped) + report.duplicates
    for item in catalogue.items:
        assert item.title == item.title.strip() != ""
        assert 0 <= item.popularity <= 1
        plain = item.model_dump()
        assert type(item).model_validate(plain).model_dump() == plain
        assert json.dumps(plain, allow_nan=False)


@pytest.mark.skipif(not STARTER.is_file(), reason="the starter catalogue is not there")
def test_the_starter_imports_without_a_complaint() -> None:
    catalogue, report = import_file(STARTER, load_domain("movies"))
    assert (report.skipped, report.twins, report.items) == ([], [], len(catalogue))
    assert all(item.year and item.genres and item.people and item.text for item in catalogue.items)
    assert catalogue.postings("mood")
    assert "minutes" in catalogue.items[0].numbers


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the development data {SHARED} is not there")
@pytest.mark.parametrize(
    ("name", "items", "skipped", "duplicates"),
    [("wikipedia_movies", 36_103, 0, 0), ("redial_movies", 6_451, 2, 123), ("boardgames", 20_342, 0, 0)],
)
def test_real_catalogues(name: str, items: int, skipped: int, duplicates: int) -> None:
    catalogue, report = import_file(SHARED / f"{name}.jsonl.gz", load_domain("movies"))
    assert (len(catalogue), len(report.skipped), report.duplicates) == (items, skipped, duplicates)
    assert catalogue.popularity.max() == pytest.approx(1, abs=0.05)
