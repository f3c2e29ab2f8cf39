"""What people thought of things elsewhere: the rows of an export file as typed records, whatever service it is from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime

from bot.records import RowProblem
from bot.taste_files import Export, Lookup, RowMeaning, Table, header_shown, known_exports, meaning_of, tables
from retrieval.errors import InputError
from retrieval.records import Record
from retrieval.rows import BadRowError

_LONGEST = 300
_PROBLEMS_KEPT = 200
_NAMED_PEOPLE = 5
_ARTICLES = {"the", "a", "an", "le", "la", "les", "l'", "il", "lo", "gli", "i", "el", "los", "las", "der", "die", "das",
             "den", "det", "een", "het", "o", "os", "as", "un", "une", "una"}  # fmt: skip
_YEAR_AT_END = re.compile(r"\s*\((\d{4})(?:[-\u2013]\d{0,4})?\)\s*$")
_BRACKETS = re.compile(r"\s*\(([^()]*)\)\s*$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_EPOCH = re.compile(r"\d{9,10}")

Beside = Callable[[str], bytes | None]
"""The bytes of the file with a name in the same folder, or None."""


class Rated(Record):
    """What one row says of one thing.

    titles: its names, best known first; empty when it has only `ids`. year: None when not stated; where `makers` are
    given it is an edition's. rating: 0..1 of the scale, None without one; stars and out_of: as it was written. liked:
    marked as liked, whether rated or not. when: None when not stated or not readable. dated: only an item of the very
    year can be meant; apart: no item of the catalogue can be. rank: of several ratings the highest rank counts. file:
    where the row is, "" when the import is one table.
    """

    titles: tuple[str, ...] = ()
    year: int | None = None
    makers: tuple[str, ...] = ()
    ids: dict[str, str] = {}
    rating: float | None = None
    stars: float | None = None
    out_of: float | None = None
    liked: bool = False
    seen: bool = False
    when: date | None = None
    dated: bool = False
    apart: bool = False
    rank: int = 0
    row: int
    file: str = ""

    @property
    def title(self) -> str:
        """Its name, or what stands for it."""
        return self.titles[0] if self.titles else ", ".join(f"{key} {value}" for key, value in self.ids.items())


class Taste(Record):
    """A file, read. rows: of this person, with those left out. wanted: rows that only say that it is wanted; unsaid:
    rows that say nothing of having seen it. problems: rows that cannot be used, at most 200 of `unusable`."""

    name: str
    source: str
    rows: int
    rated: tuple[Rated, ...]
    wanted: int = 0
    unsaid: int = 0
    unusable: int = 0
    problems: tuple[RowProblem, ...] = ()


def read_taste(
    name: str, data: bytes, most_bytes: int, most_rows: int, user: str | None = None, beside: Beside | None = None
) -> Taste:
    """Read ratings, or what was seen, from a .csv (also with semicolons or tabs, UTF-8 or UTF-16) or a .zip of such.

    The kind of a table is told by its columns (bot/exports.yaml); only where those of several kinds are the same does
    the name of the file count. `user`: whose rows, in a file of several people. `beside`: for files that name things by
    number only; an archive is asked itself.

    Raises InputError when nothing can be read: an unknown header, a file too large or not text, several people and none
    named, or not a single usable row. A row that cannot be used is reported, and the rest is read.
    """
    found = tables(name, data, most_bytes)
    known = [table for table in found if table.export is not None]
    if not known:
        raise InputError(_unknown(name, found))
    packed = {table.name.rsplit("/", 1)[-1].casefold(): table for table in found}
    reading = _Reading(most_rows, user, several=len(found) > 1 or known[0].name != name)
    for table in known:
        reading.take(table, lambda file: packed.get(file) or _table_beside(file, beside, most_bytes))
    sources = list(dict.fromkeys(table.export.name.split()[0] for table in known if table.export))
    taste = Taste(
        name=name, source=" and ".join(sources), rows=reading.rows, rated=tuple(reading.rated),
        wanted=reading.left["wanted"], unsaid=reading.left["unsaid"], unusable=reading.unusable,
        problems=tuple(reading.problems),
    )  # fmt: skip
    if not taste.rated and not taste.wanted:
        raise InputError(_nothing_usable(name, taste))
    return taste


class _Reading:
    """What has been read so far of the tables of one file."""

    def __init__(self, most_rows: int, user: str | None, several: bool) -> None:
        self._most, self._user, self._several = most_rows, user, several
        self.rated: list[Rated] = []
        self.left: Counter[RowMeaning] = Counter()
        self.problems: list[RowProblem] = []
        self.rows = self.unusable = 0

    def take(self, table: Table, lookup: Callable[[str], Table | None]) -> None:
        export = table.export
        assert export is not None
        person = self._person(table, export)
        names = _lookups(export, lookup)
        meaning = meaning_of(table.name) if export.row == "named" else export.row
        # A list with ratings is liked for its own reasons; only a table of nothing but names can be one of likes.
        meaning = "unsaid" if meaning == "liked" and export.rating else meaning
        for row, cells in table.rows():
            if not isinstance(cells, BadRowError) and person and cells[(export.person or "").casefold()] != person:
                continue
            self.rows += 1
            if self.rows > self._most:
                limit = f"more than {self._most:,} rows (RAPPORT_MAX_IMPORT_ROWS)"
                raise InputError(f"{table.name} has {limit}. Split it, or raise the limit.")
            try:
                if isinstance(cells, BadRowError):
                    raise cells
                rated, says = _rated(export, cells, row, meaning, names)
            except BadRowError as fault:
                self.unusable += 1
                if len(self.problems) < _PROBLEMS_KEPT:
                    self.problems.append(RowProblem(file=table.name, row=row, field=fault.field, message=str(fault)))
                continue
            if says in {"wanted", "unsaid"}:
                self.left[says] += 1
            else:
                self.rated.append(rated.model_copy(update={"file": table.name}) if self._several else rated)

    def _person(self, table: Table, export: Export) -> str | None:
        """Whose rows to take, None for everybody's. Raises InputError when that is not known."""
        if export.person is None:
            return None
        column = export.person.casefold()
        people = Counter(cells[column] for _, cells in table.rows() if not isinstance(cells, BadRowError))
        if self._user is not None and self._user not in people:
            raise InputError(f"{table.name} has no rows of {export.person} '{self._user}'. It has {_some(people)}.")
        if self._user is None and len(people) > 1:
            whose = f"{export.person} is {_some(people)}"
            raise InputError(f"{table.name} has ratings of {len(people):,} people. Say whose to take; {whose}.")
        return self._user


