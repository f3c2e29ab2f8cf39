"""The command line: what it prints, how it ends, and a real conversation through a pipe."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from retrieval.domain import load_domain
from retrieval.importer import import_file
from ui.cards import name_of
from ui.cli import app
from ui.reports import starter

RUN = "from ui.cli import main; main()"
TASTE = Path(__file__).parents[1] / "data" / "taste"


@pytest.fixture
def run(monkeypatch):
    """Run one command in this process. Colours and a narrow terminal would break lines that tests read."""
    monkeypatch.setattr("ui.options.console._width", 200)
    monkeypatch.setattr("ui.options.errors._width", 200)
    runner = CliRunner()
    return lambda *arguments, **given: runner.invoke(app, [str(argument) for argument in arguments], **given)


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.jsonl"
    rows = [
        {"id": "1", "title": "The Big Quiet", "year": 1994, "minutes": 96, "genres": ["Comedy"]},
        {"id": "2", "title": "Perfect", "year": 1985, "genres": ["Comedy", "Drama"], "synopsis": "A gym."},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.jsonl"
    path.write_text('{"id": "1", "title": "One"}\n{"id": "2"}\n{"id": "3", "title": "Three", "year": "soon"}\n')
    return path


# ---------------------------------------------------------------- help and errors


def test_help_names_every_command_and_comes_at_once():
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", RUN, "--help"], capture_output=True, text=True, check=True)
    # Far above the half second that it takes: the test is that nothing heavy is imported, on any machine.
    assert time.perf_counter() - started < 10
    for command in ("chat", "serve", "catalog", "profile", "eval", "bench", "doctor"):
        assert command in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("catalog", "check", "/no/such.jsonl"),
        ("catalog", "show", "--catalog", "/no/such.jsonl"),
        ("catalog", "show", "--domain", "no-such-domain"),
        ("chat", "--domain", "no-such-domain"),
        ("serve", "--host", "192.0.2.1"),
        ("eval", "replay", "--dialogues", "/no/such.jsonl", "--catalog", "/no/such.jsonl"),
        ("eval", "replay", "--dialogues", "x", "--catalog", "y", "--condition", "rep-maybe"),
        ("eval", "interactions", "--data", "/no/such"),
        ("train", "ranker", "--data", "/no/such", "--benchmark", "no-such-benchmark"),
        ("eval", "dialogues", "/no/such.yaml"),
        ("eval", "properties", "--script", "/no/such.yaml"),
    ],
)
def test_an_expected_error_is_one_red_line_and_exit_code_2(run, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_wrong_setting_in_the_environment_is_named(run, monkeypatch):
    monkeypatch.setenv("RAPPORT_PICKS", "many")
    result = run("catalog", "show")
    assert result.exit_code == 2
    assert "RAPPORT_PICKS" in result.stderr
    assert "'many'" in result.stderr


# ---------------------------------------------------------------- catalog


def test_show_counts_items_values_and_ranges(run, small):
    result = run("catalog", "show", "--catalog", small)
    assert result.exit_code == 0
    assert "2 items, 1 with a text" in result.stdout
    assert "Comedy 2, Drama 1" in result.stdout
    year = next(line for line in result.stdout.splitlines() if " year " in line)
    assert [part for part in ("1985", "1994") if part in year] == ["1985", "1994"]


def test_check_is_content_with_a_sound_file(run, small):
    result = run("catalog", "check", small)
    assert result.exit_code == 0
    assert "2 items from 2 rows" in result.stdout
    assert "No problems." in result.stdout


def test_check_names_row_and_field_and_exits_with_1(run, broken):
    result = run("catalog", "check", broken)
    assert result.exit_code == 1
    assert "1 items from 3 rows" in result.stdout
    assert "row 2, title: is missing" in result.stdout
    assert "row 3, year: expected a number" in result.stdout


def test_import_builds_the_index_and_says_how_to_use_it(run, small, tmp_path):
    home = tmp_path / "home"
    result = run("catalog", "import", small, "--home", home)
    assert result.exit_code == 0, result.output
    assert f"rapport chat --catalog {small}" in result.stdout
    assert list((home / "indexes").glob("*/manifest.json"))


def test_control_characters_of_a_catalogue_never_reach_the_terminal(run, tmp_path):
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps({"id": "1", "title": "One", "genres": ["\x1b[31mred\x07"]}) + "\n")
    result = run("catalog", "show", "--catalog", path)
    assert result.exit_code == 0
    assert not set("\x1b\x07") & set(result.stdout)


# ---------------------------------------------------------------- profile


@pytest.fixture
def told(home):
    """A home in which somebody has spoken in the session `s`."""
    from bot import Bot

    with Bot.create(home=home, model="none") as bot:
        bot.reply("s", "I love comedies but nothing with horror")
    return home


def test_show_prints_beliefs_with_the_words_they_came_from(run, told):
    result = run("profile", "show", "--session", "s", "--home", told)
    assert result.exit_code == 0, result.output
    assert "Comedy" in result.stdout
    assert "turn 1" in result.stdout


def test_show_of_an_unknown_session_says_so(run, told):
    assert "Nothing is known" in run("profile", "show", "--session", "nobody", "--home", told).stdout


def test_ratings_are_imported_and_reported(run, told, tmp_path):
    file = tmp_path / "report.json"
    ratings = TASTE / "letterboxd" / "ratings.csv"
    result = run("profile", "import", ratings, "--session", "s", "--home", told, "--json", file)
    assert result.exit_code == 0, result.output
    assert "speaks of 9 films that I know, of which you liked 5 and disliked 2" in result.stdout
    assert "A Lighthouse of Our Own (2019): not in this catalogue" in result.stdout
    assert "rapport chat --session s" in result.stdout
    assert json.loads(file.read_text())["matched"] == 9
    shown = run("profile", "show", "--session", "s", "--home", told).stdout
    assert "Heat (strong)  rated 4.5 of 5 in your import, row 3" in shown
    again = run("profile", "import", ratings, "--session", "s", "--home", told).stdout
    assert "none of it new" in again


def test_a_profile_goes_out_and_comes_in_for_somebody(run, told, tmp_path):
    file = tmp_path / "mine.json"
    run("profile", "export", "--session", "s", "--home", told, "--json", file)
    result = run("profile", "import", file, "--person", "ida", "--home", told)
    assert "Of the 2 entries of your profile 2 are new here." in result.stdout
    session = re.search(r"--session (import-[0-9a-f]{8})", result.stdout)[1]
    again = run("profile", "export", "--session", session, "--home", told)
    assert [one["id"] for group in json.loads(again.stdout).values() for one in group] == [
        one["id"] for group in json.loads(file.read_text()).values() for one in group
    ]
    assert run("profile", "import", tmp_path / "none.csv", "--home", told).exit_code == 2


def test_export_is_json_of_the_whole_profile(run, told, tmp_path):
    result = run("profile", "export", "--session", "s", "--home", told)
    exported = json.loads(result.stdout)
    assert set(exported) == {"likes", "dislikes", "constraints", "seen", "unresolved"}
    assert any(belief["value"] == "Comedy" for belief in exported["likes"])
    file = tmp_path / "profile.json"
    assert run("profile", "export", "--session", "s", "--home", told, "--json", file).exit_code == 0
    assert json.loads(file.read_text()) == exported


def test_erase_asks_first_and_then_leaves_nothing(run, told):
    assert run("profile", "erase", "--session", "s", "--home", told, input="n\n").exit_code == 1
    assert "Comedy" in run("profile", "show", "--session", "s", "--home", told).stdout
    assert run("profile", "erase", "--session", "s", "--home", told, "--yes").exit_code == 0
    assert "Nothing is known" in run("profile", "show", "--session", "s", "--home", told).stdout


# ---------------------------------------------------------------- eval


def test_an_eval_that_misses_its_target_exits_with_1(run, home, tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text("- id: hopeless\n  lang: en\n  turns:\n    - say: hello\n      check: {min_items: 9}\n")
    report = tmp_path / "report.json"
    result = run("eval", "dialogues", script, "--home", home, "--json", report)
    assert result.exit_code == 1, result.output
    assert json.loads(report.read_text())["ok"] is False


# ---------------------------------------------------------------- chat


def converse(home, *lines, extra=()):
    return subprocess.run(
        [sys.executable, "-c", RUN, "chat", "--home", str(home), "--model", "none", *extra],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"COLUMNS": "200"},
    )


def test_a_conversation_through_a_pipe(home):
    done = converse(home, "a comedy please", "", "/quit", "never said")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("rapport> ")
    assert "you> a comedy please" in lines
    said = lines.index("you> a comedy please")
    assert lines[said + 1].startswith("rapport> ")
    picks = [line for line in lines[said:] if line.strip().startswith(("1. ", "2. ", "3. "))]
    assert len(picks) == 3
    catalogue = import_file(starter(), load_domain("movies"))[0]
    comedies = {name_of(item) for item in catalogue.items if "Comedy" in item.genres}
    assert all(any(f". {name}  " in pick for name in comedies) for pick in picks)
    assert any(line.strip().startswith("- ") for line in lines[said:])
    assert "never said" not in done.stdout
    assert "Traceback" not in done.stderr


def test_a_conversation_ends_with_its_input_and_can_be_continued(home):
    assert converse(home, "I have seen Alien", extra=("--session", "mine")).returncode == 0
    from bot import Bot

    with Bot.create(home=home, model="none") as bot:
        assert [belief.value for belief in bot.profile("mine").seen]


def test_a_message_that_is_too_long_is_answered_and_the_conversation_goes_on(home):
    done = converse(home, "x" * 5000, "a comedy please")
    assert done.returncode == 0, done.stderr
    assert "1. " in done.stdout


def test_a_home_in_use_is_a_clear_error(bot):
    done = converse(bot.settings.home, "hello")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
