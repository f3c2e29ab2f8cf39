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
from pathlib import Path
from typing import Any

from retrieval.catalogue import Catalogue, Progress
from retrieval.domain import DomainConfig
from retrieval.errors import CatalogueError
from retrieval.records import Item, Record
from retrieval.rows import SURROGATE, BadRowError, RowReader, kind_of, refuse_constant

JSON_SUFFIXES = (".jsonl", ".json", ".ndjson")
_PROGRESS_EVERY = 1_000
_ARRAY = re.compile(r"\s*\[\s*\{")


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
    reader = RowReader(domain)
    drafts: dict[str, dict[str, Any]] = {}
    skipped: list[RowProblem] = []
    rows = duplicates = 0
    lines = text.count("\n") + 1
    for row, record in _records(path, text, reader):
        rows += 1
        if progress and rows % _PROGRESS_EVERY == 0:
            progress("import", row, lines)
        try:
            if isinstance(record, BadRowError):
                raise record
            if record.get("duplicate_of") is not None:
                duplicates += 1
                continue
            draft = reader.draft(record)
            if draft["id"] in drafts:
                raise BadRowError("id", f"the id '{draft['id']}' was used by an earlier row; give each row its own id")
            drafts[draft["id"]] = draft
        except BadRowError as error:
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
    if path.is_dir():
        raise CatalogueError(f"Catalogue {path} is a folder. Give the path of a file.")
    if not _format(path):
        expected = ", ".join((*JSON_SUFFIXES, ".csv"))
        raise CatalogueError(f"Catalogue {path}: unknown kind of file. Expected {expected}, or one of them with .gz.")
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


def _records(path: Path, text: str, reader: RowReader) -> Iterator[tuple[int, dict[str, Any] | BadRowError]]:
    return _csv_records(path, text, reader) if _format(path) == "csv" else _json_records(text)


def _json_records(text: str) -> Iterator[tuple[int, dict[str, Any] | BadRowError]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_constant=refuse_constant)
            if SURROGATE.search(line):
                json.dumps(record, ensure_ascii=False).encode()
        except json.JSONDecodeError as error:
            yield number, BadRowError("row", f"not valid JSON: {error.msg} at column {error.colno}")
        except UnicodeEncodeError:
            yield number, BadRowError("row", "holds half of a surrogate pair, which is not a character")
        except (ValueError, RecursionError) as error:
            yield number, BadRowError("row", f"not usable JSON: {error}")
        else:
            is_object = isinstance(record, dict)
            yield number, record if is_object else BadRowError("row", f"expected a JSON object, got {kind_of(record)}")


def _csv_records(path: Path, text: str, reader: RowReader) -> Iterator[tuple[int, dict[str, Any] | BadRowError]]:
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
            yield number, BadRowError("row", f"not valid CSV: {error}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            yield number, BadRowError("row", f"has {len(cells)} columns, the header has {len(header)}")
            continue
        yield number, {name: reader.cell(name, cell) for name, cell in zip(header, cells, strict=True)}


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