def _some(people: Counter[str]) -> str:
    shown = ", ".join(list(people)[:_NAMED_PEOPLE])
    return f"{shown}, …" if len(people) > _NAMED_PEOPLE else shown


# ---------------------------------------------------------------- one row


def _rated(
    export: Export, cells: dict[str, str], row: int, meaning: RowMeaning, names: dict[str, dict[str, str]] | None
) -> tuple[Rated, RowMeaning]:
    """One row, and what it says. Raises BadRowError naming the field at fault."""

    def cell(column: str | None) -> str:
        return cells.get(column.casefold(), "") if column else ""

    ids = {scheme: value for scheme, column in export.ids.items() if (value := cell(column).strip('="'))}
    given = {text: column for column in export.title if (text := _plain(cell(column)))}
    if names is not None:
        entry = names.get(cell(export.number), {})
        ids |= {scheme: value for scheme, value in entry.items() if scheme}
        given = {text: export.number or "" for text in (_plain(entry.get("", "")),) if text}
    if not given and not (names is not None and ids):
        raise BadRowError(export.title[0] if export.title else export.number or "row", "is empty; every row needs one")
    titles, year = titles_of(list(given), export.titled)
    year = _year(cell(export.year), export.year) if export.year else year
    stars = _stars(cell(export.rating), export)
    highest = export.scale[1]
    says = _says(export, cell, stars is not None, meaning)
    kind = "".join(cell(export.kind.column).casefold().split()) if export.kind else ""
    dates = (_day(cell(column)) for column in export.when)
    return Rated(
        titles=tuple(titles), year=year, ids=ids,
        makers=tuple(name.strip() for column in export.makers for name in cell(column).split(",") if name.strip()),
        rating=None if stars is None else round(stars / highest, 4), stars=stars,
        out_of=None if stars is None else highest, liked=says == "liked", seen=says == "seen",
        when=next((day for day in dates if day), None), rank=export.rank, row=row,
        apart=export.kind is not None and kind in export.kind.apart,
        dated=export.kind is not None and kind in export.kind.dated,
    ), says  # fmt: skip


def _says(export: Export, cell: Callable[[str | None], str], rated: bool, meaning: RowMeaning) -> RowMeaning:
    if rated:
        return "seen"
    if export.shelf is not None:
        shelf = cell(export.shelf.column).casefold()
        again = cell(export.times).isdecimal() and int(cell(export.times)) > 0
        return "seen" if shelf in export.shelf.seen or again else "wanted" if shelf in export.shelf.wanted else "unsaid"
    return meaning


