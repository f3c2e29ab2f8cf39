"""Scripts: the language of conditions, and errors that name file, dialogue and turn."""

from collections import Counter

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evals.dialogues import STARTER, THIRTY
from evals.options import DIALOGUES
from evals.scripts import parse_span, read_scripts
from retrieval.errors import InputError

years = st.integers(1880, 2030)


@pytest.mark.parametrize(
    ("raw", "inside", "outside"),
    [
        (1994, [1994], [1993, 1994.5]),
        ("<1990", [1989.9], [1990]),
        ("<=1990", [1990], [1991]),
        (">1990", [1991], [1990]),
        (">= 120", [120, 500], [119]),
        ("1980-1989", [1980, 1989], [1979, 1990]),
        ({"min": 0.2}, [0.2, 9], [0.1]),
        ({"min": 1, "max": 2}, [1, 2], [0.9, 2.1]),
        ({"gte": 1980, "lt": 1990}, [1980, 1989.9], [1979, 1990]),
        ([1980, 1989], [1980, 1989], [1979, 1990]),
        ("1980s", [1980, 1989], [1979, 1990]),
    ],
)
def test_spans(raw, inside, outside):
    span = parse_span(raw)
    assert all(span.holds(value) for value in inside)
    assert not any(span.holds(value) for value in outside)


@pytest.mark.parametrize(
    "raw", ["cheap", "", "<", "1989-1980", {}, {"min": 3, "max": 1}, {"about": 1}, None, True, [3]]
)
def test_spans_that_mean_nothing(raw):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_span(raw)


@given(years, years)
def test_below_and_from_split_the_line(bound, value):
    assert parse_span(f"<{bound}").holds(value) != parse_span(f">={bound}").holds(value)
    assert parse_span(f">{bound}").holds(value) != parse_span(f"<={bound}").holds(value)


@given(years, years, years)
def test_ranges_are_inclusive(one, other, value):
    low, high = sorted((one, other))
    assert parse_span(f"{low}-{high}").holds(value) == (low <= value <= high)


def write(tmp_path, text):
    path = tmp_path / "talk.yaml"
    path.write_text(text)
    return path


def test_reads_a_dialogue(tmp_path):
    path = write(
        tmp_path,
        """
- id: one
  lang: en
  turns:
    - say: hi
    - say: a comedy
      check: {act_in: [recommend], min_items: 1, all: {genre: Comedy, year: "<1990"}, text_any: funny,
              not_shown_before: true, shows_none: [1917]}
""",
    )
    (script,) = read_scripts(path)
    assert (script.id, len(script.turns)) == ("one", 2)
    check = script.turns[1].check
    assert check.all == {"genre": "Comedy", "year": "<1990"}
    assert check.text_any == ["funny"], "one word stands for a list of one"
    assert check.shows_none == ["1917"]
    assert not script.turns[0].check.model_fields_set


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b", "expected a list"),
        ("", "expected a list"),
        ("- [unclosed", "not valid YAML"),
        ("- {id: x, turns: []}", "dialogue 'x', turns"),
        ("- {turns: [{say: hi}]}", "dialogue 1, id"),
        ("- {id: x, turns: [{say: hi}, {say: ''}]}", "dialogue 'x', turn 2, say"),
        ("- {id: x, turns: [{say: hi, check: {min_item: 1}}]}", "dialogue 'x', turn 1, check.min_item"),
        ("- {id: x, turns: [{say: hi, check: {act_in: [sing]}}]}", "no such act 'sing'"),
        (
            "- {id: x, turns: [{say: hi, check: {min_items: 3, max_items: 1}}]}",
            "dialogue 'x', turn 1, check: min_items",
        ),
        ("- {id: x, turns: [{say: hi}]}\n- {id: x, turns: [{say: hi}]}", "id 'x' is used twice"),
    ],
)
def test_errors_say_where(tmp_path, text, expected):
    path = write(tmp_path, text)
    with pytest.raises(InputError) as raised:
        read_scripts(path)
    assert expected in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_scripts(tmp_path / "none.yaml")


@pytest.mark.parametrize("path", sorted(DIALOGUES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_script_that_ships_can_be_read(path):
    scripts = read_scripts(path)
    assert len(scripts) == len(yaml.safe_load(path.read_text()))
    if path.stem != "bench":
        turns = [turn for script in scripts for turn in script.turns]
        checked = [turn for turn in turns if turn.check.model_fields_set]
        assert len(checked) >= 0.8 * len(turns), "most turns should check something"


def test_the_scripts_of_the_starter_are_many_of_every_language_and_the_thirty_are_among_them():
    scripts = [script for path in STARTER for script in read_scripts(path)]
    ids = [script.id for script in scripts]
    assert len(set(ids)) == len(ids) >= 150
    thirty = THIRTY.read_text(encoding="utf-8").split()
    assert len(set(thirty)) == 30
    assert set(thirty) <= set(ids)
    languages = Counter(script.lang for script in scripts if script.id in thirty)
    assert set(languages) == {"en", "zh", "es", "fr", "de"}
    assert min(languages.values()) >= 4


def test_every_turn_of_a_script_is_checked_or_leads_to_one_that_is():
    for path in STARTER:
        for script in read_scripts(path):
            assert any(turn.check.model_fields_set for turn in script.turns), script.id
            assert script.turns[-1].check.model_fields_set, script.id
