"""How people say things, a YAML file a language; a newcomer adds a language by adding a file."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent


class Degree(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    direction: int
    amount: float
    patterns: list[str]


class Pointers(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    all: list[str]
    focus: list[str]


class Lexicon(BaseModel):
    """One language's cues. Patterns are regular expressions over folded text (see bot.text.fold)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str
    relations: dict[str, list[str]]
    after: dict[str, list[str]]
    breaks: list[str]
    strength: dict[str, list[str]]
    lasting: list[str]
    passing: list[str]
    must: list[str]
    degrees: dict[str, Degree]
    acts: dict[str, list[str]]
    ordinals: dict[str, int]
    pointers: Pointers
    numbers: dict[str, int]
    decades: dict[str, int]
    stop: frozenset[str]
    common: frozenset[str] = frozenset()


@lru_cache(maxsize=8)
def load_lexicon(language: str = "en") -> Lexicon:
    data: dict[str, Any] = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    data["stop"] = frozenset(str(data["stop"]).split())
    data["ordinals"] = {str(word): place for word, place in data["ordinals"].items()}
    common = FOLDER / f"{language}_common.txt"
    data["common"] = frozenset(common.read_text(encoding="utf-8").split())
    return Lexicon.model_validate(data)


def any_of(patterns: list[str]) -> re.Pattern[str]:
    """One pattern that matches the longest alternative first, on word boundaries."""
    ordered = sorted(patterns, key=len, reverse=True)
    return re.compile(rf"(?<![\w'])(?:{'|'.join(ordered)})(?![\w'])")
