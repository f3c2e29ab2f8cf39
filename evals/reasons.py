"""Do reasons cause the rank? Parts must sum to scores, and without the preference behind its top reason an item falls.

Sessions of generated talk are held with the dial of variety at each of its steps, and picks are sampled from them. The
top reason of a pick is the strongest part of its score that speaks for it and rests on a preference. That preference is
then taken away (with it the anchor, term, bound or text made of it) and the item is looked up again in the full order
by score, before any diversification. It fell where its place is worse; the same place is no fall.

A condition also filters, and without it other items come in. So that this alone is never taken for a fall, both places
are counted in one set of items, and there are three: those that all conditions `allowed`; those that all but this
preference allow (`otherwise`, the same set where the preference only guides); and the whole `catalogue`. The first is
the strictest, but no reason that is a condition can pass it: all items in it meet the condition alike, and taking the
same part from each moves none. So the target is on the smaller of the shares in the other two, and the first is
reported for all picks and for those whose reason only guides. It is the test of explanations by their necessity, as in
Tan et al. 2021 ("Counterfactual explainable recommendation"), on beliefs in place of learnt aspects.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, get_args

import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.records import Reason, Recommendation, Standing, Variety
from evals.grounding import talk
from evals.metrics import Interval, intervals
from evals.options import Progress, ReasonOptions, silent
from evals.session import open_bot
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

TARGET = 0.90
_TOLERANCE = 1e-9
_A_SESSION = 2  # picks sampled from one session
_UNKNOWN = Interval(mean=0.0, low=0.0, high=1.0)
_PREFERENCES = ("likes", "dislikes", "constraints")


class Sampled(Record):
    """A pick, its top reason, and its places with and without that reason's preference, and with and without another
    one drawn at random (None where the person had told no other)."""

    title: str
    kind: str
    label: str
    top: Standing
    other: Standing | None


class Fall(Record):
    """Shares of `count` picks whose place got worse, in each set of items."""

    count: int
    allowed: Interval
    otherwise: Interval
    catalogue: Interval


class ReasonReport(Record):
    """`unsummed`: titles of picks, of all that were shown, whose parts do not sum to their score. `top`: the fall
    without the preference of the top reason, `guiding`: of those where it is no condition; `other`: without another
    preference. `ok`: nothing is unsummed, and of `top` the shares `otherwise` and in the catalogue reach the target.
    `unexplained`: sampled picks that no preference speaks for."""

    catalog: str
    shown: int
    surprises: int
    unsummed: list[str]
    unexplained: int
    sampled: list[Sampled]
    top: Fall
    guiding: Fall
    other: Fall
    ok: bool


def run_reasons(options: ReasonOptions, progress: Progress = silent) -> ReasonReport:
    """Sample picks and check their reasons. Raises RapportError when a model or catalogue cannot be had."""
    wanted = min(options.picks, options.limit or options.picks)
    rng = random.Random(options.seed)
    sampled: list[Sampled] = []
    sessions: list[int] = []
    unsummed: list[str] = []
    shown = surprises = unexplained = number = 0
    with open_bot(options, progress) as bot:
        while len(sampled) < wanted:
            session = f"reasons-{uuid.uuid4().hex[:12]}"
            bot.open(session)
            bot.vary(session, rng.choice(get_args(Variety)))
            number += 1
            turns = list(_turns(bot, session, rng))
            shown += sum(len(picks) for picks, _ in turns)
            every = [pick for picks, _ in turns for pick in picks]
            unsummed += [pick.item.title for pick in every if not sums(pick)]
            surprises += sum(any(reason.kind == "variety" for reason in pick.reasons) for pick in every)
            found = [found for _, found in turns]
            unexplained += found.count(None)
            told = [one for one in found if one is not None]
            kept = rng.sample(told, min(_A_SESSION, len(told), wanted - len(sampled)))
            sampled += kept
            sessions += [number] * len(kept)
            progress("reasons", len(sampled), wanted)
            bot.erase(session)
    counts = {"shown": shown, "surprises": surprises, "unexplained": unexplained}
    return summarise(sampled, sessions, unsummed, options).model_copy(update=counts)


def _turns(bot: Bot, session: str, rng: random.Random) -> Iterator[tuple[list[Recommendation], Sampled | None]]:
    """The picks of each reply that recommends, and one of them looked into while its session stands as it was."""
    for text in talk(bot.catalogue, rng):
        reply = bot.reply(session, text)
        if reply.items and reply.act in {"recommend", "relax"}:
            yield reply.items, _looked_into(bot, session, rng.choice(reply.items), rng)


def _looked_into(bot: Bot, session: str, pick: Recommendation, rng: random.Random) -> Sampled | None:
    reason = top_reason(pick)
    if reason is None or reason.belief_id is None:
        return None
    profile = bot.profile(session)
    held = [belief.id for group in _PREFERENCES for belief in getattr(profile, group)]
    others = [belief_id for belief_id in held if belief_id != reason.belief_id]
    return Sampled(
        title=pick.item.title, kind=reason.kind, label=reason.label,
        top=bot.standing(session, pick.item.id, reason.belief_id),
        other=bot.standing(session, pick.item.id, rng.choice(others)) if others else None,
    )  # fmt: skip


def sums(pick: Recommendation) -> bool:
    """Whether the parts of a score make the score."""
    return abs(sum(reason.weight for reason in pick.reasons) - pick.score) <= _TOLERANCE


def top_reason(pick: Recommendation) -> Reason | None:
    """The strongest part of a score that speaks for the item and rests on a preference."""
    told = [reason for reason in pick.reasons if reason.belief_id is not None and reason.weight > 0]
    return max(told, key=lambda reason: reason.weight, default=None)


def summarise(
    sampled: Sequence[Sampled], sessions: Sequence[int], unsummed: Sequence[str], options: ReasonOptions
) -> ReasonReport:
    """Shares over picks; sessions: the session that each is from."""
    drawn = list(zip(sampled, sessions, strict=True))
    top = _fall([(one.top, session) for one, session in drawn], options.seed)
    return ReasonReport(
        catalog=options.catalog.name if options.catalog else "starter", shown=0, surprises=0, unsummed=list(unsummed),
        unexplained=0, sampled=list(sampled), top=top,
        guiding=_fall([(one.top, session) for one, session in drawn if not one.top.binds], options.seed),
        other=_fall([(one.other, session) for one, session in drawn if one.other], options.seed),
        ok=not unsummed and min(top.otherwise.mean, top.catalogue.mean) >= TARGET,
    )  # fmt: skip


def _fall(places: Sequence[tuple[Standing, int]], seed: int) -> Fall:
    if not places:
        return Fall(count=0, allowed=_UNKNOWN, otherwise=_UNKNOWN, catalogue=_UNKNOWN)
    fell = [[after > before for before, after in (one.allowed, one.otherwise, one.catalogue)] for one, _ in places]
    sessions = np.array([session for _, session in places], dtype=np.int64)
    allowed, otherwise, catalogue = intervals(np.array(fell, dtype=np.float64), sessions, seed=seed)
    return Fall(count=len(places), allowed=allowed, otherwise=otherwise, catalogue=catalogue)


def print_report(report: ReasonReport, console: Console, show: bool = False) -> None:
    """The shares with their intervals; `show`: every pick that did not fall where all other conditions allow it."""
    for one in report.sampled:
        before, after = one.top.otherwise
        if show and after <= before:
            console.print(f"[dim]{escape(one.title)}: {one.kind} {escape(one.label)}: {before} -> {after}[/dim]")
    console.print(f"picks: {report.shown} on {escape(report.catalog)}, {report.surprises} of them surprises")
    console.print(f"parts do not sum to the score: {len(report.unsummed)}")
    console.print(f"sampled: {len(report.sampled)}; left out, as no preference speaks for them: {report.unexplained}")
    table = Table(title="Falls without", caption="95% intervals from resampled sessions.", box=box.SIMPLE)
    for name in ("", "picks", "all conditions kept", "all others kept", "whole catalogue"):
        table.add_column(name, justify="right" if name else "left")
    named = ("its top reason", report.top), ("that only guides", report.guiding), ("another preference", report.other)
    for name, fall in named:
        table.add_row(name, str(fall.count), _share(fall.allowed), _share(fall.otherwise), _share(fall.catalogue))
    console.print(table)
    verdict = "ok" if report.ok else "FAILED"
    console.print(f"Target: all parts sum, and the last two shares without the top reason reach {TARGET}: {verdict}")


def _share(found: Interval) -> str:
    return f"{found.mean:.3f} ({found.low:.3f}-{found.high:.3f})"
