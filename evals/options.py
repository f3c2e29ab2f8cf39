"""What an evaluation is told: one option record for each kind of run, and the writing of its result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field

from bot.settings import Settings
from retrieval.errors import InputError
from retrieval.records import Record

DIALOGUES = Path(__file__).parent / "dialogues"

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, the steps done and the steps in all."""


def silent(stage: str, done: int, total: int) -> None:
    """The progress callback that shows nothing."""


class EvalOptions(Record):
    """What every evaluation takes.

    `home` None means the folder `evals` in the user's data folder, so that scripted talk never reaches a
    person's own profile and no lock is contended. `limit` takes the first N cases. `seed` fixes every draw.
    `json_file` is where the caller writes the whole
    report (write_json).
    """

    model: str = "none"
    catalog: Path | None = None
    domain: str = Field(default_factory=lambda: Settings().domain)
    home: Path | None = None
    limit: int | None = Field(None, ge=1)
    seed: int = 0
    json_file: Path | None = None


class ReplayOptions(EvalOptions):
    """`train` None looks for a training file beside `dialogues`. `workers` are threads that share one Bot."""

    dialogues: Path
    catalog: Path
    train: Path | None = None
    condition: Literal["rep-out", "rep-in"] = "rep-out"
    samples: int = Field(2000, ge=100)
    workers: int = Field(2, ge=1)


class DialogueOptions(EvalOptions):
    """`files` empty means the scripts written for the starter catalogue. `show` prints every turn."""

    files: tuple[Path, ...] = ()
    show: bool = False


class GroundingOptions(EvalOptions):
    """`turns` of generated talk in all. `show` prints every turn."""

    turns: int = Field(200, ge=1)
    show: bool = False


class BenchOptions(EvalOptions):
    """`processes` False leaves out what starts `rapport chat` and `rapport serve`."""

    people: int = Field(50, ge=1)
    processes: bool = True


def write_json(report: Record, path: Path | None) -> None:
    """Write a report as JSON; nothing happens without a path.

    Raises InputError when the file cannot be written.
    """
    if path is None:
        return
    try:
        path.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"--json {path} cannot be written: {error.strerror}. Give a file in an existing folder."
        ) from error
