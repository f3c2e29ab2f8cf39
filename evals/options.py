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
LABELLED = Path(__file__).parent.parent / "tests" / "data" / "understanding"
DESCRIPTIONS = Path(__file__).parent / "descriptions.tsv"
ANSWERS = Path(__file__).parent / "answers.tsv"
NEEDS = Path(__file__).parent / "needs.yaml"
JUDGED_NEEDS = Path(__file__).parent / "needs_judged.yaml"
JUDGED_LINKS = Path(__file__).parent / "linking_judged.yaml"

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
    """`train` None looks for a training file beside `dialogues`. `workers` are threads that share one Bot. `ablate`
    also ranks with each branch of the learned ranker switched off."""

    dialogues: Path
    catalog: Path
    train: Path | None = None
    condition: Literal["rep-out", "rep-in"] = "rep-out"
    samples: int = Field(2000, ge=100)
    workers: int = Field(2, ge=1)
    ablate: bool = False


class InteractionOptions(EvalOptions):
    """`data`: a folder with interactions and catalogs. `back`: how many last likes of each person are dropped before
    anything is looked at, so that 1 measures without the targets of 0. `ablate`: also without each part of the score.
    """

    data: Path
    samples: int = Field(2000, ge=100)
    back: int = Field(0, ge=0)
    ablate: bool = False


class LinkingOptions(EvalOptions):
    """`train` as for a replay. `judged`: links that were read. `sample`: where links to be read are written."""

    dialogues: Path
    catalog: Path
    train: Path | None = None
    judged: Path | None = JUDGED_LINKS
    sample: Path | None = None
    samples: int = Field(2000, ge=100)


class UnderstandingOptions(EvalOptions):
    """`files` empty means the test half of the labelled utterances in tests/data. `show` prints every difference."""

    files: tuple[Path, ...] = Field(default_factory=lambda: tuple(sorted(LABELLED.glob("test_*.yaml"))), min_length=1)
    show: bool = False


class DialogueOptions(EvalOptions):
    """`files` empty means the scripts written for the starter catalogue; `thirty` takes a fixed part of them. `show`
    prints every turn."""

    files: tuple[Path, ...] = ()
    thirty: bool = False
    show: bool = False


class GroundingOptions(EvalOptions):
    """`turns` of generated talk in all. `show` prints every turn."""

    turns: int = Field(200, ge=1)
    show: bool = False


class ReasonOptions(EvalOptions):
    """`picks` to sample. `show` prints those that did not fall."""

    picks: int = Field(200, ge=1)
    show: bool = False


class NeedsOptions(EvalOptions):
    """needs, judged: files of evals.needs. `show` prints every need with what came first."""

    needs: Path = NEEDS
    judged: Path = JUDGED_NEEDS
    show: bool = False


class DescriptionOptions(EvalOptions):
    """descriptions: a file of evals.descriptions."""

    descriptions: Path = DESCRIPTIONS


class AnswerOptions(EvalOptions):
    """answers: a file of evals.answers."""

    answers: Path = ANSWERS


class VarietyOptions(EvalOptions):
    """`sessions` to hold, each at every step of the dial."""

    sessions: int = Field(60, ge=1)


class PropertyOptions(EvalOptions):
    """`dialogues` of random talk in all, in so many `processes`; or the moves of `script` alone."""

    dialogues: int = Field(1000, ge=1)
    processes: int = Field(1, ge=1)
    script: Path | None = None


class EnrichmentOptions(EvalOptions):
    """`annotated`: the catalogue that is learnt from; `catalog` None judges it on itself alone."""

    annotated: Path
    samples: int = Field(2000, ge=100)


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
