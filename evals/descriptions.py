"""Descriptions of what somebody feels like, each written for one item: how early does that item come?

evals/descriptions.tsv holds sentences that people might say who want an item of the starter, written without sight of
how the program hears them; none of them is in the catalogue. The items of the half `dev` are for tuning, those of
`test` for measuring. Many items answer a description, so that the one it was written for need not come first.
"""

from __future__ import annotations

import csv
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from evals.metrics import Interval, intervals, paired_intervals
from evals.options import DescriptionOptions, Progress, silent
from evals.session import open_bot
from retrieval.errors import InputError
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

_CUTOFFS = (5, 20)
PARTS = ("dev", "test")
_SIDES = ("Rapport", "MiniLM")


class Described(Record):
    """A sentence and the id of the item that it was written for."""

    item: str
    part: str
    say: str


class Part(Record):
    """Of one half: its sentences; recall at each cutoff of ours, of MiniLM on whole documents, and ours minus that."""

    name: str
    sentences: int
    ours: list[Interval]
    naive: list[Interval]
    lead: list[Interval]


class DescriptionReport(Record):
    """`ok`: ours leads by more than chance at the first cutoff in every half; `none`: sentences that got no items."""

    parts: list[Part]
    none: int
    ok: bool


def run_descriptions(options: DescriptionOptions, progress: Progress = silent) -> DescriptionReport:
    """Say each sentence in a session of its own. Raises InputError for a broken file or one without known items."""
    every = read_descriptions(options.descriptions)
    with open_bot(options, progress) as bot:
        known = [one for one in every if one.item in bot.catalogue.row]
        chosen = [known[int(at)] for at in np.random.default_rng(options.seed).permutation(len(known))[: options.limit]]
        if not chosen:
            raise InputError(f"{options.descriptions} describes no item of this catalogue.")
        hits, nothing = [], 0
        for place, one in enumerate(chosen, start=1):
            found = listed(bot, one.say, _CUTOFFS[-1])
            nothing += not found
            near = bot.index.matrix @ bot.encode(one.say)
            rank = 1 + int((near > near[bot.catalogue.row[one.item]]).sum())
            own = found.index(one.item) + 1 if one.item in found else _CUTOFFS[-1] + 1
            hits.append([float(place <= cutoff) for place in (own, rank) for cutoff in _CUTOFFS])
            progress("Describing", place, len(chosen))
    table, size = np.array(hits), len(_CUTOFFS)
    parts = []
    for name in PARTS:
        rows = [place for place, one in enumerate(chosen) if one.part == name]
        if rows:
            groups = np.array([bot.catalogue.row[chosen[row].item] for row in rows])
            ours, naive = table[rows, :size], table[rows, size:]
            parts.append(Part(
                name=name, sentences=len(rows), ours=intervals(ours, groups), naive=intervals(naive, groups),
                lead=paired_intervals(ours, naive, groups),
            ))  # fmt: skip
    return DescriptionReport(parts=parts, none=nothing, ok=all(part.lead[0].low > 0 for part in parts))


def read_descriptions(path: Path) -> list[Described]:
    """Tab-separated lines: item, part, sentence. Raises InputError."""
    try:
        rows = list(csv.reader(path.open(encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != 3 or row[1] not in PARTS or not row[2].strip():
            raise InputError(f"{path}, line {number}: expected an item, {' or '.join(PARTS)}, and a sentence.")
    return [Described(item=item, part=part, say=say) for item, part, say in rows]


def listed(bot: Bot, say: str, count: int) -> list[str]:
    """Ids of the items of the reply and of those that would follow; none where the reply shows none."""
    session = uuid.uuid4().hex
    items = [pick.item.id for pick in bot.reply(session, say).items]
    if items:
        items += [pick.item.id for pick in bot.recommend(session, count - len(items))]
    bot.erase(session)
    return items


def print_report(report: DescriptionReport, console: Console) -> None:
    """A row for each half."""
    table = Table(title="Descriptions: the item that each was written for is among the first")
    for heading in (
        "half",
        "sentences",
        *(f"{name}, {cutoff}" for name in ("Rapport", "MiniLM") for cutoff in _CUTOFFS),
    ):
        table.add_column(heading)
    for part in report.parts:
        table.add_row(part.name, f"{part.sentences:,}", *map(_shown, (*part.ours, *part.naive)))
    console.print(table)
    leads = ", ".join(f"{part.name} {_shown(part.lead[0])}" for part in report.parts)
    console.print(f"lead at {_CUTOFFS[0]}: {leads}; no items for {report.none}; target, a lead beyond chance: "
                  f"{'met' if report.ok else 'MISSED'}")  # fmt: skip


def _shown(one: Interval) -> str:
    return f"{one.mean:.3f} ({one.low:.3f}-{one.high:.3f})"
