"""Recorded dialogues between people: reading them, and the questions that a replay asks of them."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from retrieval.errors import InputError

Role = Literal["user", "assistant"]
MEASURING_DROPS = ("duplicate_of", "mentions_train")
"""Catalogue keys that a replay must not use: the first drops rows, the second counts the dialogues measured."""


class _Loose(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RecordedTurn(_Loose):
    """One message. `items`: ids that it mentions, found by those who made the data."""

    role: Role
    text: str
    items: list[str] = []


class RecordedTarget(_Loose):
    """The turn (0-based) of an assistant that brings in `items` nobody has named before."""

    turn: int
    items: list[str]


class RecordedDialogue(_Loose):
    dialogue_id: str
    turns: list[RecordedTurn]
    targets: list[RecordedTarget] = []

    @model_validator(mode="after")
    def _targets_are_turns(self) -> RecordedDialogue:
        for target in self.targets:
            if not 0 <= target.turn < len(self.turns):
                raise ValueError(f"target turn {target.turn} is outside the {len(self.turns)} turns")
        return self


@dataclass(frozen=True)
class Case:
    """One question of a replay: what was said so far, what was named so far, and what came next.

    `dialogue` numbers the dialogue that the case belongs to.
    """

    dialogue: int
    turns: tuple[tuple[str, str], ...]
    mentioned: tuple[str, ...]
    targets: tuple[str, ...]

    @property
    def text(self) -> str:
        """All that was said, one line a turn."""
        return "\n".join(text for _, text in self.turns)


def read_lines(path: Path, what: str) -> Iterator[tuple[int, str]]:
    """Numbered lines of a text file, .gz or not. Raises InputError naming the file."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{what} {path} cannot be read: {reason}. Expected JSON lines in UTF-8, .gz or not."
        ) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def read_dialogues(path: Path) -> list[RecordedDialogue]:
    """All dialogues of a file. Raises InputError naming the file and the row that cannot be used."""
    found = []
    for number, line in read_lines(path, "Dialogues"):
        try:
            found.append(RecordedDialogue.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "row"
            raise InputError(f"Dialogues {path}, row {number}, {where}: {first['msg']}.") from error
    if not found:
        raise InputError(f"Dialogues {path} holds no dialogue. Expected one JSON object a line.")
    return found


def sample(dialogues: Sequence[RecordedDialogue], limit: int | None, seed: int) -> list[RecordedDialogue]:
    """All dialogues in file order, or the first `limit` after a shuffle by `seed`."""
    if limit is None or limit >= len(dialogues):
        return list(dialogues)
    return random.Random(seed).sample(list(dialogues), limit)


def cases_of(dialogues: Sequence[RecordedDialogue]) -> list[Case]:
    """The questions of some dialogues, in order. A target is left out when an earlier turn named it."""
    found = []
    for number, dialogue in enumerate(dialogues):
        for target in sorted(dialogue.targets, key=lambda one: one.turn):
            before = dialogue.turns[: target.turn]
            mentioned = dict.fromkeys(item for turn in before for item in turn.items)
            fresh = tuple(dict.fromkeys(item for item in target.items if item not in mentioned))
            if fresh:
                turns = tuple((turn.role, turn.text) for turn in before)
                found.append(Case(number, turns, tuple(mentioned), fresh))
    return found


def item_sets(dialogues: Sequence[RecordedDialogue]) -> list[list[str]]:
    """The items of each dialogue, each once: what counting popularity and co-mentions needs."""
    return [list(dict.fromkeys(item for turn in one.turns for item in turn.items)) for one in dialogues]


def find_training(dialogues: Path, catalogue_ids: set[str]) -> Path | None:
    """The training file that belongs to a file of dialogues, or None.

    Looked for in the same folder: the same name with "train" for "valid", "dev" or "test"; then
    redial_train.jsonl.gz, if it speaks of this catalogue.
    """
    for word in ("valid", "dev", "test"):
        sibling = dialogues.with_name(dialogues.name.replace(word, "train"))
        if sibling != dialogues and sibling.is_file():
            return sibling
    common = dialogues.with_name("redial_train.jsonl.gz")
    if common == dialogues or not common.is_file():
        return None
    named = {item for items in item_sets(read_dialogues(common)) for item in items}
    return common if len(named & catalogue_ids) >= 0.95 * len(named) else None


def find_catalog(dialogues: Path) -> Path:
    """The catalogue of the benchmark that a file of dialogues is from: in the folder `catalogs` beside theirs, with the
    same first word.

    Raises InputError when there is none.
    """
    folder, benchmark = dialogues.parent.parent / "catalogs", dialogues.name.partition("_")[0]
    found = sorted(folder.glob(f"{benchmark}_*.jsonl*"))
    if not found:
        raise InputError(f"No catalogue {benchmark}_* in {folder}. Give a folder that holds dialogues and catalogs.")
    return found[0]


def catalogue_rows(catalog: Path) -> list[dict[str, Any]]:
    """The rows of a catalogue of JSON lines, as written.

    Raises InputError when the file cannot be read or a row is not a JSON object with an id.
    """
    rows: list[dict[str, Any]] = []
    for number, line in read_lines(catalog, "Catalogue"):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise InputError(f"Catalogue {catalog}, row {number}: not valid JSON: {error}.") from error
        if not isinstance(record, dict) or "id" not in record:
            raise InputError(f"Catalogue {catalog}, row {number}: expected a JSON object with an id.")
        rows.append(record)
    return rows


def measuring_copy(name: str, rows: Sequence[dict[str, Any]], counts: Counter[str] | None, folder: Path) -> Path:
    """A copy of a catalogue that keeps every row and knows nothing of the dialogues measured.

    `counts` (mentions in training dialogues) become the field `popularity`; None leaves popularity out.
    A row without a title gets "untitled" and its id, since every item of a benchmark counts and an import asks for one.
    The copy is named by its content, so that the same catalogue keeps its index between runs.
    """
    lines = []
    for row in rows:
        kept = {key: value for key, value in row.items() if key not in (*MEASURING_DROPS, "popularity")}
        if not str(kept.get("title") or "").strip():
            kept["title"] = f"untitled {row['id']}"
        if counts is not None:
            kept["popularity"] = counts[str(row["id"])]
        lines.append(json.dumps(kept, ensure_ascii=False))
    text = "\n".join(lines) + "\n"
    path = folder / f"{name}-{sha256(text.encode()).hexdigest()[:12]}.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        path.write_text(text, encoding="utf-8")
    return path


def count_mentions(items: Sequence[Sequence[str]]) -> Counter[str]:
    """In how many dialogues each item is named."""
    return Counter(item for one in items for item in one)
