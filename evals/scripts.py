"""Scripted dialogues: what a person says turn by turn, and what must hold of each reply. One YAML list a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.records import REPLY_ACTS
from retrieval.errors import InputError

_COMPARISON = re.compile(r"(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)")
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\s*-\s*(-?\d+(?:\.\d+)?)")


_DECADE = re.compile(r"(\d{3}0)s")
_ENDS = {
    "gte": ("min", False), "gt": ("min", True), "lte": ("max", False), "lt": ("max", True),
    "low": ("min", False), "high": ("max", False), "from": ("min", False), "to": ("max", False),
}  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(_Strict):
    """A range of a number, in the catalogue's unit. An open end excludes its own value ("<1990")."""

    min: float | None = None
    max: float | None = None
    min_open: bool = False
    max_open: bool = False

    def holds(self, value: float) -> bool:
        above = self.min is None or value > self.min or (value == self.min and not self.min_open)
        below = self.max is None or value < self.max or (value == self.max and not self.max_open)
        return above and below


def parse_span(raw: object) -> Span:
    """A number (equality), "<1990", ">=120", "1980-1989", "1980s", [1980, 1989], {min, max} or {gte, lt, ...}.

    Both ends are inclusive, but for "<", ">", lt and gt. Raises ValueError when it is none of these.
    """
    if isinstance(raw, list) and len(raw) == 2:
        raw = {"min": raw[0], "max": raw[1]}
    if isinstance(raw, dict):
        ends: dict[str, object] = {}
        for key, value in raw.items():
            end, is_open = _ENDS.get(key, (key, False))
            ends |= {end: value, **({f"{end}_open": True} if is_open else {})}
        span = Span.model_validate(ends)
        if span.min is None and span.max is None:
            raise ValueError("a range needs min, max or both")
    elif isinstance(raw, int | float) and not isinstance(raw, bool):
        span = Span(min=raw, max=raw)
    elif isinstance(raw, str) and (found := _COMPARISON.fullmatch(raw.strip())):
        sign, value = found.group(1), float(found.group(2))
        is_open = len(sign) == 1
        span = Span(max=value, max_open=is_open) if sign[0] == "<" else Span(min=value, min_open=is_open)
    elif isinstance(raw, str) and (found := _DECADE.fullmatch(raw.strip())):
        span = Span(min=float(found.group(1)), max=float(found.group(1)) + 9)
    elif isinstance(raw, str) and (found := _RANGE.fullmatch(raw.strip())):
        span = Span(min=float(found.group(1)), max=float(found.group(2)))
    else:
        raise ValueError(f'expected a number, "<1990", ">=120", "1980-1989" or {{min, max}}, got {raw!r}')
    if span.min is not None and span.max is not None and span.min > span.max:
        raise ValueError(f"the range {raw!r} is empty")
    return span


Condition = str | int | float | list[str | int] | dict[str, float]
"""What an item must have for a facet (a value, or any of a list) or a number (see parse_span)."""


class Check(_Strict):
    """What must hold of one reply. Every key is optional; all that are given must hold.

    act_in: acts of the reply. min_items, max_items: how many items it shows. all: every shown item meets
    every condition; none: no shown item meets any. shows_any, shows_none: titles among the shown items.
    text_any, text_none: words in the reply. likes_any, dislikes_any, seen_any, constraints_any: words in a
    label or value of the profile afterwards (dislikes_any looks at hard exclusions too); likes_none: words
    that no like has; profile_none: words that no belief has. not_shown_before: no shown item was shown in an
    earlier turn. Case never matters.
    """

    act_in: list[str] = []
    min_items: int | None = Field(None, ge=0)
    max_items: int | None = Field(None, ge=0)
    all: dict[str, Condition] = Field(default_factory=dict)
    none: dict[str, Condition] = Field(default_factory=dict)
    shows_any: list[str] = []
    shows_none: list[str] = []
    text_any: list[str] = []
    text_none: list[str] = []
    likes_any: list[str] = []
    likes_none: list[str] = []
    dislikes_any: list[str] = []
    seen_any: list[str] = []
    constraints_any: list[str] = []
    profile_none: list[str] = []
    not_shown_before: bool = False

    @field_validator(
        "act_in", "shows_any", "shows_none", "text_any", "text_none", "likes_any", "likes_none", "dislikes_any",
        "seen_any", "constraints_any", "profile_none", mode="before",
    )  # fmt: skip
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        values = value if isinstance(value, list) else [value]
        return [str(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in values]

    @field_validator("act_in")
    @classmethod
    def _acts_exist(cls, acts: list[str]) -> list[str]:
        unknown = [act for act in acts if act not in REPLY_ACTS]
        if unknown:
            raise ValueError(f"no such act {unknown[0]!r}; the acts are {', '.join(REPLY_ACTS)}")
        return acts

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        if self.min_items is not None and self.max_items is not None and self.min_items > self.max_items:
            raise ValueError(f"min_items {self.min_items} is more than max_items {self.max_items}")
        return self


class ScriptTurn(_Strict):
    say: str = Field(min_length=1)
    check: Check = Check()


class Script(_Strict):
    """One scripted dialogue. `id` names it in reports; `lang` is the language of what is said."""

    id: str = Field(min_length=1)
    lang: str = "en"
    turns: list[ScriptTurn] = Field(min_length=1)

    @field_validator("id", mode="before")
    @classmethod
    def _id_is_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value


def read_scripts(path: Path) -> list[Script]:
    """The dialogues of a file. Raises InputError naming the file, the dialogue, the turn and the key at fault."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Dialogues {path} cannot be read: {error}. Give a YAML file in UTF-8.") from error
    except yaml.YAMLError as error:
        raise InputError(f"Dialogues {path} is not valid YAML: {error}") from error
    if not isinstance(data, list) or not data:
        raise InputError(f"Dialogues {path}: expected a list of dialogues, each with id and turns.")
    found: list[Script] = []
    for number, entry in enumerate(data, start=1):
        try:
            script = Script.model_validate(entry)
        except ValidationError as error:
            raise InputError(f"Dialogues {path}, {_place(entry, number, error)}") from error
        if any(script.id == other.id for other in found):
            raise InputError(f"Dialogues {path}: the id '{script.id}' is used twice. Give each dialogue its own.")
        found.append(script)
    return found


def _place(entry: object, number: int, error: ValidationError) -> str:
    """Where the first problem of an entry is, in the words of the file: dialogue 'x', turn 3, check.all."""
    first = error.errors()[0]
    place = list(first["loc"])
    name = entry.get("id") if isinstance(entry, dict) else None
    parts = [f"dialogue '{name}'" if name else f"dialogue {number}"]
    if len(place) > 1 and place[0] == "turns" and isinstance(place[1], int):
        parts.append(f"turn {place[1] + 1}")
        place = place[2:]
    keys = [str(part) for part in place if isinstance(part, int) or re.fullmatch(r"[a-z_]+", part)]
    if keys:
        parts.append(".".join(keys))
    return f"{', '.join(parts)}: {first['msg'].removeprefix('Value error, ')}."
