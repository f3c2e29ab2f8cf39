"""Enriched catalogue files: records with what was inferred of them, written whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from retrieval.catalogue import Catalogue, Progress, inferred
from retrieval.enrichment import Inference, annotated_rows, learn, same_items
from retrieval.errors import CatalogueError
from retrieval.features import Encode, View, text_to_encode
from retrieval.importer import JSON_SUFFIXES
from retrieval.records import Item, Record
from retrieval.rows import INFERRED
from retrieval.second_reading import Reader, Reliability, reread


class EnrichReport(Record):
    """How many items there are, how many of them the annotated catalogue has too, and of how many each facet or number
    was inferred, by the domain's names; how reliable a second reader was, if there was one."""

    items: int
    shared: int
    inferred: dict[str, int]
    reader: Reliability | None = None


def enrich(
    catalogue: Catalogue, annotated: Catalogue, encode: Encode, out: Path, progress: Progress | None = None,
    reader: Reader | None = None,
) -> EnrichReport:  # fmt: skip
    """Learn from one catalogue what another does not record and write the other with it.

    An item that both have (title and year) takes what the annotated one records. `reader` gives its word on the
    likeliest values of what has a text. Stages of `progress`: learn, infer; with a reader try and read.
    Raises DomainError and CatalogueError when there is nothing to learn or `out` cannot be written.
    """
    check_writable(out)
    known = view_of(annotated, [annotated.items[row] for row in annotated_rows(annotated)], encode)
    view = view_of(catalogue, catalogue.items, encode)
    enricher = learn(known, view, encode, progress=progress)
    judged, reliability = enricher.judge(view, progress), None
    if reader is not None:
        judged, reliability = reread(enricher, known, view, judged, reader, progress=progress)
    found = enricher.told(view, judged)
    twins = {place: annotated.items[row] for place, row in same_items(catalogue.items, annotated.items).items()}
    records = [
        enriched_record(catalogue, item, inference, twins.get(place))
        for place, (item, inference) in enumerate(zip(catalogue.items, found, strict=True))
    ]
    write_records(out, records)
    names = {**catalogue.domain.field_to_facet, **catalogue.domain.field_to_number}
    counts = Counter(names[field] for record in records for field in record.get(INFERRED, ()))
    return EnrichReport(items=len(records), shared=len(twins), inferred=dict(counts), reader=reliability)


def view_of(catalogue: Catalogue, items: Sequence[Item], encode: Encode) -> View:
    """Items with the vectors that are learnt from."""
    return View(catalogue, items, encode([text_to_encode(catalogue, item) for item in items]))


def enriched_record(catalogue: Catalogue, item: Item, inference: Inference, twin: Item | None = None) -> dict[str, Any]:
    """The item's source record with what it does not record: what `twin`, the same item in the annotated catalogue,
    records, else what was inferred, with confidences in the field `inferred`. What is on record stays as it is.
    """
    record = _recorded_source(catalogue, item)
    estimates: dict[str, Any] = {}
    for name, config in catalogue.domain.facets.items():
        field = config.fields[0]
        if not config.infer or any(not inferred(item, name, value) for value in item.facets.get(field, ())):
            continue
        if twin is not None and twin.facets.get(field):
            _put(record, field, twin.facets[field])
            continue
        here = set(catalogue.recorded(item, name))
        found = {value: chance for value, chance in inference.values.get(name, {}).items() if value not in here}
        if found:
            _put(record, field, list(found))
            estimates[field] = found
    for name, number in catalogue.domain.numbers.items():
        field = number.fields[0]
        if not number.infer or (catalogue.number(item, name) is not None and not inferred(item, name)):
            continue
        if twin is not None and field in twin.numbers:
            _put(record, field, _plain(twin.numbers[field]))
        elif name in inference.numbers:
            value, chance = inference.numbers[name]
            _put(record, field, _plain(value))
            estimates[field] = chance
    return record | {INFERRED: estimates} if estimates else record


def check_writable(path: Path) -> None:
    """Raises CatalogueError when a catalogue cannot be written under this name."""
    if Path(path.name.lower().removesuffix(".gz")).suffix not in JSON_SUFFIXES:
        raise CatalogueError(f"Catalogue {path} cannot be written. Name it .jsonl or .jsonl.gz.")
    if not path.parent.is_dir():
        raise CatalogueError(f"Catalogue {path} cannot be written: the folder does not exist. Make it first.")


def write_records(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines, compressed when the name ends in .gz. The file appears when it is whole.

    Raises CatalogueError when it cannot be written.
    """
    check_writable(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as raw:
            zipped = path.name.lower().endswith(".gz")
            with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if zipped else nullcontext(raw) as file:
                for record in records:
                    file.write(f"{json.dumps(record, ensure_ascii=False)}\n".encode())
            raw.flush()
            os.fsync(raw.fileno())
        beside.replace(path)
    except OSError as error:
        raise CatalogueError(f"Catalogue {path} cannot be written: {error.strerror}. Free space or rights.") from error
    finally:
        beside.unlink(missing_ok=True)


def _recorded_source(catalogue: Catalogue, item: Item) -> dict[str, Any]:
    """A copy of the source record without estimates of an earlier run."""
    record = dict(item.source)
    if not item.inferred:
        return record
    del record[INFERRED]
    for name, estimate in item.inferred.items():
        if isinstance(estimate, dict):
            field = catalogue.domain.facets[name].fields[0]
            _put(record, field, [value for value in item.facets.get(field, ()) if value not in estimate] or None)
        else:
            _put(record, catalogue.domain.numbers[name].fields[0], None)
    return record


def _plain(number: float) -> float | int:
    """A whole number without its ".0"."""
    return int(number) if number.is_integer() else number


def _put(record: dict[str, Any], field: str, value: Any) -> None:
    """Set a field with a dotted name, inside its object where the record has one or nothing there."""
    head, _, rest = field.partition(".")
    inside = record.get(head)
    if field in record or not rest or not (inside is None or isinstance(inside, dict)):
        record[field] = value
        return
    nested = dict(inside or {})
    _put(nested, rest, value)
    record[head] = nested
