"""Template files: they load, every wording is usable, and a broken file says so."""

from __future__ import annotations

import re
import shutil
import string
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from prompts import loader
from prompts.loader import (
    FOLDER,
    OPTIONAL,
    Templates,
    languages,
    load_prompt,
    load_question,
    load_taps,
    load_templates,
    missing,
)

ALL = sorted((path.parent.name, path.stem) for path in FOLDER.glob("*/*.yaml"))


def holds(key: str) -> list[tuple[str, str]]:
    """The files with a top-level key."""
    return [
        (language, name) for language, name in ALL
        if key in yaml.safe_load((FOLDER / language / f"{name}.yaml").read_text(encoding="utf-8"))
    ]  # fmt: skip


FILES = holds("templates")
PROMPTS = holds("examples")
QUESTIONS = [name for language, name in holds("system") if (language, name) not in PROMPTS]
LANGUAGES = sorted({language for language, _ in ALL})
OTHERS = [language for language in LANGUAGES if language != "en"]

# Slots that any reply may use, and that no wording must use.
FREE = {"noun", "nouns", "verb", "gerund"}
# Slots of which a wording takes one.
EITHER = {"label_none": {"number", "word"}}


def slots(wording: str) -> set[str]:
    """Names of the slots of a wording, without the capital that asks for a sentence's start."""
    names = [slot for _, slot, _, _ in string.Formatter().parse(wording) if slot]
    return {name[0].lower() + name[1:] for name in names}


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w'-]+", text.lower()))


def test_there_are_templates() -> None:
    assert ("en", "replies") in FILES
    others = [("en", name) for name in QUESTIONS] + [(language, "suggestions") for language in LANGUAGES]
    assert sorted(FILES + PROMPTS + others) == ALL


@pytest.mark.parametrize(("language", "name"), FILES)
def test_every_file_loads_and_every_wording_is_well_formed(language: str, name: str) -> None:
    templates = load_templates(language, name)
    assert templates.version >= 1
    for key, wordings in templates.templates.items():
        assert wordings, f"{key} has no wording"
        assert len(set(wordings)) == len(wordings), f"{key} repeats a wording"
        for wording in wordings:
            assert wording.strip() == wording != "", f"{key}: {wording!r}"
            for _, slot, form, conversion in string.Formatter().parse(wording):
                # A slot such as {0}, {a.b} or {a!r} would read something else than the plan gives.
                assert slot is None or (slot.isidentifier() and not form and not conversion), f"{key}: {wording!r}"


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_fences_what_it_hands_over(name: str) -> None:
    question = load_question(name)
    fenced = slots(question.request)
    assert fenced
    filled = question.request.format_map(dict.fromkeys(fenced, "DATA"))
    assert filled.count("---\nDATA\n---") == len(fenced)
    assert slots(question.system) <= {"noun", "nouns"}


@pytest.mark.parametrize(("language", "name"), PROMPTS)
def test_every_prompt_loads_and_its_examples_keep_its_own_rule(language: str, name: str) -> None:
    prompt = load_prompt(language, name)
    assert prompt.version >= 1
    assert prompt.system.strip()
    assert {slot for _, slot, _, _ in string.Formatter().parse(prompt.request) if slot} == {"head", "facts"}
    assert prompt.joining_words == prompt.joining_words.lower()
    assert prompt.max_tokens > 0
    for example in prompt.examples:
        assert prompt.request.format(head=example.head, facts=example.facts)
        added = words(example.answer) - words(example.head) - words(example.facts)
        assert added <= set(prompt.joining_words.split()), example.answer


@pytest.mark.parametrize(("language", "name"), ALL)
def test_no_key_is_written_twice(language: str, name: str) -> None:
    class Strict(yaml.SafeLoader):
        pass

    def unique(found: Strict, node: yaml.MappingNode) -> dict[object, object]:
        keys = [found.construct_object(key) for key, _ in node.value]
        assert len(set(keys)) == len(keys), f"twice: {[key for key in keys if keys.count(key) > 1]}"
        return dict(found.construct_pairs(node))

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, unique)
    yaml.load((FOLDER / language / f"{name}.yaml").read_text(encoding="utf-8"), Strict)


def test_every_language_says_all_that_english_says() -> None:
    assert {language: missing(language) for language in LANGUAGES} == {language: [] for language in LANGUAGES}
    assert sorted(languages()) == LANGUAGES
    assert languages()[0] == "en"


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_says_nothing_that_english_does_not(language: str) -> None:
    for name in loader.FILES:
        said, meant = load_templates(language, name).templates, load_templates("en", name).templates
        assert set(said) - OPTIONAL <= set(meant), name
        for key in set(said) - OPTIONAL:
            may = FREE.union(*map(slots, meant[key]), EITHER.get(key, set()))
            must = set.intersection(*map(slots, meant[key])) - FREE - EITHER.get(key, set())
            must -= {"count"} if key.endswith("_one") else set()
            for wording in said[key]:
                assert slots(wording) <= may, f"{key}: {wording}"
                assert slots(wording) >= must, f"{key}: {wording}"
    taps = load_taps("en").taps
    assert set(load_taps(language).taps) == set(taps)
    for key, tap in load_taps(language).taps.items():
        assert [slots(text) for text in tap] == [slots(text) for text in taps[key]], key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_tap_and_contraction_is_well_formed(language: str) -> None:
    for label, said in load_taps(language).taps.values():
        assert label.strip() == label != ""
        assert said.strip() == said != ""
    for name in loader.FILES:
        for pattern, replacement in load_templates(language, name).contractions.items():
            re.compile(pattern).sub(replacement, "")


def test_a_language_that_lacks_something_is_not_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER / "en", tmp_path / "en")
    shutil.copytree(FOLDER / "en", tmp_path / "xx")
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    for cached in (load_templates, load_taps, languages):
        cached.cache_clear()
    assert languages() == ("en", "xx")
    path = tmp_path / "xx" / "replies.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("  greet:", "  greeting:"), encoding="utf-8")
    for cached in (load_templates, load_taps, languages):
        cached.cache_clear()
    assert missing("xx") == ["replies: greet"]
    assert languages() == ("en",)
    path.unlink()
    assert missing("xx") == ["replies"]
    for cached in (load_templates, load_taps, languages):
        cached.cache_clear()


def test_a_file_is_read_once() -> None:
    assert load_templates("en", "replies") is load_templates("en", "replies")


def test_a_missing_file_says_which() -> None:
    with pytest.raises(FileNotFoundError, match="nonsense"):
        load_templates("en", "nonsense")


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\ntemplates: {a: one wording}",
        "templates: {a: [b]}",
        "version: 1\ntemplates: {a: [b]}\nextra: 1",
        "just text",
        "",
    ],
)
def test_a_broken_file_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "broken.yaml").write_text(text)
    monkeypatch.setattr(loader, "FOLDER", tmp_path)
    load_templates.cache_clear()
    with pytest.raises(ValidationError):
        load_templates("xx", "broken")


def test_templates_cannot_be_changed_by_a_caller() -> None:
    with pytest.raises(ValidationError):
        Templates(version=1, templates={}).version = 2  # type: ignore[misc]
