"""Needs and the items that answer them: how many of the first five are among the items that a reader named?

evals/answers.tsv holds needs, each with every item of the starter that truly answers it, best first, as one reader
named them who went through its titles (five to twenty-five a need). Other items may do as well, so that the figures are
lower than judges would have them (evals/needs.py); they need no judge, and compare.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console

from evals.descriptions import listed
from evals.metrics import Interval, intervals, paired_intervals
from evals.options import AnswerOptions, Progress, silent
from evals.session import open_bot
from retrieval.errors import InputError
from retrieval.records import Record

_SHOWN, _FITTING = 5, 3


class Answered(Record):
    """What somebody says, and ids of the items that answer it, best first."""

    say: str
    items: tuple[str, ...]


class AnswerReport(Record):
    """fitting: share of the first five that are among the named; good: of fives with at least three; by Rapport and by
    the items whose documents are nearest by MiniLM; lead: ours minus theirs, of `fitting`. none: needs that got no
    items. `ok`: the lead is beyond chance."""

    needs: int
    fitting: list[Interval]
    good: list[Interval]
    lead: Interval
    none: int
    ok: bool


def run_answers(options: AnswerOptions, progress: Progress = silent) -> AnswerReport:
    """Say each need in a session of its own. Raises InputError for a broken file."""
    every = read_answers(options.answers)
    order = np.random.default_rng(options.seed).permutation(len(every))
    needs = [every[int(at)] for at in order[: options.limit]]
    hits, nothing = [], 0
    with open_bot(options, progress) as bot:
        for place, need in enumerate(needs, start=1):
            ours = listed(bot, need.say, _SHOWN)
            nothing += not ours
            near = np.argsort(-(bot.index.matrix @ bot.encode(need.say)))[:_SHOWN]
            theirs = [bot.catalogue.items[int(row)].id for row in near]
            hits.append([len(set(need.items).intersection(found[:_SHOWN])) for found in (ours, theirs)])
            progress("Asking", place, len(needs))
    table, groups = np.array(hits, dtype=float), np.arange(len(hits))
    (lead,) = paired_intervals(table[:, :1] / _SHOWN, table[:, 1:] / _SHOWN, groups)
    return AnswerReport(
        needs=len(needs), fitting=intervals(table / _SHOWN, groups), none=nothing, lead=lead, ok=lead.low > 0,
        good=intervals((table >= _FITTING).astype(float), groups),
    )  # fmt: skip


def read_answers(path: Path) -> list[Answered]:
    """The needs of a file of `text<TAB>ids`. Raises InputError naming the line at fault."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        say, _, ids = line.partition("\t")
        if not say.strip() or not ids.strip():
            raise InputError(f"{path}, line {number}: expected a need, a tab and ids.")
        found.append(Answered(say=say, items=tuple(ids.split())))
    return found


def print_report(report: AnswerReport, console: Console) -> None:
    """Both sides, and the lead."""
    for name, fitting, good in zip(("Rapport", "MiniLM"), report.fitting, report.good, strict=True):
        console.print(f"{name}: of the first five {_shown(fitting)} answer; three of five for {_shown(good)}")
    console.print(f"{report.needs} needs, no items for {report.none}; lead {_shown(report.lead)}; target, a lead "
                  f"beyond chance: {'met' if report.ok else 'MISSED'}")  # fmt: skip


def _shown(one: Interval) -> str:
    return f"{one.mean:.3f} ({one.low:.3f}-{one.high:.3f})"
