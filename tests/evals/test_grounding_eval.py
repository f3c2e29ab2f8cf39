"""The grounding eval: planted inventions are found, true replies are not accused, and a run ends with its counts."""

import json
import random

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot.records import Profile
from evals.grounding import Audit, GroundingTurn, print_report, run_grounding, summarise, talk
from evals.names import Support, Unsupported
from evals.options import GroundingOptions
from ui.cli import app


@pytest.fixture(scope="module")
def audit(catalogue):
    return Audit(catalogue)


def found(audit, reply, said="hello", profile=None):
    return [(one.kind, one.text) for one in audit.check(said, reply, [profile or Profile()])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Here:\n\nAlien (1979) is horror and runs 117 minutes. Ellen Ripley meets a guest.", []),
        ("Here:\n\nAlien (1979) is horror and runs 118 minutes.", [("number", "118")]),
        ("Here:\n\nAlien (1980) is horror.", [("number", "1980")]),
        ("Here:\n\nAlien (1979) is a comedy.", [("claim", "comedy")]),
        ("Here:\n\nAlien (1979) is science fiction, and a family drama.", [("claim", "family"), ("claim", "drama")]),
        ("A comedy, then.\n\nAlien (1979) is horror.", []),
    ],
)
def test_planted_numbers_and_claims_are_found(audit, reply_of, text, expected):
    assert found(audit, reply_of(text, ids=["1"])) == expected


def test_a_title_inside_another_does_not_confuse_the_audit(audit, reply_of):
    text = "Two:\n\nThe Big Quiet Returns (2003) is a drama.\n\nThe Big Quiet (1994) is a comedy."
    assert found(audit, reply_of(text, ids=["2", "3"])) == []
    text = "Two:\n\nThe Big Quiet Returns (2003) is a drama.\n\nThe Big Quiet (1994) is a drama."
    assert found(audit, reply_of(text, ids=["2", "3"])) == [("claim", "drama")]


def test_what_was_said_and_believed_supports(audit, reply_of, believe):
    reply = reply_of("From 1985, drama:\n\nAlien (1979) is no drama.", ids=["1"])
    assert found(audit, reply) == [("number", "1985"), ("claim", "drama")]
    assert found(audit, reply, said="a drama from 1985") == []
    assert found(audit, reply, profile=believe("likes", "Drama", "genre", "Drama", quote="drama since 1985")) == []


def test_how_many_fit_is_counted_and_not_recorded(audit, reply_of):
    text = "Nothing fits all of that. Without “Comedy”, 5 remain:\n\nAlien (1979) is horror."
    assert found(audit, reply_of(text, act="relax", ids=["1"])) == []
    assert found(audit, reply_of(text, act="recommend", ids=["1"])) == [("number", "5")]
    assert found(audit, reply_of(text.replace("5", "99"), act="relax", ids=["1"])) == [("number", "99")]


def test_titles_and_people_are_the_business_of_names(audit, reply_of):
    reply = reply_of("Here:\n\nAlien (1979) stars Ned Flint.", ids=["1"])
    support = Support(audit.finder)
    assert [one.kind for one in support.check("hello", reply, Profile(), Profile())] == ["person"]


def test_talk_is_the_same_for_a_seed_and_differs_between_seeds(catalogue):
    one, again, other = (list(talk(catalogue, random.Random(seed))) for seed in (1, 1, 2))
    assert one == again != other
    assert all(text.strip() for text in one)


def turn(kinds=(), fell_back=0.0):
    unsupported = [Unsupported(kind=kind, text="x [b]") for kind in kinds]
    return GroundingTurn(say="a", text="b [c]", fell_back=fell_back, sentences=3, unsupported=unsupported)


def test_the_report_ends_with_the_counts():
    options = GroundingOptions(model="bundled")
    report = summarise([turn(["title", "claim"], 1 / 3), turn(["claim"])], options)
    assert not report.ok
    assert report.fell_back == pytest.approx(1 / 6)
    console = Console(record=True, width=160)
    print_report(report, console)
    text = console.export_text().rstrip()
    assert text.splitlines()[-1] == "unsupported: titles 1 people 0 numbers 0 claims 2"
    assert "16.7% of 6 sentences fell back" in text
    assert summarise([turn()], options).ok


def test_a_run_finds_nothing_unsupported(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    report = run_grounding(GroundingOptions(home=home, turns=60))
    assert len(report.turns) == 60
    assert report.unsupported == {"title": 0, "person": 0, "number": 0, "claim": 0}
    assert report.sentences > 60
    assert sum(len(one.text) for one in report.turns) > 6_000
    again = run_grounding(GroundingOptions(home=home, turns=12))
    assert [one.say for one in again.turns] == [one.say for one in report.turns[:12]]


def test_the_command(tmp_path):
    out = tmp_path / "out.json"
    command = ["eval", "grounding", "--turns", "7", "--home", str(tmp_path / "home"), "--json", str(out)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert result.output.rstrip().splitlines()[-1] == "unsupported: titles 0 people 0 numbers 0 claims 0"
    assert len(json.loads(out.read_text())["turns"]) == 7
