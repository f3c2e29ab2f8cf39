"""Template files: they load, every wording is usable, and a broken file says so."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from prompts import loader
from prompts.loader import FOLDER, Templates, load_prompt, load_templates

ALL = sorted((path.parent.name, path.stem) for path in FOLDER.glob("*/*.yaml"))


def holds_templates(language: str, name: str) -> bool:
    return "templates" in yaml.safe_load((FOLDER / language / f"{name}.yaml").read_text(encoding="utf-8"))


FILES = [file for file in ALL if holds_templates(*file)]
PROMPTS = [file for file in ALL if not holds_templates(*file)]


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w'-]+", text.lower()))


def test_there_are_templates() -> None:
    assert ("en", "replies") in FILES


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
