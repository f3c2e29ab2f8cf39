"""Needs that metadata cannot answer, and what two people thought of the items that were recommended for them.

`rapport eval needs` says each need (evals/needs.yaml, written without sight of the catalogue) to a session of its own
and takes the five items that come first. evals/needs_judged.yaml holds what two judges, apart from each other, thought
of each: whether the item fits. A five is good where at least three of its items fit, to the mind of both.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evals.metrics import Interval, intervals
from evals.options import NeedsOptions, Progress, silent
from evals.session import open_bot
from retrieval.errors import InputError
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

TARGET = 0.85
_SHOWN, _FITTING = 5, 3


class Need(Record):
    """say: the need. fits: what makes an item fit, and what does not, for whoever judges."""

    id: str
    say: str
    fits: str


class Five(Record):
    """What came first for a need. fitting: how many of them both judges found fitting; judged: how many they judged."""

    need: str
    titles: list[str]
    fitting: int
    judged: int


class Side(Record):
    """One way to find items. good: share of needs with three fitting items or more; fitting: share of items."""

    name: str
    fives: list[Five]
    good: Interval
    fitting: Interval


class NeedsReport(Record):
    """ours and the naive baseline, the items whose texts are nearest to the need by embedding.

    kappa: agreement of the judges beyond chance (Cohen 1960) on `judged` pairs of need and item; `unjudged` of those
    shown have no judgement, and count as not fitting. `ok`: good is at least the target and nothing is unjudged.
    """

    ours: Side
    naive: Side
    kappa: float
    judged: int
    unjudged: list[tuple[str, str]]
    ok: bool


Judged = dict[str, dict[str, tuple[int, int]]]
_NEEDS = TypeAdapter(list[Need])
_JUDGED = TypeAdapter(Judged)


def run_needs(options: NeedsOptions, progress: Progress = silent) -> NeedsReport:
    """Say each need and compare what comes first with what was judged. Raises InputError for a broken file."""
    needs = _read(options.needs, _NEEDS)[: options.limit]
    judged = _read(options.judged, _JUDGED)
    with open_bot(options, progress) as bot:
        ours: list[list[str]] = []
        for place, need in enumerate(needs):
            progress("Asking", place + 1, len(needs))
            ours.append(_five(bot, need.say))
        vectors = np.stack([bot.encode(need.say) for need in needs])
        nearest = np.argsort(-(vectors @ bot.index.matrix.T), axis=1)[:, :_SHOWN]
        naive = [[bot.catalogue.items[int(row)].id for row in rows] for rows in nearest]
        titles = {item.id: f"{item.title} ({item.year})" for item in bot.catalogue.items}
    unjudged = [
        pair for lists in (ours, naive) for pair in _pairs(needs, lists) if pair[1] not in judged.get(pair[0], {})
    ]
    sides = [_side(name, needs, lists, judged, titles) for name, lists in (("Rapport", ours), ("MiniLM", naive))]
    pairs = [verdicts for items in judged.values() for verdicts in items.values()]
    return NeedsReport(
        ours=sides[0], naive=sides[1], kappa=_kappa(pairs), judged=len(pairs), unjudged=sorted(set(unjudged)),
        ok=sides[0].good.mean >= TARGET and not set(unjudged) & set(_pairs(needs, ours)),
    )  # fmt: skip


def _pairs(needs: Sequence[Need], lists: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Every pair of a need and an item shown for it."""
    return [(need.id, item) for need, items in zip(needs, lists, strict=True) for item in items]


def _five(bot: Bot, say: str) -> list[str]:
    """Ids of the items of the reply and of those that would follow; none where the reply shows none."""
    session = uuid.uuid4().hex
    items = bot.reply(session, say).items
    if items and len(items) < _SHOWN:
        items = [*items, *bot.recommend(session, _SHOWN - len(items))]
    return [one.item.id for one in items[:_SHOWN]]


def _side(
    name: str, needs: Sequence[Need], lists: Sequence[Sequence[str]], judged: Judged, titles: dict[str, str]
) -> Side:
    fives = []
    for need, items in zip(needs, lists, strict=True):
        known = [judged[need.id][item] for item in items if item in judged.get(need.id, {})]
        fives.append(Five(
            need=need.id, titles=[titles[item] for item in items], fitting=sum(min(pair) for pair in known),
            judged=len(known),
        ))  # fmt: skip
    table = np.array([[float(five.fitting >= _FITTING), five.fitting / _SHOWN] for five in fives])
    good, fitting = intervals(table, np.arange(len(fives)))
    return Side(name=name, fives=fives, good=good, fitting=fitting)


def _kappa(pairs: Sequence[tuple[int, int]]) -> float:
    """Cohen's kappa of two judges who say 0 or 1; 0 without pairs, 1 where chance alone would agree."""
    if not pairs:
        return 0.0
    first, second = np.array(pairs, dtype=float).T
    agreed = float((first == second).mean())
    chance = float(first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean()))
    return 1.0 if chance == 1.0 else (agreed - chance) / (1 - chance)


def _read(path: Path, expected: TypeAdapter[Any]) -> Any:
    try:
        return expected.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise InputError(f"{path} cannot be used: {error}") from error


def print_report(report: NeedsReport, console: Console, show: bool = False) -> None:
    """Both sides, the judges' agreement, and with `show` every need with what came first."""
    table = Table(title=f"{len(report.ours.fives)} needs, the first {_SHOWN} items of each")
    for heading in ("", f"{_FITTING} of {_SHOWN} fit", "items that fit"):
        table.add_column(heading)
    for side in (report.ours, report.naive):
        table.add_row(side.name, _shown(side.good), _shown(side.fitting))
    console.print(table)
    console.print(
        f"judged {report.judged} pairs, kappa {report.kappa:.2f}; shown and not judged {len(report.unjudged)}; "
        f"target {TARGET:.2f}: {'met' if report.ok else 'MISSED'}"
    )
    for five in report.ours.fives if show else ():
        console.print(escape(f"{five.need}: {five.fitting} of {len(five.titles)} fit: {'; '.join(five.titles)}"))


def _shown(one: Interval) -> str:
    return f"{one.mean:.3f} ({one.low:.3f}-{one.high:.3f})"
