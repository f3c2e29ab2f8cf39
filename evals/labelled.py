"""Labelled utterances: what a person typed and what a perfect listener would make of it.

The format is described in tests/data/understanding/README.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from retrieval.errors import InputError
from retrieval.records import Record

Level = Literal["easy", "medium", "hard"]


class Labelled(Record):
    """One utterance with its labels.

    shown: what is on the screen, in order, as "Title (Year)". asked: the facet of the question put before it. earlier:
    what the person said before, oldest first. maybe: acts on which careful readers differ; they are not scored. wants,
    avoids and seen: "facet: value", with " | " between labels of which either is right. about: the items a question is
    about.
    """

    id: str
    lang: str
    level: Level
    say: str
    acts: set[str]
    maybe: set[str] = set()
    shown: tuple[str, ...] = ()
    asked: str | None = None
    earlier: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()


def read_labelled(files: Sequence[Path]) -> list[Labelled]:
    """All records of some YAML files, in order.

    Raises InputError naming the file and the record that does not fit the format, or a missing file.
    """
    found: list[Labelled] = []
    for file in files:
        try:
            rows: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise InputError(f"{file} cannot be read as YAML: {error}") from error
        for row in rows if isinstance(rows, list) else [rows]:
            try:
                found.append(Labelled.model_validate(row))
            except ValidationError as error:
                name = row.get("id", "?") if isinstance(row, dict) else "?"
                raise InputError(f"{file}, record {name}: {error}") from error
    return found
