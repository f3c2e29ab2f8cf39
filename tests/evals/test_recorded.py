"""Recorded dialogues: reading, questions, training files and the catalogue copy that measures."""

import gzip
import json

import pytest

from evals.recorded import (
    RecordedDialogue,
    cases_of,
    catalogue_rows,
    count_mentions,
    find_catalog,
    find_training,
    item_sets,
    measuring_copy,
    read_dialogues,
    sample,
)
from retrieval.errors import InputError


def dialogue(name="d1", targets=({"turn": 1, "items": ["b"]},)):
    return {
        "dialogue_id": name,
        "turns": [
            {"role": "user", "text": "I loved A", "items": ["a"], "unlinked": []},
            {"role": "assistant", "text": "Then B", "items": ["b"]},
            {"role": "user", "text": "Seen it, and C", "items": ["b", "c"]},
            {"role": "assistant", "text": "D? Or A?", "items": ["d", "a"]},
        ],
        "targets": list(targets),
        "preferences": {},
    }


def write(path, rows):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["valid.jsonl", "valid.jsonl.gz"])
def test_reads_plain_and_packed_files(tmp_path, name):
    found = read_dialogues(write(tmp_path / name, [dialogue("one"), dialogue("two")]))
    assert [one.dialogue_id for one in found] == ["one", "two"]
    assert found[0].turns[2].items == ["b", "c"]


def test_cases_hold_only_what_came_before():
    targets = [{"turn": 3, "items": ["d", "a"]}, {"turn": 1, "items": ["b"]}]
    first, second = cases_of([RecordedDialogue.model_validate(dialogue(targets=targets))])
    assert first.turns == (("user", "I loved A"),)
    assert (first.mentioned, first.targets) == (("a",), ("b",))
    assert first.text == "I loved A"
    assert len(second.turns) == 3
    assert second.mentioned == ("a", "b", "c")
    assert second.targets == ("d",), "an item that was named before is not a target"


def test_cases_know_their_dialogue():
    both = [RecordedDialogue.model_validate(dialogue(name)) for name in "xy"]
    assert [case.dialogue for case in cases_of(both)] == [0, 1]
    assert cases_of([RecordedDialogue.model_validate(dialogue(targets=[]))]) == []


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"turns": []}, "dialogue_id"),
        ({**dialogue(), "targets": [{"turn": 9, "items": []}]}, "outside the 4 turns"),
        ({**dialogue(), "turns": [{"role": "host", "text": ""}]}, "turns.0.role"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, field):
    path = write(tmp_path / "bad.jsonl", [dialogue(), row])
    with pytest.raises(InputError, match=field) as raised:
        read_dialogues(path)
    assert "row 2" in str(raised.value)


def test_missing_empty_and_broken_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.jsonl cannot be read"):
        read_dialogues(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(InputError, match="holds no dialogue"):
        read_dialogues(tmp_path / "empty.jsonl")
    (tmp_path / "half.jsonl.gz").write_bytes(gzip.compress(b"{}" * 100)[:20])
    with pytest.raises(InputError, match=r"half\.jsonl\.gz cannot be read"):
        read_dialogues(tmp_path / "half.jsonl.gz")


def test_sample_is_seeded_and_keeps_file_order_when_whole():
    all_of_them = [RecordedDialogue.model_validate(dialogue(str(number))) for number in range(30)]
    assert sample(all_of_them, None, 1) == all_of_them
    assert sample(all_of_them, 30, 1) == all_of_them
    assert sample(all_of_them, 5, 1) == sample(all_of_them, 5, 1)
    assert sample(all_of_them, 5, 1) != sample(all_of_them, 5, 2)
    assert len({one.dialogue_id for one in sample(all_of_them, 5, 1)}) == 5


def test_training_file_is_the_sibling_or_the_common_one(tmp_path):
    valid = write(tmp_path / "talk_valid.jsonl.gz", [dialogue()])
    other = write(tmp_path / "inspired.jsonl.gz", [dialogue()])
    ids = {"a", "b", "c", "d"}
    assert find_training(valid, ids) is None
    common = write(tmp_path / "redial_train.jsonl.gz", [dialogue()])
    assert find_training(other, ids) == common
    assert find_training(other, {"a", "z"}) is None, "it speaks of another catalogue"
    assert find_training(common, ids) is None, "never the dialogues that are measured"
    sibling = write(tmp_path / "talk_train.jsonl.gz", [dialogue()])
    assert find_training(valid, ids) == sibling


def test_measuring_copy_keeps_rows_and_forgets_test_mentions(tmp_path):
    source = write(
        tmp_path / "cat.jsonl.gz",
        [
            {"id": "a", "title": "A", "mentions_train": 900, "duplicate_of": None},
            {"id": "b", "title": "B", "popularity": 0.7, "duplicate_of": "a"},
            {"id": "z", "title": " "},
        ],
    )
    counts = count_mentions(item_sets([RecordedDialogue.model_validate(dialogue())]))
    path = measuring_copy("cat", catalogue_rows(source), counts, tmp_path / "copies")
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"id": "a", "title": "A", "popularity": 1},
        {"id": "b", "title": "B", "popularity": 1},
        {"id": "z", "title": "untitled z", "popularity": 0},
    ]
    assert measuring_copy("cat", catalogue_rows(source), counts, tmp_path / "copies") == path
    bare = measuring_copy("cat", catalogue_rows(source), None, tmp_path / "copies")
    assert bare != path
    assert "popularity" not in bare.read_text()


def test_catalogue_rows_without_an_id_are_named(tmp_path):
    path = write(tmp_path / "cat.jsonl", [{"id": "a"}, {"title": "B"}])
    with pytest.raises(InputError, match="row 2"):
        catalogue_rows(path)


def test_the_catalogue_of_a_benchmark_stands_beside_its_dialogues(tmp_path):
    for name in ("dialogues/talk_train.jsonl", "catalogs/other_items.jsonl", "catalogs/talk_items.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, [{}])
    assert find_catalog(tmp_path / "dialogues" / "talk_train.jsonl").name == "talk_items.jsonl"
    with pytest.raises(InputError, match="No catalogue lost_"):
        find_catalog(tmp_path / "dialogues" / "lost_train.jsonl")
