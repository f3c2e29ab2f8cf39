"""Reading export files: every known kind, however it was saved; what cannot be used is named, nothing else is lost."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.taste import Rated, Taste, read_taste
from retrieval.errors import InputError

DATA = Path(__file__).parents[1] / "data" / "taste"
LETTERBOXD = DATA / "letterboxd"
HEADER = "Date,Name,Year,Letterboxd URI,Rating"
BYTES, ROWS = 1_000_000, 1_000


def read(data: bytes | str, name: str = "ratings.csv", **more: object) -> Taste:
    data = data.encode() if isinstance(data, str) else data
    given = {"most_bytes": BYTES, "most_rows": ROWS, **more}
    return read_taste(name, data, **given)  # type: ignore[arg-type]


def read_file(path: Path, **more: object) -> Taste:
    def beside(file: str) -> bytes | None:
        other = path.with_name(file)
        return other.read_bytes() if other.is_file() else None

    return read(path.read_bytes(), path.name, beside=beside, **more)


def by_title(taste: Taste) -> dict[str, Rated]:
    return {rated.title: rated for rated in taste.rated}


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def letterboxd_zip() -> bytes:
    return zipped({
        str(path.relative_to(LETTERBOXD)): path.read_bytes() for path in sorted(LETTERBOXD.rglob("*.csv"))
    })  # fmt: skip


# ---------------------------------------------------------------- each kind


def test_letterboxd_ratings() -> None:
    taste = read_file(LETTERBOXD / "ratings.csv")
    assert (taste.source, taste.rows, taste.unusable) == ("Letterboxd", 11, 0)
    first = taste.rated[0]
    assert (first.titles, first.year, first.rating, first.stars, first.out_of) == (("Arrival",), 2016, 1.0, 5.0, 5.0)
    assert (first.seen, first.liked, first.when, first.row, first.file) == (True, False, date(2023, 2, 11), 2, "")
    assert by_title(taste)["The Good, the Bad and the Ugly"].rating == 0.9


def test_letterboxd_tables_of_names_are_told_by_their_names() -> None:
    watched = read_file(LETTERBOXD / "watched.csv")
    assert all(rated.seen and not rated.liked and rated.rating is None for rated in watched.rated)
    liked = read_file(LETTERBOXD / "likes" / "films.csv")
    assert all(rated.liked and not rated.seen for rated in liked.rated)
    wanted = read_file(LETTERBOXD / "watchlist.csv")
    assert (wanted.rated, wanted.wanted, wanted.rows) == ((), 2, 2)
    with pytest.raises(InputError, match=r"export\.csv: none of its 3 rows .*watched\.csv.*\.zip"):
        read((LETTERBOXD / "watched.csv").read_bytes(), "export.csv")


def test_letterboxd_archive_is_read_whole_but_for_what_was_deleted() -> None:
    packed = letterboxd_zip()
    taste = read(packed, "letterboxd-ida-2023.zip")
    assert taste.source == "Letterboxd"
    assert taste.wanted == 2
    files = {rated.file for rated in taste.rated}
    assert files == {"ratings.csv", "watched.csv", "diary.csv", "likes/films.csv"}
    taken_back = zipped({
        "ratings.csv": (LETTERBOXD / "ratings.csv").read_bytes(),
        "deleted/ratings.csv": f"{HEADER}\n2020-01-01,Deleted,2000,u,5\n".encode(),
        "lists/best.csv": f"{HEADER}\n2020-01-01,Listed,2000,u,5\n".encode(),
        "profile.csv": b"Date Joined,Username\n2020-01-01,ida\n",
    })  # fmt: skip
    assert not {"Deleted", "Listed"} & by_title(read(taken_back, "mine.zip")).keys()


def test_imdb_ratings() -> None:
    taste = read_file(DATA / "imdb-ratings.csv")
    found = by_title(taste)
    assert taste.source == "IMDb"
    assert found["Spirited Away"].titles == ("Spirited Away", "Sen to Chihiro no kamikakushi")
    assert (found["Spirited Away"].rating, found["Spirited Away"].ids) == (0.9, {"imdb_id": "tt0000001"})
    assert [title for title, rated in found.items() if rated.apart] == ["Heat"]
    assert [title for title, rated in found.items() if rated.dated] == ["Stalker"]


def test_imdb_lists_say_only_what_their_ratings_and_names_say() -> None:
    path = DATA / "imdb-watch-history.csv"
    seen = by_title(read_file(path))
    assert (seen["Alien"].seen, seen["Alien"].rating, seen["Oldboy"].rating) == (True, None, 0.8)
    some_list = read(path.read_bytes(), "films for a rainy day.csv")
    assert (list(by_title(some_list)), some_list.unsaid) == (["Oldboy"], 1)
    watchlist = read(path.read_bytes(), "WATCHLIST.csv")
    assert (list(by_title(watchlist)), watchlist.wanted) == (["Oldboy"], 1)


def test_goodreads_shelves() -> None:
    taste = read_file(DATA / "goodreads_library_export.csv")
    found = by_title(taste)
    assert (taste.wanted, taste.unsaid) == (1, 1)
    assert set(found) == {"The Left Hand of Darkness", "Emma", "It", "The Wall"}
    assert (found["It"].rating, found["It"].seen) == (None, True)
    assert (found["Emma"].rating, found["Emma"].makers, found["Emma"].when) == (0.4, ("Jane Austen",), date(2022, 1, 6))
    hand = found["The Left Hand of Darkness"]
    assert hand.titles[1] == "The Left Hand of Darkness (Hainish Cycle, #4)"
    assert hand.ids == {"isbn13": "9780000000011", "goodreads_id": "11"}


def test_movielens_numbers_are_looked_up_beside_the_file_or_in_its_archive() -> None:
    folder = DATA / "movielens"
    taste = read_file(folder / "ratings.csv", user="7")
    assert [(rated.titles[0], rated.year) for rated in taste.rated] == [
        ("The Matrix", 1999), ("Seven", 1995), ("City of God", 2002)
    ]  # fmt: skip
    assert taste.rated[1].titles == ("Seven", "Se7en")
    assert taste.rated[0].ids == {"movielens_id": "1", "imdb_id": "0000009", "tmdb_id": "1"}
    assert taste.rated[0].when == date(2000, 7, 30)
    packed = zipped({f"ml/{path.name}": path.read_bytes() for path in folder.glob("[lmr]*.csv")})
    assert [rated.titles for rated in read(packed, "ml.zip", user="7").rated] == [r.titles for r in taste.rated]
    alone = read((folder / "ratings.csv").read_bytes(), user="8")
    assert [(rated.titles, rated.title) for rated in alone.rated] == [((), "movielens_id 1"), ((), "movielens_id 4")]


def test_movielens_of_several_people_needs_to_be_told_whose() -> None:
    path = DATA / "movielens" / "ratings.csv"
    with pytest.raises(InputError, match=r"ratings of 2 people.*userId is 7, 8"):
        read_file(path)
    with pytest.raises(InputError, match="no rows of userId '9'"):
        read_file(path, user="9")
    assert read_file(path, user="8").rows == 2


def test_movielens_of_one_person_from_the_site() -> None:
    found = by_title(read_file(DATA / "movielens" / "site-ratings.csv"))
    assert (found["The Thing"].year, found["The Thing"].rating) == (1982, 0.2)


# ---------------------------------------------------------------- encodings and separators

NAME = '"Amélie, ""la"" belle"'
PLAIN = f"{HEADER}\n2023-01-01,{NAME},2001,u,4.5\n2023-01-02,Heat,1995,u,\n"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.replace("\n", "\r\n").encode(),
        f"Date;Name;Year;Letterboxd URI;Rating\n2023-01-01;{NAME};2001;u;4,5\n2023-01-02;Heat;1995;u;\n".encode(),
        "\t".join(HEADER.split(",")).encode()
        + f"\n2023-01-01\t{NAME}\t2001\tu\t4.5\n2023-01-02\tHeat\t1995\tu\t".encode(),
        PLAIN.replace("Date,Name", " date , NAME").encode(),
    ],
    ids=["utf-8", "mark", "utf-16", "utf-16-be", "crlf", "semicolons", "tabs", "header in another case"],
)
def test_the_same_table_is_read_however_it_was_saved(data: bytes) -> None:
    taste = read(data)
    assert [(r.title, r.year, r.rating) for r in taste.rated] == [
        ('Amélie, "la" belle', 2001, 0.9), ("Heat", 1995, None)
    ]  # fmt: skip
    assert taste.problems == ()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (PLAIN.encode("latin-1"), r"not UTF-8 \(line 2\)"),
        (PLAIN.encode("utf-16-le"), "UTF-16 without its mark"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not text"),
        (b"name,stars\nHeat,5\n", "no export that is known. Its columns are: name, stars"),
        (f"{HEADER}\n".encode(), "a header and no rows"),
        (zipped({"readme.txt": b"hello"}), "holds no .csv table"),
        (zipped({"a.csv": b"x,y\n1,2\n"}), "no export that is known"),
        (letterboxd_zip()[:300], "not a whole, unlocked .zip"),
        (b"x" * (BYTES + 1), r"RAPPORT_MAX_IMPORT"),
        (zipped({"ratings.csv": f"{HEADER}\n".encode() + b"a" * (2 * BYTES)}), "unpacked.*RAPPORT_MAX_IMPORT"),
        (f"{HEADER}\n".encode() + b"2023-01-01,Heat,1995,u,4\n" * (ROWS + 1), "RAPPORT_MAX_IMPORT_ROWS"),
        (f"{HEADER}\n2023-01-01,Heat,1995,u,nine\n".encode(), "no usable row.*row 2, Rating: 'nine' is not a number"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_says_why(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as refused:
        read(data, "mine.csv")
    assert str(refused.value).startswith("mine.csv")


# ---------------------------------------------------------------- rows at fault


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ("2023-01-01,,1995,u,4", "Name", "is empty"),
        ("2023-01-01,Heat,soon,u,4", "Year", "'soon' is not a year"),
        ("2023-01-01,Heat,1995,u,4 stars", "Rating", "'4 stars' is not a number"),
        ("2023-01-01,Heat,1995,u,5.5", "Rating", "5.5 is not within 0.5 to 5"),
        ("2023-01-01,Heat,1995,u,nan", "Rating", "is not within"),
        ("2023-01-01,Heat,1995", "row", "has 3 columns, the header has 5"),
        ('2023-01-01,"He"at,1995,u,4', "row", "not valid CSV"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_is_read(row: str, field: str, message: str) -> None:
    taste = read(f"{HEADER}\n2023-01-01,Alien,1979,u,4\n{row}\n\n2023-01-02,Ran,1985,u,5\n")
    assert [rated.title for rated in taste.rated] == ["Alien", "Ran"]
    assert [rated.row for rated in taste.rated] == [2, 5]
    [problem] = taste.problems
    assert (problem.file, problem.row, problem.field) == ("ratings.csv", 3, field)
    assert message in problem.message
    assert taste.rows == len(taste.rated) + taste.unusable == 3


def test_a_quotation_mark_that_never_closes_is_named_with_its_row() -> None:
    taste = read(f'{HEADER}\n2023-01-01,Alien,1979,u,4\n2023-01-02,"Ran,1985,u,5\n2023-01-03,Heat,1995,u,4\n')
    assert [rated.title for rated in taste.rated] == ["Alien"]
    assert [(problem.row, problem.message[:17]) for problem in taste.problems] == [(3, "a quotation mark ")]


def test_titles_lose_what_would_upset_a_screen() -> None:
    taste = read(f"{HEADER}\n2023-01-01,He\u202eat\x07 \t 2,1995,u,4\n2023-01-01,{'x' * 999},1995,u,4\n")
    assert [len(rated.title) for rated in taste.rated] == [len("He at 2"), 300]
    assert taste.rated[0].title == "He at 2"


@given(st.lists(st.lists(st.text(max_size=12), max_size=7), max_size=8), st.sampled_from([",", ";", "\t"]))
def test_no_text_under_a_header_breaks_the_reader(rows: list[list[str]], separator: str) -> None:
    text = HEADER.replace(",", separator) + "\n" + "\n".join(separator.join(cells) for cells in rows)
    try:
        taste = read(text.encode("utf-8", "replace"))
    except InputError:
        return
    assert taste.rows == len(taste.rated) + taste.unusable + taste.wanted + taste.unsaid
    assert all(rated.title and (rated.rating is None or 0 < rated.rating <= 1) for rated in taste.rated)
