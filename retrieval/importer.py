"""Import a catalogue file: JSON lines or CSV in, a Catalogue and a report of what was left out."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NoReturn

from retrieval.catalogue import Catalogue, Progress
from retrieval.domain import DomainConfig
from retrieval.errors import CatalogueError
from retrieval.records import Item, Record

MAX_TEXT = 4_000
JSON_SUFFIXES = (".jsonl", ".json", ".ndjson")
_PROGRESS_EVERY = 1_000
_NUMERIC = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"([+-]?\d{1,4})-\d{1,2}(-\d{1,2})?(T.*)?")
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&")
# White space, control characters, and the marks that reverse the direction of whatever is printed after them.
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_ARRAY = re.compile(r"\s*\[\s*\{")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class RowProblem(Record):
    """A row that was left out. `row` is its line in the file (1-based; the first line of a CSV row that spans
    several), `field` the field at fault ("row" when it is the row as a whole)."""

    row: int
    field: str
    message: str


class ImportReport(Record):
    """What became of the rows of a file: rows = items + len(skipped) + duplicates.

    `twins` are ids of items that share title (case-folded) and year; all of them are kept. `duplicates`
    counts rows whose field `duplicate_of` says that they repeat another.
    """

    rows: int
    items: int
    skipped: list[RowProblem] = []
    twins: list[tuple[str, ...]] = []
    duplicates: int = 0


class _BadRowError(CatalogueError):
    """One row cannot be used; caught by the import, which reports it and goes on."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def import_file(
    path: Path | str, domain: DomainConfig, progress: Progress | None = None
) -> tuple[Catalogue, ImportReport]:
    """Read .jsonl, .json, .ndjson or .csv, each also with .gz.

    Raises CatalogueError when the file cannot be read or has no usable row. A row that cannot be used is
    left out and reported; it never stops the import.
    """
    path = Path(path)
    data = _read(path)
    text = _decode(path, data)
    reader = _RowReader(domain)
    drafts: dict[str, dict[str, Any]] = {}
    skipped: list[RowProblem] = []
    rows = duplicates = 0
    lines = text.count("\n") + 1
    for row, record in _records(path, text, reader):
        rows += 1
        if progress and rows % _PROGRESS_EVERY == 0:
            progress("import", row, lines)
        try:
            if isinstance(record, _BadRowError):
                raise record
            if record.get("duplicate_of") is not None:
                duplicates += 1
                continue
            draft = reader.draft(record)
            if draft["id"] in drafts:
                raise _BadRowError("id", f"the id '{draft['id']}' was used by an earlier row; give each row its own id")
            drafts[draft["id"]] = draft
        except _BadRowError as error:
            skipped.append(RowProblem(row=row, field=error.field, message=str(error)))
        except RecursionError:
            skipped.append(RowProblem(row=row, field="row", message="objects are nested too deeply; flatten them"))
    if not drafts:
        raise CatalogueError(_nothing_usable(path, skipped))
    for draft, popularity in zip(drafts.values(), _popularities(list(drafts.values()), domain), strict=True):
        draft["popularity"] = popularity
    # Every value was checked above; validating it again would triple the time of a large import.
    items = [Item.model_construct(**draft) for draft in drafts.values()]
    if progress:
        progress("import", lines, lines)
    report = ImportReport(rows=rows, items=len(items), skipped=skipped, twins=_twins(items), duplicates=duplicates)
    return Catalogue(domain, items, _digest(data, domain)), report


# ---------------------------------------------------------------- the file


def _read(path: Path) -> bytes:
    if not _format(path):
        expected = ", ".join((*JSON_SUFFIXES, ".csv"))
        raise CatalogueError(f"Catalogue {path}: unknown kind of file. Expected {expected}, or one of them with .gz.")
    if path.is_dir():
        raise CatalogueError(f"Catalogue {path} is a folder. Give the path of a file.")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise CatalogueError(f"Catalogue {path} does not exist. Check the path.") from error
    except OSError as error:
        raise CatalogueError(f"Catalogue {path} cannot be read: {error.strerror}.") from error
    if not data:
        raise CatalogueError(f"Catalogue {path} is empty. Expected one item a line.")
    return data


def _format(path: Path) -> str:
    """'json', 'csv' or '' by the file's name."""
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    return "json" if suffix in JSON_SUFFIXES else "csv" if suffix == ".csv" else ""


