"""The linking evaluation: what it measures on, what counts as right, and what the report says."""

import json

import pytest
import yaml
from rich.console import Console

from evals.linking import TitleFinder, plain, print_report, read_judged, run_linking, turns_of
from evals.options import JUDGED_LINKS, LinkingOptions
from evals.recorded import RecordedDialogue
from retrieval.errors import InputError


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def talk(*said):
    turns = [{"role": "user", "text": text, "items": items} for text, items in said]
    return {"dialogue_id": "d", "turns": turns}


def written(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_years_and_capitals_are_taken_out_and_only_the_seeker_counts():
    dialogue = talk(("I liked Alien (1979) , and It (2017)", ["1"]))
    dialogue["turns"].insert(0, {"role": "assistant", "text": "Perfect (1985)?", "items": ["4"]})
    [turn] = turns_of([RecordedDialogue.model_validate(dialogue)])
    assert (turn.text, turn.turn, turn.named) == ("i liked alien , and it", 1, ("1",))


@pytest.mark.parametrize(
    ("one", "other"), [("Fast & Furious", "fast and furious"), ("Amélie!", "amelie"), ("Ocean's 8", "oceans 8")]
)
def test_titles_are_compared_by_their_words(one, other):
    assert plain(one) == plain(other)


def test_the_baseline_takes_the_longest_titles_without_a_look_around():
    finder = TitleFinder([("2", "The Big Quiet"), ("3", "The Big Quiet Returns"), ("4", "Perfect")])
    assert finder.find("the big quiet returns! perfect weather") == [("the big quiet returns", "3"), ("perfect", "4")]


def test_linking_from_end_to_end(tmp_path, home, rows):
    catalog = written(tmp_path / "small.jsonl", *rows, {**rows[0], "id": "9", "year": 2003})
    talks = [
        talk(
            ("I loved Alien (1979) and The Big Quiet (1994)", ["9", "2"]),
            ("It is so perfect, something like Labyrinth (1986)", []),
            ("Perfect (1985) ?", ["4"]),
        )
    ]
    dialogues = written(tmp_path / "talks.jsonl", *talks)
    judged = tmp_path / "judged.yaml"
    judged.write_text(
        "- {dialogue_id: d, turn: 1, surface: labyrinth, item: '5', right: true, why: asked for}\n"
        "- {dialogue_id: other, turn: 1, surface: labyrinth, item: '5', right: false, why: elsewhere}\n"
    )
    options = LinkingOptions(
        dialogues=dialogues, catalog=catalog, home=home, judged=judged, sample=tmp_path / "sample.yaml", samples=100
    )
    report = run_linking(options)
    ours, naive = report.results
    assert (report.turns, report.named, report.absent) == (3, 3, 0)
    # Two items are called Alien: either is right without the year, one of them strictly.
    assert naive.recall.mean == 1.0
    assert naive.strict.mean == pytest.approx(2 / 3)
    assert ours.recall.mean >= 2 / 3
    # "It is so" and "perfect" are a title to the baseline only.
    assert (ours.beyond, naive.beyond) == (1, 3)
    assert (report.judged, report.judged_right, report.unjudged) == (1, 1, 0)
    assert report.precision is not None
    assert report.precision.mean == 1.0
    [link] = yaml.safe_load((tmp_path / "sample.yaml").read_text())
    assert (link["surface"], link["item"], link["title"]) == ("labyrinth", "5", "Labyrinth")
    console = Console(record=True, width=120)
    print_report(report, console)
    assert f"Recall {ours.recall.mean:.3f}. Target: at least 0.90" in console.export_text()


def test_a_recall_below_its_target_fails(tmp_path, home, rows):
    catalog = written(tmp_path / "small.jsonl", *rows)
    dialogues = written(tmp_path / "talks.jsonl", talk(("nothing is said of it", ["1"])))
    report = run_linking(LinkingOptions(dialogues=dialogues, catalog=catalog, home=home, judged=None, samples=100))
    assert report.results[0].recall.mean == 0.0
    assert not report.ok


def test_dialogues_that_name_nothing_cannot_be_measured(tmp_path, home, rows):
    catalog = written(tmp_path / "small.jsonl", *rows)
    dialogues = written(tmp_path / "talks.jsonl", talk(("hello", [])))
    with pytest.raises(InputError, match="no user turn with items"):
        run_linking(LinkingOptions(dialogues=dialogues, catalog=catalog, home=home))


def test_the_judged_list_is_well_formed_and_holds_no_link_twice():
    judged = read_judged(JUDGED_LINKS)
    keys = [(one.dialogue_id, one.turn, one.surface, one.item) for one in judged]
    assert len(keys) >= 200
    assert len(set(keys)) == len(keys)
    assert all(one.why for one in judged)


def test_a_broken_judged_list_is_named(tmp_path):
    path = tmp_path / "judged.yaml"
    path.write_text("- {dialogue_id: d}")
    with pytest.raises(InputError, match=r"judged\.yaml cannot be used"):
        read_judged(path)
