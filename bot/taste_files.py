"""What is inside a file of ratings: its tables, taken from text or an archive, whatever its encoding and separator."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Literal

import yaml
from pydantic import Field

from retrieval.errors import InputError
from retrieval.records import Record
from retrieval.rows import BadRowError

_SEPARATORS = (",", ";", "\t")
_MOST_MEMBERS = 2_000
_HEADER_SHOWN = 120
_UNCLOSED = "a quotation mark is opened here and never closed, so nothing after it can be read"

RowMeaning = Literal["seen", "liked", "wanted", "unsaid"]


class Shelf(Record):
    """A column that says what became of an item; values are compared without regard to case."""

    column: str
    seen: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()


class Kind(Record):
    """A column of what a title is. Compared without spaces and case: `apart` is never the item of that name."""

    column: str
    apart: tuple[str, ...] = ()
    dated: tuple[str, ...] = ()


class Export(Record):
    """One kind of table that people take away from another service; bot/exports.yaml says what each field means."""

    name: str
    needs: tuple[str, ...]
    title: tuple[str, ...] = ()
    titled: Literal["plain", "inverted", "series"] = "plain"
    year: str | None = None
    makers: tuple[str, ...] = ()
    rating: str | None = None
    scale: tuple[float, float] = (0.0, 1.0)
    unrated: float | None = None
    when: tuple[str, ...] = ()
    ids: dict[str, str] = {}
    person: str | None = None
    number: str | None = None
    shelf: Shelf | None = None
    times: str | None = None
    kind: Kind | None = None
    row: Literal["seen", "named", "unsaid"] = "unsaid"
    rank: int = 0


class Lookup(Record):
    """A table beside a file: what a number of that file stands for."""

    file: str
    number: str
    title: str | None = None
    ids: dict[str, str] = {}


class Exports(Record):
    """All that is known of other services' files."""

    exports: tuple[Export, ...]
    tables: tuple[Lookup, ...]
    names: dict[RowMeaning, tuple[str, ...]] = Field(default_factory=dict)
    ignored: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def known_exports() -> Exports:
    """bot/exports.yaml."""
    text = Path(__file__).with_name("exports.yaml").read_text(encoding="utf-8")
    return Exports.model_validate(yaml.safe_load(text))


class Table:
    """One table of text: its header and its rows.

    name: the file, for messages; in an archive its path there. separator: found by which one makes a known header.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text
        self._separator = ","
        self.header: list[str] = []
        self.export: Export | None = None
        for separator in _SEPARATORS:
            header = self._header(separator)
            export = _recognised(header)
            if not self.header or export is not None or (self.export is None and len(header) > len(self.header)):
                self.header, self.export, self._separator = header, export, separator
            if export is not None:
                break

    def _header(self, separator: str) -> list[str]:
        try:
            first = next(csv.reader(io.StringIO(self._text, newline=""), delimiter=separator), [])
        except csv.Error:
            return []
        return [cell.strip().casefold() for cell in first]

    def rows(self) -> Iterator[tuple[int, dict[str, str] | BadRowError]]:
        """(row, its cells by column in lower case, or what is wrong with it); the header is row 1."""
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self._separator, strict=True)
        next(reader, None)
        row = 1
        while True:
            row += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fault = _UNCLOSED if "unexpected end" in str(error) else f"is not valid CSV: {error}"
                yield row, BadRowError("row", fault)
                continue
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(self.header):
                yield row, BadRowError("row", f"has {len(cells)} columns, the header has {len(self.header)}")
                continue
            yield row, dict(zip(self.header, (cell.strip() for cell in cells), strict=True))


def _recognised(header: Sequence[str]) -> Export | None:
    present = set(header)
    exports = known_exports().exports
    return next((one for one in exports if {name.casefold() for name in one.needs} <= present), None)


def meaning_of(name: str) -> RowMeaning:
    """What the name of a file, with its folder, says of rows without a rating."""
    said = f" {' '.join(re.findall('[a-z]+', name.casefold()))} "
    for meaning, signs in known_exports().names.items():
        if any(f" {sign.replace('-', ' ')} " in said for sign in signs):
            return meaning
    return "unsaid"


def tables(name: str, data: bytes, most: int) -> list[Table]:
    """Every table of a file: itself, or those of an archive that may hold ratings. `most`: bytes, also when unpacked.

    Raises InputError when the file is empty, too large, not text, or an archive that cannot be read.
    """
    if not data.strip():
        raise InputError(f"{name} is empty. Expected a .csv with a header, or the .zip it came in.")
    if len(data) > most:
        raise InputError(_too_large(name, len(data), most))
    if data[:4] == b"PK\x03\x04":
        return [Table(member, decoded(member, text)) for member, text in _members(name, data, most)]
    return [Table(name, decoded(name, data))]


def _too_large(name: str, size: int, most: int) -> str:
    return (
        f"{name} has {size:,} bytes; at most {most:,} are accepted (RAPPORT_MAX_IMPORT). Split it, or raise the limit."
    )


def _members(name: str, data: bytes, most: int) -> Iterator[tuple[str, bytes]]:
    ignored = {folder.casefold() for folder in known_exports().ignored}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > _MOST_MEMBERS:
                raise InputError(f"{name} holds {len(infos):,} files; at most {_MOST_MEMBERS:,} are accepted.")
            left = most
            for info in infos:
                path = PurePosixPath(info.filename)
                if path.suffix.casefold() != ".csv" or {part.casefold() for part in path.parts[:-1]} & ignored:
                    continue
                # The size that an archive states need not be true, so one byte more than is accepted is asked for.
                with archive.open(info) as member:
                    content = member.read(left + 1)
                if len(content) > left:
                    raise InputError(_too_large(f"{name}, unpacked,", most + 1, most))
                left -= len(content)
                if content.strip():
                    yield info.filename, content
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise InputError(f"{name} is not a whole, unlocked .zip file: {error}. Export it again.") from error


def decoded(name: str, data: bytes) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark. Raises InputError naming the first line that is not."""
    marked = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
    if not marked and b"\0" in data:
        raise InputError(f"{name} is not text, or UTF-16 without its mark. Save it again as CSV in UTF-8.")
    try:
        text = data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name} is not UTF-8 (line {line}). Save it again as CSV in UTF-8.") from error
    if "\0" in text:
        raise InputError(f"{name} is not text. Save it again as CSV in UTF-8.")
    return text


def header_shown(table: Table) -> str:
    """The columns of a table, for a message."""
    shown = ", ".join(cell for cell in table.header if cell)
    return shown if len(shown) <= _HEADER_SHOWN else f"{shown[:_HEADER_SHOWN]}…"
