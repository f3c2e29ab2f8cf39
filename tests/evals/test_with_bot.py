"""The evaluations against a real Bot: small runs from end to end."""

import json

import pytest
from rich.console import Console

from evals import dialogues, replay
from evals.bench import people_at_once
from evals.options import DialogueOptions, EvalOptions, ReplayOptions, write_json
from evals.session import open_bot
from retrieval.errors import InputError


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def script(tmp_path, check):
    path = tmp_path / "talk.yaml"
    talk = [{"id": "one", "turns": [{"say": "hi"}, {"say": "a comedy from the 90s", "check": check}]}]
    path.write_text(json.dumps(talk))
    return path


def test_a_scripted_dialogue_passes(tmp_path, home):
    path = script(tmp_path, {"min_items": 1, "all": {"genre": "Comedy", "year": "1990-1999"}})
    report = dialogues.run_dialogues(DialogueOptions(files=(path,), home=home))
    assert report.ok, report
    assert report.checked_turns == 1
    write_json(report, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text())["failed_turns"] == 0


def test_a_false_check_fails_and_is_shown_with_the_reply(tmp_path, home):
    path = script(tmp_path, {"min_items": 1, "all": {"genre": "Western"}, "text_any": ["Zorbaxian"]})
    report = dialogues.run_dialogues(DialogueOptions(files=(path,), home=home))
    assert not report.ok
    assert report.failed_turns == 1
    console = Console(record=True, width=160)
    dialogues.print_report(report, console, show=True)
    text = console.export_text()
    assert "says none of Zorbaxian" in text
    assert "expected Western" in text
    assert text.rstrip().splitlines()[-1].startswith("unsupported: titles ")
    assert "violations: constraints 0 exclusions 0" in text


def test_a_condition_that_the_catalogue_cannot_meet_stops_before_anything_is_said(tmp_path, home):
    path = script(tmp_path, {"all": {"flavour": "sweet"}})
    with pytest.raises(InputError, match="flavour"):
        dialogues.run_dialogues(DialogueOptions(files=(path,), home=home))


def test_replay_from_end_to_end(tmp_path, home, rows):
    catalog = tmp_path / "small.jsonl"
    catalog.write_text("".join(json.dumps(row) + "\n" for row in rows))
    talk = {
        "dialogue_id": "d",
        "turns": [
            {"role": "user", "text": "I loved Alien, what is scary?", "items": ["1"]},
            {"role": "assistant", "text": "The Big Quiet", "items": ["2"]},
            {"role": "user", "text": "something else", "items": []},
            {"role": "assistant", "text": "Labyrinth", "items": ["5"]},
        ],
        "targets": [{"turn": 1, "items": ["2"]}, {"turn": 3, "items": ["5"]}],
    }
    for name in ("talk_valid.jsonl", "talk_train.jsonl"):
        lines = [json.dumps({**talk, "dialogue_id": f"{name}{number}"}) for number in range(3)]
        (tmp_path / name).write_text("\n".join(lines))
    options = ReplayOptions(dialogues=tmp_path / "talk_valid.jsonl", catalog=catalog, home=home)
    report = replay.run_replay(options)
    systems = {result.system: result.measures for result in report.results}
    assert set(systems) == {
        "Rapport", "random", "BM25", "MiniLM", "popularity", "co-mention", "RRF"
    }  # fmt: skip
    assert (report.dialogue_count, report.turns, report.targets, report.items) == (3, 6, 6, len(rows))
    assert report.train == "talk_train.jsonl"
    assert systems["co-mention"]["recall@1"].mean >= 0.5, "it has seen these very dialogues"
    for result in report.results:
        assert result.exposure is not None
        assert 0 < result.exposure.coverage <= 1
    assert all(system["recall@10"].mean == 1 for system in systems.values()), "six items fit into ten places"
    assert report.ok
    replay.print_report(report, Console(record=True, width=200))


def test_people_who_talk_at_once_are_kept_apart(home):
    with open_bot(EvalOptions(home=home)) as bot:
        crowd = people_at_once(bot, people=6, reading=(0.0, 0.05), seed=1)
    assert len(crowd.seconds) == 24
    assert crowd.mixed_up == []


@pytest.mark.slow
def test_no_scripted_dialogue_meets_a_violation_or_an_invention(home):
    report = dialogues.run_dialogues(DialogueOptions(home=home))
    assert len(report.dialogues) >= 150
    breaches = [
        (result.id, turn.turn, turn.violations, turn.unsupported)
        for result in report.dialogues
        for turn in result.turns
        if turn.violations or turn.unsupported
    ]
    assert breaches == []
