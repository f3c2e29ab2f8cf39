"""`rapport catalog enrich` and `rapport eval enrichment` from end to end, in a domain of a few made-up tales."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from retrieval.domain import load_domain
from retrieval.importer import import_file
from tests.retrieval.tales import TALES, told, written
from ui.cli import app


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a domain, an annotated catalogue, one that shares sixty items with it, and a home."""
    folder = tmp_path_factory.mktemp("tales")
    (folder / "tales.yaml").write_text(yaml.safe_dump(TALES.model_dump(mode="json")), encoding="utf-8")
    known = told(130)
    written(folder / "known.jsonl", known)
    bare = [{key: row[key] for key in ("id", "title", "year", "kinds", "text")} for row in known[:60]]
    written(folder / "bare.jsonl", [*bare, *told(30, seed=4, annotated=False, first=500), {"id": "no title"}])
    return folder


def run(place: Path, *arguments: object) -> Result:
    common = ("--domain", place / "tales.yaml", "--home", place / "home")
    return CliRunner().invoke(app, [str(argument) for argument in (*arguments, *common)])


@pytest.fixture(scope="module")
def enriched(place: Path) -> Result:
    return run(place, "catalog", "enrich", place / "bare.jsonl", "--out", place / "out.jsonl.gz",
               "--from", place / "known.jsonl")  # fmt: skip


def test_a_catalogue_gets_what_it_lacks(place: Path, enriched: Result) -> None:
    assert enriched.exit_code == 0, enriched.output
    words = " ".join(enriched.output.split())
    assert "row 91, title: is missing" in words
    assert "60 of 90 items are in known.jsonl too and have what it records of them." in words
    assert "Use it with: rapport chat --catalog" in words
    catalogue, report = import_file(place / "out.jsonl.gz", load_domain(place / "tales.yaml"))
    assert (report.items, report.skipped) == (90, [])
    assert all(item.facets["feel.moods"] and not item.inferred for item in catalogue.items[:60])
    assert sum("weight" in item.inferred for item in catalogue.items[60:]) > 20


def test_the_file_itself_is_never_overwritten(place: Path) -> None:
    before = (place / "bare.jsonl").read_bytes()
    for out, words in (("bare.jsonl", "is the catalogue itself"), ("out.txt", "Name it .jsonl")):
        result = run(place, "catalog", "enrich", place / "bare.jsonl", "--out", place / out,
                     "--from", place / "known.jsonl")  # fmt: skip
        assert result.exit_code == 2
        assert words in " ".join(result.output.split())
    assert (place / "bare.jsonl").read_bytes() == before


def test_a_catalogue_that_cannot_be_learnt_from_is_refused(place: Path, tmp_path: Path) -> None:
    result = run(place, "catalog", "enrich", place / "known.jsonl", "--out", tmp_path / "out.jsonl",
                 "--from", place / "bare.jsonl")  # fmt: skip
    assert result.exit_code == 2
    assert "cannot be learnt from" in " ".join(result.output.split())
    assert not list(tmp_path.iterdir())


def measured(place: Path, file: Path, *more: object) -> tuple[Result, dict[str, Any]]:
    result = run(place, "eval", "enrichment", "--from", place / "known.jsonl", "--json", file, *more)
    return result, json.loads(file.read_text()) if file.is_file() else {}


@pytest.mark.slow
def test_what_is_inferred_is_measured_on_items_held_out(place: Path, tmp_path: Path) -> None:
    result, report = measured(place, tmp_path / "report.json", "--catalog", place / "bare.jsonl")
    assert result.exit_code == 0, result.output
    assert report["ok"] is True
    assert report["shared"] == 60
    names = ["known.jsonl on itself", "bare.jsonl, nothing shared learnt from", "bare.jsonl",
             "bare.jsonl, first sentence alone", "bare.jsonl with its own keywords"]  # fmt: skip
    assert [part["name"] for part in report["parts"]] == names
    assert [part["items"] for part in report["parts"]] == [130, 60, 60, 60, 60]
    assert report["decides"] == "bare.jsonl"
    measures = report["parts"][2]["measures"]
    assert measures["mood F1"]["learnt"]["mean"] > measures["mood F1"]["genres only"]["mean"]
    assert measures["weight MAE"]["learnt"]["mean"] < measures["weight MAE"]["genres only"]["mean"]
    assert measures["weight MAE"]["genres only"]["mean"] < measures["weight MAE"]["commonest"]["mean"]
    # Colours follow from nothing, so that no system can know them.
    assert measures["colour accuracy"]["learnt"]["low"] < 1 / 8 + 0.1
    for found in measures.values():
        for interval in found.values():
            assert interval["low"] <= interval["mean"] <= interval["high"]


@pytest.mark.slow
def test_without_a_lead_over_genres_the_exit_code_is_1(place: Path, tmp_path: Path) -> None:
    """Texts that say nothing: whoever reads them too cannot do better than genres alone."""
    rows = [record | {"text": "Once upon a time.", "tellers": []} for record in told(130)]
    written(tmp_path / "mute.jsonl", rows)
    result, report = measured(place, tmp_path / "report.json", "--from", tmp_path / "mute.jsonl")
    assert result.exit_code == 1, result.output
    assert report["ok"] is False
    assert report["missed"]
    assert "FAILED" in result.output


def test_too_few_items_are_said_so(place: Path, tmp_path: Path) -> None:
    result, _ = measured(place, tmp_path / "r.json", "--limit", 50)
    assert result.exit_code == 2
    assert "--limit 50 is too few" in " ".join(result.output.split())
    written(tmp_path / "others.jsonl", told(30, seed=4, annotated=False, first=500))
    result, _ = measured(place, tmp_path / "r.json", "--catalog", tmp_path / "others.jsonl")
    assert result.exit_code == 2
    assert "0 items in common" in " ".join(result.output.split())
