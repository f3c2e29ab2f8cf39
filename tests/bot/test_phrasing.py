"""Parts of sentences in any language: lists, quotes, taps and contractions come from its files, not from the code."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import phrasing
from bot.phrasing import (
    QUOTED,
    can_say,
    capitalised,
    contracted,
    joined,
    listed,
    quoted,
    reply_language,
    say,
    tap,
    told,
)
from prompts import loader


def forget_files() -> None:
    for cached in (loader.load_templates, loader.load_taps, loader.languages, phrasing._contractions):
        cached.cache_clear()


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A language that joins, quotes and contracts in its own way; the rest is English."""
    shutil.copytree(loader.FOLDER / "en", tmp_path / "en")
    shutil.copytree(loader.FOLDER / "en", tmp_path / "xq")
    path = tmp_path / "xq" / "phrases.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in [
        ('"{first} and {last}"', '"{first} y {last}"'),
        ('"{first}, {last}"', '"{first}、{last}"'),
        ('quoted: ["“{text}”"]', 'quoted: ["«{text}»"]'),
        ('label_about: ["about “{search}”"]', 'label_about: ["de {search}"]'),
    ]:
        assert old in text
        text = text.replace(old, new)
    kept = [line for line in text.splitlines() if not line.startswith(("  counts:", "  genre"))]
    kept += ['  clauses: ["{first}; {last}"]', "contractions:", "  '\\bde el\\b': del", "  '\\by (?=i)': \"e \""]
    path.write_text("\n".join(kept), encoding="utf-8")
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    forget_files()
    yield "xq"
    monkeypatch.undo()
    forget_files()


def test_words_are_joined_as_one_says_them(other: str) -> None:
    assert [joined(list("abc")[:n], "en") for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert joined(["a", "b"], "en", "or") == "a or b"
    assert joined(list("abcd"), other) == "a、b、c y d"
    assert joined(["a", "i"], other) == "a e i"
    assert quoted(["a", "b"], other) == "«a» y «b»"
    assert quoted(["a"], "en") == "“a”"
    assert told(["is old", "runs long", "feels sad"], "en") == "is old, runs long and feels sad"
    assert told(["is old", "runs long", "feels sad"], other) == "is old; runs long; feels sad"
    assert told([], other) == told([], "en") == ""


def test_contractions_leave_quotations_alone(other: str) -> None:
    assert say(other, "label_about", search="el mar") == "del mar"
    assert contracted("de el mar «de el mar» de el", other) == "del mar «de el mar» del"
    assert contracted("de el mar", "en") == "de el mar"


def test_what_a_language_has_no_words_for_is_left_out(other: str) -> None:
    assert listed("en", "counts")[3] == "three"
    assert listed(other, "counts") == ()
    assert can_say("en", "genre_noun")
    assert not can_say(other, "genre_noun")


def test_an_unknown_language_is_answered_in_english() -> None:
    assert reply_language("en") == "en"
    assert reply_language("tlh") == "en"
    assert say("tlh", "label_no", value="Horror") == "no Horror"


def test_a_tap_says_what_it_shows() -> None:
    found = tap("en", "wish", wish="about grief")
    assert (found.label, found.text) == ("About grief", "something about grief")
    assert capitalised("éT") == "ÉT"


@pytest.mark.parametrize("text", ["a “b c” d", "a „b c“ d", "a «b c» d", "a « b c » d", "a 「b c」 d", "a „b c” d"])
def test_quotation_marks_of_several_languages_are_known(text: str) -> None:
    [match] = QUOTED.finditer(text)
    assert next(part for part in match.groups() if part is not None).strip() == "b c"
