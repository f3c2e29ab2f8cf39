"""Interactions: from what people rated, what did they like next? Rapport beside popularity, item-kNN and EASE.

Of each person the last like by time is the target and what was rated before it the profile; all items are candidates
but those of the profile (leave-last-out). The profile is brought into a session as an export of ratings is, and the
list is what a conversation would show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from evals.metrics import Floats, Interval, intervals, ndcg, paired_intervals, ranks_of, recall
from evals.options import InteractionOptions, Progress, silent
from evals.ratings import Case, Ratings, exported, find_ratings, held_out, read_ratings, with_facts
from evals.recorded import measuring_copy
from evals.session import eval_home, open_bot
from retrieval.also_liked import ease, learn_liked
from retrieval.errors import InputError
from retrieval.records import ReasonKind, Record
from retrieval.sparse import filled, ones

if TYPE_CHECKING:
    from bot import Bot

RAPPORT = "Rapport, taught by ratings"
SHIPPED = "Rapport, as shipped"
MEASURES = ("hr@10", "ndcg@10")
_SHOWN = 10
_PARTS: tuple[ReasonKind, ...] = ("also_liked", "together", "liked", "disliked", "popularity")
"""All that an import of ratings puts into a score; text and facets are within `liked` and `disliked`."""
RIDGE, NEIGHBOURS, SHRINK, FADE = 200.0, 50, 10.0, 5.0
"""Of the baselines, each the best on the like before last: the ridge of EASE; neighbours of an item and people of
doubt for kNN; likes after which one counts half, where the profile fades."""


class SystemResult(Record):
    """One line of the table."""

    system: str
    measures: dict[str, Interval]


class InteractionReport(Record):
    """`lead`: Rapport, taught, minus the best baseline at HR@10, over the same people. `new`: targets that nobody liked
    in what was learnt from. `ok`: Rapport, taught, is not worse than the best baseline by more than chance, and as
    shipped, without any rating learnt from, not worse than popularity."""

    ratings: str
    back: int
    seed: int
    people: int
    items: int
    new: int
    results: list[SystemResult]
    best_baseline: str
    lead: dict[str, Interval]
    ok: bool


def run_interactions(options: InteractionOptions, progress: Progress = silent) -> InteractionReport:
    """Measure Rapport and the baselines. Raises InputError when a file cannot be used."""
    file = find_ratings(options.data)
    if file is None:
        raise InputError(f"No ratings.csv or ratings.csv.gz in {options.data} or in {options.data / 'interactions'}/*.")
    ratings = read_ratings(file, options.seed)
    cases = held_out(ratings.people)
    for _ in range(options.back):
        cases = held_out({case.person: case.profile for case in cases})
    counts = Counter(item for case in cases for item in case.liked())
    home = eval_home(options) / "interactions"
    rows = with_facts(ratings.rows, sorted((options.data / "catalogs").glob("*.jsonl*")))
    catalog = measuring_copy("ratings", rows, counts, home / "catalogues")
    (home / "models").mkdir(parents=True, exist_ok=True)
    learn_liked([[ratings.keys[item] for item in case.liked()] for case in cases]).save(home / "models")
    asked = cases[: options.limit]
    naive = _baselines(ratings, cases, asked, options.seed)
    with open_bot(options.model_copy(update={"home": home}), progress, catalog) as bot:
        lists = _rapport(bot, ratings, asked, _systems(options.ablate), progress)
    measured = naive | {name: _measured(_places(asked, found)) for name, found in lists.items()}
    drawn = (np.arange(len(asked)), options.samples, options.seed)
    best = max(naive, key=lambda name: float(naive[name][:, 0].mean()))
    lead = paired_intervals(measured[RAPPORT], measured[best], *drawn)
    plain = paired_intervals(measured[SHIPPED], measured["popularity"], *drawn)
    return InteractionReport(
        ratings=str(ratings.file), back=options.back, seed=options.seed, people=len(asked), items=len(rows),
        new=sum(not counts[case.target] for case in asked),
        results=[
            SystemResult(system=name, measures=_named(intervals(table, *drawn))) for name, table in measured.items()
        ],
        best_baseline=best, lead=_named(lead), ok=lead[0].high >= 0 and plain[0].high >= 0,
    )  # fmt: skip


def _systems(ablate: bool) -> dict[str, tuple[ReasonKind, ...]]:
    """Which parts of the score each line of Rapport leaves out."""
    found: dict[str, tuple[ReasonKind, ...]] = {RAPPORT: (), SHIPPED: ("also_liked",)}
    if ablate:
        found |= {f"Rapport, no {part}": (part,) for part in _PARTS[1:]}
        found["Rapport, only also_liked"] = _PARTS[1:]
    return found


def _rapport(
    bot: Bot, ratings: Ratings, cases: Sequence[Case], systems: dict[str, tuple[ReasonKind, ...]], progress: Progress
) -> dict[str, list[list[str]]]:
    """For each system and person, the ids that a conversation would show."""
    titles = {row["id"]: row for row in ratings.rows}
    lists: dict[str, list[list[str]]] = {name: [] for name in systems}
    for number, case in enumerate(cases, start=1):
        session = f"person {case.person}"
        bot.bring(session, exported(case, titles), name="ratings.csv")
        for name, without in systems.items():
            picks = bot.recommend(session, _SHOWN, without)
            lists[name].append([pick.item.id for pick in picks])
        bot.erase(session)
        progress("Rapport", number, len(cases))
    return lists


def _baselines(ratings: Ratings, cases: Sequence[Case], asked: Sequence[Case], seed: int) -> dict[str, Floats]:
    """All learn from what everybody liked before their target, and read all that a person liked."""
    column = {row["id"]: place for place, row in enumerate(ratings.rows)}
    likes = [[column[item] for item in case.liked()] for case in cases]
    every = ones(likes, len(column))
    counts = np.asarray(every.sum(axis=0), dtype=np.float32).ravel()
    liked = np.flatnonzero(counts)
    own = ones(likes[: len(asked)], len(column))[:, liked]
    fading = filled(
        [{one: 0.5 ** (back / FADE) for back, one in enumerate(reversed(found))} for found in likes], len(column)
    )
    rng = np.random.default_rng(seed)
    ties = rng.permutation(len(column)).astype(np.float32)
    weights = ease(every[:, liked], RIDGE)

    def measured(scores: NDArray[np.float32], columns: NDArray[np.int64] = liked) -> Floats:
        """By scores (people, columns) of some items; the others come behind them all."""
        ranks = []
        for case, row in zip(asked, scores, strict=True):
            whole = np.full(len(column), float(row.min()) - 1.0, dtype=np.float32)
            whole[columns] = row
            whole[[column[rating.item] for rating in case.profile]] = -np.inf
            ranks.append(ranks_of(whole, np.array([column[case.target]]), ties)[0])
        return _measured(np.array(ranks))

    everything = np.arange(len(column))
    return {
        "random": measured(rng.random((len(asked), len(column)), dtype=np.float32), everything),
        "popularity": measured(np.broadcast_to(counts, (len(asked), len(column))), everything),
        "item-kNN": measured(own @ _neighbours(every[:, liked])),
        "EASE": measured(own @ weights),
        "EASE, fading profile": measured(fading[:, liked] @ weights),
    }


def _neighbours(liked: Any) -> NDArray[np.float32]:
    """Cosine of items by who liked them, with doubt, and only the nearest of each (Sarwar et al. 2001). -> (m, m)."""
    pairs = (liked.T @ liked).toarray().astype(np.float32)
    counts = np.diag(pairs).copy()
    likeness = pairs / (np.sqrt(np.outer(counts, counts)) + SHRINK)
    np.fill_diagonal(likeness, 0.0)
    if len(likeness) > NEIGHBOURS:
        least = np.partition(likeness, -NEIGHBOURS, axis=0)[-NEIGHBOURS]
        likeness[likeness < least] = 0.0
    found: NDArray[np.float32] = likeness
    return found


def _places(cases: Sequence[Case], lists: Sequence[Sequence[str]]) -> Floats:
    found = [
        shown.index(case.target) + 1.0 if case.target in shown else np.inf
        for case, shown in zip(cases, lists, strict=True)
    ]
    return np.array(found)


def _measured(ranks: Floats) -> Floats:
    """MEASURES of n people, (n,) -> (n, 2)."""
    return np.stack([recall(ranks, _SHOWN), ndcg(ranks, _SHOWN)], axis=1)


def _named(found: Sequence[Interval]) -> dict[str, Interval]:
    return dict(zip(MEASURES, found, strict=True))


def print_report(report: InteractionReport, console: Console) -> None:
    """The table that `rapport eval interactions` prints."""
    table = Table(
        title=f"{report.ratings}: the last like of {report.people:,} people, {report.items:,} items",
        caption=f"95% intervals from resampled people. {report.new} targets were liked by nobody before.",
        box=box.SIMPLE,
    )
    table.add_column("system", no_wrap=True)
    for name in MEASURES:
        table.add_column(name.upper(), justify="right")
    for result in report.results:
        cells = [f"{cell.mean:.3f} ({cell.low:.3f}-{cell.high:.3f})" for cell in result.measures.values()]
        table.add_row(result.system, *cells, style="bold" if result.system == RAPPORT else None)
    console.print(table)
    gap = report.lead["hr@10"]
    console.print(
        f"{RAPPORT}, minus {report.best_baseline} at HR@10: {gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f}). "
        f"Target: not worse than it, nor as shipped than popularity, beyond chance: {'ok' if report.ok else 'FAILED'}"
    )