def _decode(path: Path, data: bytes) -> str:
    if path.name.lower().endswith(".gz"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise CatalogueError(f"Catalogue {path} is named .gz but is not a whole gzip file: {error}.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CatalogueError(f"Catalogue {path} is not UTF-8 (line {line}). Save it as UTF-8.") from error
    if not text.strip():
        raise CatalogueError(f"Catalogue {path} is empty. Expected one item a line.")
    if _format(path) == "json" and _ARRAY.match(text):
        raise CatalogueError(f"Catalogue {path} is one JSON array. Expected one object a line: jq -c '.[]' splits it.")
    return text


def _digest(data: bytes, domain: DomainConfig) -> str:
    canonical = json.dumps(domain.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(data + b"\0" + canonical.encode()).hexdigest()[:16]


def _nothing_usable(path: Path, skipped: list[RowProblem]) -> str:
    problems = "; ".join(f"row {problem.row}, {problem.field}: {problem.message}" for problem in skipped[:3])
    expected = "Expected one item a line, each with an id and a title."
    return f"Catalogue {path} has no usable row. {problems or 'There are no rows'}. {expected}"


# ---------------------------------------------------------------- rows of a file


def _records(path: Path, text: str, reader: _RowReader) -> Iterator[tuple[int, dict[str, Any] | _BadRowError]]:
    return _csv_records(path, text, reader) if _format(path) == "csv" else _json_records(text)


def _json_records(text: str) -> Iterator[tuple[int, dict[str, Any] | _BadRowError]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_constant=_refuse_constant)
            if _SURROGATE.search(line):
                json.dumps(record, ensure_ascii=False).encode()
        except json.JSONDecodeError as error:
            yield number, _BadRowError("row", f"not valid JSON: {error.msg} at column {error.colno}")
        except UnicodeEncodeError:
            yield number, _BadRowError("row", "holds half of a surrogate pair, which is not a character")
        except (ValueError, RecursionError) as error:
            yield number, _BadRowError("row", f"not usable JSON: {error}")
        else:
            is_object = isinstance(record, dict)
            yield number, record if is_object else _BadRowError("row", f"expected a JSON object, got {_kind(record)}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number; leave the field out")


def _csv_records(path: Path, text: str, reader: _RowReader) -> Iterator[tuple[int, dict[str, Any] | _BadRowError]]:
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [name.strip() for name in next(rows)]
    except csv.Error as error:
        raise CatalogueError(f"Catalogue {path}: the first line is not valid CSV: {error}.") from error
    missing = [name for name in ("id", "title") if name not in header]
    if missing:
        raise CatalogueError(
            f"Catalogue {path}: no column {' or '.join(missing)} in the first line, {', '.join(header)[:200]!r}. "
            "Expected comma-separated column names, id and title among them."
        )
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise CatalogueError(f"Catalogue {path}: column {twice[0]!r} appears twice. Rename one.")
    while True:
        number = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, _BadRowError("row", f"not valid CSV: {error}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            yield number, _BadRowError("row", f"has {len(cells)} columns, the header has {len(header)}")
            continue
        yield number, {name: reader.cell(name, cell) for name, cell in zip(header, cells, strict=True)}


# ---------------------------------------------------------------- one row


class _RowReader:
    """Turns records of one file into the fields of Item, by what the domain says each field is."""

    def __init__(self, domain: DomainConfig) -> None:
        self.domain = domain
        self.year = domain.number_of("year")
        self.numbers = {*domain.field_to_number, *domain.popularity}
        self.facets = set(domain.field_to_facet)
        apart = {"id", "title", *domain.text, *domain.image, *domain.url, *domain.ignore}
        self.apart = apart - self.facets - self.numbers
        self.known = self.apart | self.facets | self.numbers
        self.genres = _fields(domain, "genre")
        self.people = _fields(domain, "person")

    def cell(self, name: str, cell: str) -> Any:
        """What a cell of a CSV file stands for: None, a number, a list or text."""
        value = cell.strip()
        if not value:
            return None
        if name in self.apart or name in self.numbers:
            return value
        if name not in self.facets and _NUMERIC.fullmatch(value):
            return float(value)
        if value.startswith("[") and not _SURROGATE.search(value):
            try:
                return json.loads(value, parse_constant=_refuse_constant)
            except (ValueError, RecursionError):
                return value
        separator = "|" if "|" in value else ";"
        return value.split(separator) if separator in value else value

    def draft(self, record: dict[str, Any]) -> dict[str, Any]:
        """The fields of Item, all but `popularity`. Raises _BadRowError naming the field at fault."""
        item_id = _name(record, "id")
        title = plain_text(_name(record, "title"))
        if not title:
            raise _BadRowError("title", "nothing is left once HTML tags are removed")
        flat = dict(_flatten(record))
        facets: dict[str, list[str]] = {}
        numbers: dict[str, float] = {}
        for field, value in flat.items():
            if field in self.numbers or (field not in self.known and _is_number(value)):
                numbers[field] = self._number(field, value)
            elif field in self.facets:
                facets[field] = _values(value, (str, int, float))
            elif field not in self.known:
                facets[field] = _values(value, (str,))
        facets = {field: values for field, values in facets.items() if values}
        year = next((numbers[field] for field in self._year_fields() if field in numbers), None)
        return {
            "id": item_id,
            "title": title,
            "year": None if year is None else int(year),
            "genres": _merge(facets, self.genres),
            "people": _merge(facets, self.people),
            "facets": facets,
            "numbers": numbers,
            "text": _text(flat, self.domain.text),
            "image": _first(flat, self.domain.image),
            "url": _first(flat, self.domain.url),
            "source": record,
        }

    def _year_fields(self) -> tuple[str, ...]:
        return self.domain.numbers[self.year].fields if self.year else ()

    def _number(self, field: str, value: Any) -> float:
        text = value.strip() if isinstance(value, str) else ""
        if text and field in self._year_fields() and (date := _DATE.fullmatch(text)):
            text = date.group(1)
        try:
            number = float(text) if isinstance(value, str) else float(value) if _is_number(value) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise _BadRowError(field, f"expected a number, got {_kind(value)}")
        return number


def _fields(domain: DomainConfig, role: str) -> tuple[str, ...]:
    return tuple(field for name in domain.facets_of(role) for field in domain.facets[name].fields)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    if isinstance(value, (str, int, float)):
        return repr(value)[:60]
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else "null"


def _name(record: dict[str, Any], field: str) -> str:
    """A required field as text; whole numbers are accepted, for ids and for titles such as 1984."""
    value = record.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None or value == "":
        raise _BadRowError(field, "is missing; every row needs one")
    if not isinstance(value, str):
        raise _BadRowError(field, f"expected text, got {_kind(value)}")
    if not (text := _BLANK.sub(" ", value).strip()):
        raise _BadRowError(field, "is blank; every row needs one")
    return text


def _flatten(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Fields with dotted names ("content.violence"), nulls and empty strings left out."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        elif value is not None and value != "":
            yield prefix + key, value


def _values(value: Any, kinds: tuple[type, ...]) -> list[str]:
    """Facet values as written, each once; a list that holds anything but `kinds` gives none."""
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    parts = [part for part in (value if isinstance(value, list) else [value]) if part is not None]
    if not all(isinstance(part, kinds) and not isinstance(part, bool) for part in parts):
        return []
    return list(dict.fromkeys(text for part in parts if (text := str(part).strip())))


def _merge(facets: dict[str, list[str]], fields: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(value for field in fields for value in facets.get(field, ())))


def _first(flat: dict[str, Any], fields: tuple[str, ...]) -> str | None:
    found = (flat.get(field) for field in fields)
    return next((value.strip() for value in found if isinstance(value, str) and value.strip()), None)


def _text(flat: dict[str, Any], fields: tuple[str, ...]) -> str:
    parts: list[str] = []
    for field in fields:
        value = flat.get(field)
        for piece in value if isinstance(value, list) else [value]:
            plain = plain_text(piece) if isinstance(piece, str) else ""
            if plain and not any(plain in part for part in parts):
                parts.append(plain)
    return " ".join(parts)[:MAX_TEXT].rstrip()


class _Stripper(HTMLParser):
    """Collects the text between tags; what script and style hold is not text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in {"script", "style"}
        if tag in {"br", "p", "div", "li", "tr", "td", "h1", "h2", "h3"}:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"script", "style"} and self.hidden > 0

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def plain_text(markup: str) -> str:
    """Text without HTML tags, entities unescaped, white space squashed."""
    if _MARKUP.search(markup):
        stripper = _Stripper()
        stripper.feed(markup)
        stripper.close()
        markup = "".join(stripper.parts)
    return _BLANK.sub(" ", markup).strip()


# ---------------------------------------------------------------- all rows


def _twins(items: Iterable[Item]) -> list[tuple[str, ...]]:
    groups: dict[tuple[str, int | None], list[str]] = {}
    for item in items:
        groups.setdefault((item.title.casefold(), item.year), []).append(item.id)
    return [tuple(ids) for ids in groups.values() if len(ids) > 1]


def _popularities(drafts: list[dict[str, Any]], domain: DomainConfig) -> list[float]:
    """0..1 for each draft, from the first popularity field that the file has; counts are put on a log scale."""
    field = next((name for name in domain.popularity if any(name in draft["numbers"] for draft in drafts)), None)
    if field is None:
        return _prior(drafts)
    known = [max(0.0, draft["numbers"].get(field, 0.0)) for draft in drafts]
    highest = max(known)
    return [math.log1p(value) / math.log1p(highest) for value in known] if highest > 1 else known


def _prior(drafts: list[dict[str, Any]]) -> list[float]:
    """A weak prior for files without popularity: people write more about what more people know.

    Half is the square root of the text's length relative to the longest; half is the share of fields that the
    record fills, each field weighted by how rarely it is filled (a link to another database says more than a
    year that every row has).
    """
    filled = [{key for key, value in draft["source"].items() if value not in (None, "", [], {})} for draft in drafts]
    counts = Counter(key for keys in filled for key in keys)
    weights = {key: 1 - count / len(drafts) for key, count in counts.items()}
    heaviest = max(sum(weights[key] for key in keys) for keys in filled) or 1.0
    longest = max(len(draft["text"]) for draft in drafts) or 1
    return [
        0.5 * math.sqrt(len(draft["text"]) / longest) + 0.5 * sum(weights[key] for key in keys) / heaviest
        for draft, keys in zip(drafts, filled, strict=True)
    ]
