"""What the dial of variety does: the same sessions at each of its steps, and what their lists show.

A session opens with five likes, three of them of one kind, so that a taste is known, and goes on with generated talk.
The step `closest` is the order by score alone, which is the baseline. What the others give up is the score, and what
they gain is lists whose items are less alike, less well known and, as far as calibration does it, of the kinds that the
person likes (Steck 2018).
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np
from rich.console import Console

from bot.records import Item, Recommendation, Variety
from evals.exposure import Exposure, exposure, exposure_table, likeness
from evals.grounding import talk
from evals.metrics import Floats, Interval, Ints, intervals, paired_intervals
from evals.options import Progress, VarietyOptions, silent
from evals.session import open_bot
from retrieval.catalogue import Catalogue
from retrieval.diversity import miscalibration
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

STEPS: tuple[Variety, ...] = get_args(Variety)
_KNOWN = 300  # the best-known items, of which people have seen some
_LIKED, _OF_ONE_KIND = 5, 3


class StepResult(Record):
    """One step. score: mean of picks, without what a surprise is given; uncalibrated: how far lists are from the kinds
    liked, 0..1; surprises: share of lists that end in one."""

    step: Variety
    lists: int
    exposure: Exposure
    score: Interval
    uncalibrated: Interval
    surprises: float


class VarietyReport(Record):
    """less_alike: how much less alike the items of a list are than at the step before, by the same turns (`balanced`,
    `varied`). ok: at each step by more than chance."""

    catalog: str
    steps: list[StepResult]
    less_alike: dict[Variety, Interval]
    ok: bool


class _Shown(NamedTuple):
    """A list, the session and turn that it is from, and what was liked before it."""

    picks: list[Recommendation]
    session: int
    turn: int
    liked: list[Item]


def run_variety(options: VarietyOptions, progress: Progress = silent) -> VarietyReport:
    """Hold the sessions at each step. Raises RapportError when a model or catalogue cannot be had."""
    wanted = min(options.sessions, options.limit or options.sessions)
    with open_bot(options, progress) as bot:
        shown: dict[Variety, list[_Shown]] = {step: [] for step in STEPS}
        for number in range(wanted):
            for step in STEPS:
                shown[step] += _held(bot, step, number, random.Random(f"{options.seed} {number}"))
            progress("variety", number + 1, wanted)
        steps = [_result(bot, step, lists, options.seed) for step, lists in shown.items()]
        alike = {step: _alike(bot, lists) for step, lists in shown.items()}
    less: dict[Variety, Interval] = {}
    for before, step in pairwise(STEPS):
        both = sorted(alike[before].keys() & alike[step].keys())
        first, second = (np.array([[alike[one][place]] for place in both]) for one in (before, step))
        (less[step],) = paired_intervals(first, second, np.array([place[0] for place in both]), seed=options.seed)
    return VarietyReport(
        catalog=options.catalog.name if options.catalog else "starter", steps=steps, less_alike=less,
        ok=all(found.low > 0 for found in less.values()),
    )  # fmt: skip


def _held(bot: Bot, step: Variety, number: int, rng: random.Random) -> list[_Shown]:
    """The lists of one session at one step."""
    session = f"variety-{uuid.uuid4().hex[:12]}"
    bot.open(session)
    bot.vary(session, step)
    liked = _liked(bot.catalogue, rng)
    for item in liked:
        bot.event(session, "like", item.id)
    replies = [bot.reply(session, text) for text in ("recommend something", *talk(bot.catalogue, rng))]
    bot.erase(session)
    return [
        _Shown(reply.items, number, reply.turn, liked) for reply in replies
        if len(reply.items) > 1 and reply.act in {"recommend", "relax"}
    ]  # fmt: skip


def _liked(catalogue: Catalogue, rng: random.Random) -> list[Item]:
    """A taste: some well-known items, most of them of one kind."""
    known = sorted(catalogue.items, key=lambda item: (-item.popularity, item.id))[:_KNOWN]
    first = rng.choice(known)
    same = [item for item in known if set(item.genres) & set(first.genres)]
    liked = rng.sample(same, min(_OF_ONE_KIND, len(same)))
    others = [item for item in known if item not in liked]
    return liked + rng.sample(others, min(_LIKED - len(liked), len(others)))


def _result(bot: Bot, step: Variety, lists: Sequence[_Shown], seed: int) -> StepResult:
    groups = np.array([one.session for one in lists])
    rows = [np.array([bot.catalogue.row[pick.item.id] for pick in one.picks]) for one in lists]
    own = [[sum(r.weight for r in pick.reasons if r.kind != "variety") for pick in one.picks] for one in lists]
    values = np.array([[np.mean(scores), _far(one)] for scores, one in zip(own, lists, strict=True)])
    score, uncalibrated = intervals(values, groups, seed=seed)
    surprises = [any(reason.kind == "variety" for pick in one.picks for reason in pick.reasons) for one in lists]
    return StepResult(
        step=step, lists=len(lists), score=score, uncalibrated=uncalibrated, surprises=float(np.mean(surprises)),
        exposure=exposure(rows, groups, bot.catalogue.popularity, bot.index.matrix, seed),
    )  # fmt: skip


def _far(one: _Shown) -> float:
    """How far the kinds of a list are from those of the liked items, 0..1."""
    names = sorted({name for item in (*one.liked, *(pick.item for pick in one.picks)) for name in item.genres})

    def mixed(items: Sequence[Item]) -> Floats:
        shares = [[(name in item.genres) / max(len(item.genres), 1) for name in names] for item in items]
        mean: Floats = np.array(shares, dtype=np.float64).reshape(len(items), -1).mean(axis=0)
        return mean

    shares, wanted = mixed([pick.item for pick in one.picks]), mixed(one.liked)
    return float(miscalibration(shares[None, :], wanted / (wanted.sum() or 1.0))[0]) if wanted.any() else 0.0


def _alike(bot: Bot, lists: Sequence[_Shown]) -> dict[tuple[int, int], float]:
    """How alike the items of each list are, by its session and turn."""
    found: dict[tuple[int, int], float] = {}
    for one in lists:
        rows: Ints = np.array([bot.catalogue.row[pick.item.id] for pick in one.picks])
        found[one.session, one.turn] = likeness(bot.index.matrix[rows])
    return found


def print_report(report: VarietyReport, console: Console) -> None:
    """The tables that `rapport eval variety` prints."""
    lists = max(step.lists for step in report.steps)
    console.print(exposure_table(
        f"{lists} lists of the same sessions on {report.catalog}", {one.step: one.exposure for one in report.steps}
    ))  # fmt: skip
    for one in report.steps:
        console.print(
            f"{one.step}: score {_cell(one.score)}, from the kinds liked {_cell(one.uncalibrated)}, "
            f"lists that end in a surprise {one.surprises:.2f}"
        )
    for step, found in report.less_alike.items():
        console.print(f"{step}: less alike than the step before by {_cell(found)}")
    console.print(f"Target: less alike at each step by more than chance: {'ok' if report.ok else 'FAILED'}")


def _cell(found: Interval) -> str:
    return f"{found.mean:.3f} ({found.low:.3f}-{found.high:.3f})"