def _stars(text: str, export: Export) -> float | None:
    if not text:
        return None
    lowest, highest = export.scale
    try:
        stars = float(text.replace(",", "."))
    except ValueError as error:
        raise BadRowError(export.rating or "row", f"'{text[:40]}' is not a number") from error
    if stars == export.unrated:
        return None
    if not lowest <= stars <= highest:
        raise BadRowError(export.rating or "row", f"{stars:g} is not within {lowest:g} to {highest:g}")
    return stars


def _year(text: str, column: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"-?\d{1,4}", text):
        raise BadRowError(column, f"'{text[:40]}' is not a year")
    return int(text)


def _day(text: str) -> date | None:
    """A date in any of the ways the exports write one; None for another, since nothing rests on it but an order."""
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC).date()
    try:
        return date.fromisoformat(text[:10].replace("/", "-"))
    except ValueError:
        return None


def _plain(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())[:_LONGEST]


def titles_of(given: list[str], titled: str) -> tuple[list[str], int | None]:
    """The names in the columns of a title and those folded into them, and the year that one of them carries."""
    if titled == "plain" or not given:
        return given, None
    text, year = given[0], None
    if titled == "inverted" and (found := _YEAR_AT_END.search(text)):
        text, year = text[: found.start()], int(found[1])
    names: list[str] = []
    while found := _BRACKETS.search(text):
        text = text[: found.start()]
        names.insert(0, re.sub(r"^a\.?k\.?a\.? ", "", found[1], flags=re.IGNORECASE))
    if titled == "series":
        # "(Middle-earth, #1)" names a series, not the book; what follows a colon is often left out elsewhere.
        return list(dict.fromkeys(name for name in (text, given[0], text.split(": ")[0]) if name)), None
    return [_upright(name) for name in dict.fromkeys([text, *names]) if name], year


def _upright(title: str) -> str:
    """ "Matrix, The" as it is said: "The Matrix"."""
    rest, _, article = title.rpartition(", ")
    if not rest or article.casefold() not in _ARTICLES:
        return title
    return f"{article}{rest}" if article.endswith("'") else f"{article} {rest}"


# ---------------------------------------------------------------- tables beside, and what cannot be read


def _lookups(export: Export, lookup: Callable[[str], Table | None]) -> dict[str, dict[str, str]] | None:
    """By number: its title under "" and its ids by scheme. None for an export that names things itself."""
    if export.number is None:
        return None
    found: dict[str, dict[str, str]] = {}
    for kind in known_exports().tables:
        table = lookup(kind.file) if kind.number == export.number else None
        for number, entry in _entries(kind, table) if table is not None else ():
            found.setdefault(number, {}).update(entry)
    return found


def _entries(kind: Lookup, table: Table) -> Iterator[tuple[str, dict[str, str]]]:
    columns = {"": kind.title, **kind.ids} if kind.title else dict(kind.ids)
    for _, cells in table.rows():
        if not isinstance(cells, BadRowError):
            entry = {scheme: cells.get((column or "").casefold(), "") for scheme, column in columns.items()}
            yield cells.get(kind.number.casefold(), ""), {scheme: value for scheme, value in entry.items() if value}


def _table_beside(file: str, beside: Beside | None, most: int) -> Table | None:
    data = beside(file) if beside is not None else None
    found = tables(file, data, most) if data else []
    return found[0] if found else None


def _unknown(name: str, found: Sequence[Table]) -> str:
    known = ", ".join(dict.fromkeys(export.name for export in known_exports().exports))
    if not found:
        return f"{name} holds no .csv table. Expected an export of: {known}."
    columns = f"Its columns are: {header_shown(found[0])}." if len(found) == 1 else f"It holds {len(found)} tables."
    return f"{name} is no export that is known. {columns} Expected one of: {known}; or a profile exported by Rapport."


def _nothing_usable(name: str, taste: Taste) -> str:
    if taste.problems:
        first = taste.problems[0]
        place = f"{first.file}, row {first.row}, {first.field}"
        return f"{name} has no usable row: {taste.unusable:,} cannot be read. {place}: {first.message}."
    if taste.unsaid:
        why = f"none of its {taste.unsaid:,} rows says a rating or that it was seen"
        mend = "Give it the name it was exported under (such as watched.csv), or bring the whole .zip."
        return f"{name}: {why}. {mend}"
    return f"{name} has a header and no rows."
