"""Reads prompts/<language>/<name>.yaml: sentence templates, and what a language model is asked."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent
FILES = ("replies", "phrases")
OPTIONAL = frozenset({
    "clauses", "counts", "plain_verbs", "guess_after", "adding", "genre", "a_genre", "an_genre", "genre_noun",
    "genre_alone",
})  # fmt: skip
"""Keys of phrases.yaml for what only some languages have (prompts/en/phrases.yaml says what each is)."""


class Templates(BaseModel):
    """Wordings by key; slots in braces. `contractions`: what a regular expression finds in a finished sentence becomes
    its replacement ("de el" -> "del")."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    templates: dict[str, list[str]]
    contractions: dict[str, str] = {}


@lru_cache(maxsize=32)
def load_templates(language: str, name: str) -> Templates:
    """The templates of one file. Raises FileNotFoundError or pydantic.ValidationError for a broken installation."""
    return Templates.model_validate(yaml.safe_load((FOLDER / language / f"{name}.yaml").read_text(encoding="utf-8")))


class Taps(BaseModel):
    """What can be tapped, by key: the label that is shown and what the person then says; slots in braces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    taps: dict[str, tuple[str, str]]


@lru_cache(maxsize=16)
def load_taps(language: str) -> Taps:
    """A language's suggestions.yaml. Raises FileNotFoundError or pydantic.ValidationError for a broken installation."""
    path = FOLDER / language / "suggestions.yaml"
    return Taps.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages that replies can be in, English first: those whose files say all that the English ones say."""
    found = sorted(path.parent.name for path in FOLDER.glob("*/suggestions.yaml"))
    return ("en", *(language for language in found if language != "en" and not missing(language)))


def missing(language: str) -> list[str]:
    """What a language leaves unsaid: the files it lacks, else "file: key" for each key that English has."""
    absent = [name for name in (*FILES, "suggestions") if not (FOLDER / language / f"{name}.yaml").is_file()]
    if absent:
        return absent
    unsaid = [
        f"{name}: {key}" for name in FILES
        for key in load_templates("en", name).templates.keys() - load_templates(language, name).templates.keys()
        if key not in OPTIONAL
    ]  # fmt: skip
    taps = load_taps("en").taps.keys() - load_taps(language).taps.keys()
    return sorted([*unsaid, *(f"suggestions: {key}" for key in taps)])


class Question(BaseModel):
    """What a language model is asked for data rather than words: an instruction and a request with slots in braces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    system: str
    request: str
    max_tokens: int


@lru_cache(maxsize=8)
def load_question(name: str) -> Question:
    """prompts/en/<name>.yaml. Raises FileNotFoundError or pydantic.ValidationError for a broken installation."""
    return Question.model_validate(yaml.safe_load((FOLDER / "en" / f"{name}.yaml").read_text(encoding="utf-8")))


class Example(BaseModel):
    """One request and the answer wanted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    head: str
    facts: str
    answer: str


class Prompt(BaseModel):
    """What a language model is asked: an instruction, examples, and a request with the slots {head} and {facts}.

    `joining_words` are words, in lower case, that an answer may add to those it was given; `plain_nouns` and
    `adding_words` are some of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    system: str
    request: str
    examples: list[Example]
    stop: list[str]
    max_tokens: int
    temperature: float
    joining_words: str
    plain_nouns: str
    adding_words: str


@lru_cache(maxsize=32)
def load_prompt(language: str, name: str) -> Prompt:
    """The prompt of one file. Raises FileNotFoundError or pydantic.ValidationError for a broken installation."""
    return Prompt.model_validate(yaml.safe_load((FOLDER / language / f"{name}.yaml").read_text(encoding="utf-8")))
