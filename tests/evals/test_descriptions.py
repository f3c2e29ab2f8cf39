"""Descriptions: what is kept is new to the catalogue, and what comes for them beats the nearest document."""

import json

import pytest
from rich.console import Console

from evals.descriptions import PARTS, print_report, read_descriptions, run_descriptions
from evals.options import DESCRIPTIONS, DescriptionOptions
from retrieval.errors import InputError
from tests.conftest import STARTER


def test_what_is_kept_describes_items_of_the_starter_in_sentences_that_it_does_not_have():
    records = [json.loads(line) for line in STARTER.read_text(encoding="utf-8").splitlines()]
    told = {sentence for record in records for sentence in record.get("asked_for", ())}
    kept = read_descriptions(DESCRIPTIONS)
    assert len(kept) > 1_000
    assert {one.item for one in kept} <= {record["id"] for record in records}
    assert not told & {one.say for one in kept}
    halves = [{one.item for one in kept if one.part == part} for part in PARTS]
    assert not halves[0] & halves[1]


def test_descriptions_lead_to_their_items_more_often_than_the_nearest_document(indexed):
    report = run_descriptions(DescriptionOptions(home=indexed, limit=120))
    assert [part.name for part in report.parts] == list(PARTS)
    assert sum(part.sentences for part in report.parts) == 120
    assert all(part.lead[0].mean > 0 for part in report.parts)
    console = Console(record=True, width=140)
    print_report(report, console)
    assert "MiniLM, 20" in console.export_text()


@pytest.mark.parametrize("line", ["heat-1995\tdev", "heat-1995\tother\tcops", "heat-1995\tdev\t "])
def test_a_broken_line_is_named(line, tmp_path):
    file = tmp_path / "some.tsv"
    file.write_text(f"heat-1995\tdev\ttwo pros\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        read_descriptions(file)
