"""Enriched files: what was on record stays, what was inferred is marked, and no half file is left."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.enrichment import Inference
from retrieval.errors import CatalogueError
from retrieval.exporter import check_writable, enrich, enriched_record, write_records
from retrieval.importer import import_file
from tests.retrieval.tales import TALES, encode, told, written

FOUND = Inference(
    values={"mood": {"sad": 0.8, "old": 0.7}, "colour": {"red": 0.6}}, numbers={"weight": (0.7, 0.9), "age": (9.0, 0.8)}
)


def read(folder: Path, *records: dict[str, Any]) -> Catalogue:
    return import_file(written(folder / "read.jsonl", list(records)), TALES)[0]


def record_of(folder: Path, found: Inference = FOUND, **fields: Any) -> dict[str, Any]:
    catalogue = read(folder, {"id": "1", "title": "One", **fields})
    return enriched_record(catalogue, catalogue.items[0], found)


def test_what_is_missing_is_added_in_the_fields_of_the_domain(tmp_path: Path) -> None:
    assert record_of(tmp_path, extra=[{"kept": None}]) == {
        "id": "1", "title": "One", "extra": [{"kept": None}],
        "feel": {"moods": ["sad", "old"], "weight": 0.7}, "colour": ["red"], "age": 9,
        "inferred": {
            "feel.moods": {"sad": 0.8, "old": 0.7}, "colour": {"red": 0.6}, "feel.weight": 0.9, "age": 0.8,
        },
    }  # fmt: skip


def test_what_is_on_record_stays_as_it_is(tmp_path: Path) -> None:
    record = record_of(tmp_path, feel={"moods": ["merry"], "depth": 3}, colour="blue", age="4")
    assert record["feel"] == {"moods": ["merry"], "depth": 3, "weight": 0.7}
    assert (record["colour"], record["age"]) == ("blue", "4")
    assert record["inferred"] == {"feel.weight": 0.9}


def test_other_fields_of_a_facet_stay_and_what_they_say_is_not_inferred_again(tmp_path: Path) -> None:
    record = record_of(tmp_path, tags=["old", "long"])
    assert record["tags"] == ["old", "long"]
    assert record["feel"]["moods"] == ["sad"]
    assert record["inferred"]["feel.moods"] == {"sad": 0.8}


@pytest.mark.parametrize(
    ("fields", "where"),
    [({"feel": "warm"}, "feel.weight"), ({"feel.weight": None}, "feel.weight"), ({"feel": None}, "feel")],
)
def test_a_field_that_is_in_the_way_is_not_overwritten(tmp_path: Path, fields: dict[str, Any], where: str) -> None:
    record = record_of(tmp_path, **fields)
    assert where in record
    assert record.get("feel") in ("warm", {"moods": ["sad", "old"]}, {"moods": ["sad", "old"], "weight": 0.7})
    item = read(tmp_path, record).items[0]
    assert item.numbers["feel.weight"] == 0.7
    assert item.facets["feel.moods"] == ["sad", "old"]


def test_the_source_of_the_item_is_not_touched(tmp_path: Path) -> None:
    catalogue = read(tmp_path, {"id": "1", "title": "One", "feel": {"depth": 3}})
    enriched_record(catalogue, catalogue.items[0], FOUND)
    assert catalogue.items[0].source == {"id": "1", "title": "One", "feel": {"depth": 3}}


def test_an_item_that_the_annotated_catalogue_has_takes_what_that_records(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    twin = read(tmp_path / "other", {"id": "x", "title": "One", "feel": {"moods": ["eerie"], "weight": 0.5}}).items[0]
    catalogue = read(tmp_path, {"id": "1", "title": "One", "age": 3})
    record = enriched_record(catalogue, catalogue.items[0], FOUND, twin)
    assert record["feel"] == {"moods": ["eerie"], "weight": 0.5}
    assert record["age"] == 3
    assert record["inferred"] == {"colour": {"red": 0.6}}


def test_an_import_tells_estimates_from_records(tmp_path: Path) -> None:
    item = read(tmp_path, record_of(tmp_path, tags=["long"])).items[0]
    assert item.inferred == {"mood": {"sad": 0.8, "old": 0.7}, "colour": {"red": 0.6}, "weight": 0.9, "age": 0.8}
    catalogue = read(tmp_path, record_of(tmp_path, tags=["long"]))
    assert catalogue.values(item, "mood") == ["sad", "old", "long"]
    assert catalogue.recorded(item, "mood") == ["long"]


def test_a_second_run_replaces_the_estimates_of_the_first(tmp_path: Path) -> None:
    first = record_of(tmp_path, tags=["long"])
    catalogue = read(tmp_path, first)
    again = enriched_record(catalogue, catalogue.items[0], Inference(values={"mood": {"merry": 0.9}}))
    assert again["feel"]["moods"] == ["merry"]
    assert again["inferred"] == {"feel.moods": {"merry": 0.9}}
    (kept,) = read(tmp_path, again).items
    assert "feel.weight" not in kept.numbers
    assert "colour" not in kept.facets


def test_nothing_inferred_leaves_the_record_alone(tmp_path: Path) -> None:
    assert record_of(tmp_path, Inference(), text="x") == {"id": "1", "title": "One", "text": "x"}


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.JSONL.GZ"])
def test_a_file_is_written_and_read_again(tmp_path: Path, name: str) -> None:
    records = [*told(3), {"id": "é", "title": "東京 \u2028"}]
    write_records(tmp_path / name, records)
    data = (tmp_path / name).read_bytes()
    text = (gzip.decompress(data) if name.lower().endswith("gz") else data).decode()
    assert [json.loads(line) for line in text.split("\n")[:-1]] == records
    assert [item.source for item in import_file(tmp_path / name, TALES)[0].items] == records


def test_an_interrupted_run_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("before\n")

    def interrupted() -> Iterator[dict[str, Any]]:
        yield {"id": "1"}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_records(out, interrupted())
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert out.read_text() == "before\n"


def test_a_name_or_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"Name it \.jsonl"):
        check_writable(tmp_path / "out.csv")
    with pytest.raises(CatalogueError, match="folder does not exist"):
        check_writable(tmp_path / "none" / "out.jsonl")
    (tmp_path / "taken.jsonl").mkdir()
    with pytest.raises(CatalogueError, match="cannot be written"):
        write_records(tmp_path / "taken.jsonl", told(1))


def test_a_catalogue_is_enriched_from_end_to_end(tmp_path: Path) -> None:
    (tmp_path / "known").mkdir()
    known = read(tmp_path / "known", *told(130))
    both = [{key: record[key] for key in ("id", "title", "year", "text")} for record in told(130)[:20]]
    catalogue = read(tmp_path, *both, *told(40, seed=4, annotated=False, first=500))
    stages: set[str] = set()
    out = tmp_path / "out.jsonl.gz"
    report = enrich(catalogue, known, encode, out, lambda stage, done, total: stages.add(stage))
    assert (report.items, report.shared) == (60, 20)
    assert stages == {"learn", "infer"}
    enriched, _ = import_file(out, TALES)
    assert [item.id for item in enriched.items] == [item.id for item in catalogue.items]
    for item, record in zip(enriched.items[:20], told(130), strict=False):
        assert item.facets["feel.moods"] == record["feel"]["moods"]
        assert not item.inferred
    others = enriched.items[20:]
    assert report.inferred["weight"] == sum("weight" in item.inferred for item in others) > 30
    assert report.inferred["mood"] == sum(bool(enriched.values(item, "mood")) for item in others) > 30
    assert not np.isnan(enriched.column("weight")[20:]).all()
    assert enriched.coverage("mood") == pytest.approx(20 / 60)
