"""Reads prompts/<language>/<name>.yaml: sentence templates, and what a language model is asked."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent


class Templates(BaseModel):
    """Wordings by key; slots in braces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    templates: dict[str, list[str]]


@lru_cache(maxsize=32)
def load_templates(language: str, name: str) -> Templates:
    """The templates of one file. Raises FileNotFoundError or pydantic.ValidationError for a broken installation."""
    return Templates.model_validate(yaml.safe_load((FOLDER / language / f"{name}.yaml").read_text(encoding="utf-8")))


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
