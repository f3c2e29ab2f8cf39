"""Replay: recorded dialogues of people, cut before each recommendation. Where does Rapport rank what came next?

It is what one person said next, one of many good answers, so recall is low even for good systems; the naive
baselines in the same table say how low. Rapport gets the text of the turns and nothing else: the item ids of
the data only remove from every list what had been named already (rep-out) and mark the targets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from evals import baselines
from evals.exposure import TOP, Exposure, exposure, exposure_table
from evals.metrics import MEASURES, Floats, Interval, Ints, intervals, measure, paired_intervals, ranks_of
from evals.options import Progress, ReplayOptions, silent
from evals.recorded import (
    Case,
    RecordedDialogue,
    cases_of,
    catalogue_rows,
    count_mentions,
    find_training,
    item_sets,
    measuring_copy,
    read_dialogues,
    sample,
)
from evals.session import eval_home, open_bot
from evals.slices import Slice, parts, sliced
from retrieval.errors import InputError
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

RAPPORT = "Rapport"
DECIDING = "recall@10"
FLOORS = {"redial_valid.jsonl.gz": {"recall@1": 0.048, "recall@10": 0.230, "recall@50": 0.450}}
"""What Rapport must reach on a whole file of dialogues, repeated items left out."""


class SystemResult(Record):
    """One line of the tables. `seconds` is the time of all its rankings; `exposure` is None where it was not asked for.

    The popularity of an item is how often the training dialogues mention it, else what the catalogue says.
    """

    system: str
    seconds: float
    measures: dict[str, Interval]
    exposure: Exposure | None = None


class _Measured(NamedTuple):
    """seconds; measures (targets, 6); the rows of the ten best of each case."""

    seconds: float
    table: Floats
    tops: list[Ints]


class ReplayReport(Record):
    """A replay. `lead` is Rapport minus the best baseline at recall@10, over the same targets.

    `ok`: no baseline is better than Rapport at recall@10 by more than chance, and Rapport reaches the `floors`, where
    there are any. `absent` counts targets that the catalogue does not have; they count as not ranked, for every system.
    `without`: Rapport with one branch switched off each. `people`: what the people of the dialogues showed each other.
    `slices`: all of them on the targets of cold starts.
    """

    dialogues: str
    catalog: str
    train: str | None
    condition: str
    seed: int
    dialogue_count: int
    turns: int
    targets: int
    absent: int
    items: int
    results: list[SystemResult]
    without: list[SystemResult] = []
    people: Exposure | None = None
    slices: list[Slice] = []
    floors: dict[str, float] = {}
    best_baseline: str
    lead: dict[str, Interval]
    ok: bool


class Question:
    """The cases of a replay against one catalogue: masks, target rows and the ranks of any scores.

    row: item id -> row. groups (targets,): the dialogue of each target.
    """

    def __init__(self, cases: Sequence[Case], row: dict[str, int], condition: str, seed: int) -> None:
        self.cases = cases
        self.row = row
        self.groups: Ints = np.array([case.dialogue for case in cases for _ in case.targets], dtype=np.int64)
        self.mask: NDArray[np.bool_] = np.zeros((len(cases), len(row)), dtype=bool)
        if condition == "rep-out":
            for number, case in enumerate(cases):
                self.mask[number, [row[item] for item in case.mentioned if item in row]] = True
        self.ties = np.random.default_rng(seed).permutation(len(row)).astype(np.float32)

    def ranks(self, scores: baselines.Scores) -> Floats:
        """Ranks of all targets, (targets,), by a table of scores (cases, items)."""
        found: list[Floats] = []
        for number, case in enumerate(self.cases):
            rows = np.array([self.row.get(item, -1) for item in case.targets])
            one = np.where(self.mask[number], -np.inf, scores[number])
            ranks = ranks_of(one, np.maximum(rows, 0), self.ties)
            found.append(np.where(rows < 0, np.inf, ranks))
        return np.concatenate(found)

    def tops(self, scores: baselines.Scores) -> list[Ints]:
        """Rows of the ten best of each case, best first, by a table of scores (cases, items)."""
        masked = (np.where(out, -np.inf, one) for out, one in zip(self.mask, scores, strict=True))
        return [np.lexsort((-self.ties, -one))[: min(TOP, int(np.isfinite(one).sum()))] for one in masked]

    def tops_in(self, lists: Sequence[Sequence[str]]) -> list[Ints]:
        """The same of one ranked list of ids per case."""
        left = ((item for item in ranked if item in self.row and not out[self.row[item]])
                for ranked, out in zip(lists, self.mask, strict=True))  # fmt: skip
        return [np.array([self.row[item] for item in islice(ranked, TOP)], dtype=np.int64) for ranked in left]

    def told(self) -> list[Ints]:
        """Rows of the targets of each case, as far as the catalogue has them."""
        return [np.array([self.row[item] for item in case.targets if item in self.row], dtype=np.int64)
                for case in self.cases]  # fmt: skip

    def ranks_in(self, lists: Sequence[Sequence[str]]) -> Floats:
        """Ranks of all targets, (targets,), in one ranked list of ids per case."""
        found: list[float] = []
        for number, (case, ranked) in enumerate(zip(self.cases, lists, strict=True)):
            left = (item for item in ranked if item not in self.row or not self.mask[number, self.row[item]])
            place = {item: position for position, item in enumerate(left, start=1)}
            found += [float(place.get(item, np.inf)) for item in case.targets]
        return np.array(found)


def run_replay(options: ReplayOptions, progress: Progress = silent) -> ReplayReport:
    """Measure Rapport and the baselines on recorded dialogues.

    Raises InputError when a file cannot be used or no dialogue has a target.
    """
    dialogues = sample(read_dialogues(options.dialogues), options.limit, options.seed)
    cases = cases_of(dialogues)
    if not cases:
        raise InputError(f"Dialogues {options.dialogues} have no target: nothing can be measured on them.")
    rows = catalogue_rows(options.catalog)
    train_path = options.train or find_training(options.dialogues, {str(row["id"]) for row in rows})
    training = read_dialogues(train_path) if train_path else []
    counts = count_mentions(item_sets(training)) if training else None
    name = options.catalog.name.partition(".")[0]
    catalog = measuring_copy(name, rows, counts, eval_home(options) / "catalogues")
    with open_bot(options, progress, catalog) as bot:
        question = Question(cases, bot.catalogue.row, options.condition, options.seed)
        measured = {RAPPORT: _rapport(bot, question, options.workers, progress)}
        measured |= _baselines(bot, question, training, options.seed, progress)
        without = _without(bot, question, progress) if options.ablate else {}
        items, fame = bot.catalogue.items, bot.catalogue.popularity
        fame = fame if counts is None else np.array([counts[item.id] for item in items], dtype=np.float32)
        cases_from = np.array([case.dialogue for case in cases])
        shown = {name: exposure(one.tops, cases_from, fame, bot.index.matrix, options.seed, options.samples)
                 for name, one in measured.items()}  # fmt: skip
        people = exposure(question.told(), cases_from, fame, bot.index.matrix, options.seed, options.samples)
    best = max((name for name in measured if name != RAPPORT), key=lambda name: _deciding(measured[name].table))
    drawn = (question.groups, options.samples, options.seed)
    lead = _named(paired_intervals(measured[RAPPORT].table, measured[best].table, *drawn))
    floors = FLOORS.get(options.dialogues.name, {}) if options.limit is None and options.condition == "rep-out" else {}
    ours = _named(intervals(measured[RAPPORT].table, *drawn))
    return ReplayReport(
        dialogues=options.dialogues.name,
        catalog=options.catalog.name,
        train=train_path.name if train_path else None,
        condition=options.condition,
        seed=options.seed,
        dialogue_count=len(dialogues),
        turns=len(cases),
        targets=len(question.groups),
        absent=sum(item not in question.row for case in cases for item in case.targets),
        items=len(question.row),
        results=[
            SystemResult(
                system=name,
                seconds=round(one.seconds, 1),
                measures=_named(intervals(one.table, *drawn)),
                exposure=shown[name],
            )
            for name, one in measured.items()
        ],
        without=[
            SystemResult(system=f"no {name}", seconds=0.0, measures=_named(intervals(table, *drawn)))
            for name, table in without.items()
        ],
        people=people,
        slices=sliced(
            {name: one.table for name, one in measured.items()} | {f"no {name}": t for name, t in without.items()},
            parts(cases, counts or ()),
            *drawn,
        ),
        floors=floors,
        best_baseline=best,
        lead=lead,
        ok=lead[DECIDING].high >= 0 and all(ours[name].mean >= floor for name, floor in floors.items()),
    )


def _rapport(bot: Bot, question: Question, workers: int, progress: Progress) -> _Measured:
    started = time.perf_counter()
    size = len(question.row)

    def rank(case: Case) -> list[str]:
        return bot.rank(list(case.turns), k=size)

    lists = []
    with ThreadPoolExecutor(workers) as pool:
        for number, ranked in enumerate(pool.map(rank, question.cases), start=1):
            lists.append(ranked)
            progress(RAPPORT, number, len(question.cases))
    seconds = time.perf_counter() - started
    return _Measured(seconds, measure(question.ranks_in(lists)), question.tops_in(lists))


def _without(bot: Bot, question: Question, progress: Progress) -> dict[str, Floats]:
    """The measures of Rapport without each branch."""
    lists: dict[str, list[list[str]]] = {}
    for number, case in enumerate(question.cases, start=1):
        for name, ranked in bot.rank_without(list(case.turns), k=len(question.row)).items():
            lists.setdefault(name, []).append(ranked)
        progress("ablation", number, len(question.cases))
    return {name: measure(question.ranks_in(ranked)) for name, ranked in lists.items()}


def _baselines(
    bot: Bot, question: Question, training: Sequence[RecordedDialogue], seed: int, progress: Progress
) -> dict[str, _Measured]:
    cases, row = question.cases, question.row
    measured: dict[str, _Measured] = {}

    def run(name: str, work: Callable[[], baselines.Scores]) -> baselines.Scores:
        started = time.perf_counter()
        scores = work()
        seconds = time.perf_counter() - started
        measured[name] = _Measured(seconds, measure(question.ranks(scores)), question.tops(scores))
        return scores

    run("random", lambda: baselines.random_scores(len(cases), len(row), seed))
    parts = {
        "BM25": run("BM25", lambda: baselines.lexical_scores(cases, bot.index.lexical.scores, len(row), progress)),
        "MiniLM": run("MiniLM", lambda: baselines.dense_scores(cases, bot.encode, bot.index.matrix, progress)),
    }
    if training:
        sets = [[row[item] for item in one if item in row] for one in item_sets(training)]
        counts = np.bincount([item for one in sets for item in one], minlength=len(row)).astype(np.float32)
        parts["popularity"] = run("popularity", lambda: baselines.popularity_scores(len(cases), counts))
        pairs = baselines.together(sets, len(row))
        run("co-mention", lambda: baselines.co_mention_scores(cases, row, pairs, counts))
    tables = list(parts.values())
    run("RRF", lambda: baselines.fused_scores(tables, question.mask, question.ties))
    return measured


def _deciding(table: Floats) -> float:
    return float(table[:, MEASURES.index(DECIDING)].mean())


def _named(found: Sequence[Interval]) -> dict[str, Interval]:
    return dict(zip(MEASURES, found, strict=True))


def print_report(report: ReplayReport, console: Console) -> None:
    """The table that `rapport eval replay` prints."""
    table = Table(
        title=f"{report.dialogues}, {report.condition}: {report.targets:,} targets in {report.turns:,} turns of "
        f"{report.dialogue_count:,} dialogues, {report.items:,} items",
        caption=_caption(report),
        box=box.SIMPLE,
        padding=(0, 1, 0, 0),
    )
    table.add_column("system", no_wrap=True)
    for name in MEASURES:
        table.add_column(name.replace("recall", "R").replace("ndcg", "NDCG").replace("mrr", "MRR"), justify="right")
    for result in (*report.results, *report.without):
        cells = [
            f"{_short(cell.mean)}\n[dim]{_short(cell.low)}-{_short(cell.high)}[/dim]"
            for cell in result.measures.values()
        ]
        table.add_row(result.system, *cells, style="bold" if result.system == RAPPORT else None)
    console.print(table)
    shown = {result.system: result.exposure for result in report.results if result.exposure is not None}
    shown |= {"people": report.people} if report.people is not None else {}
    console.print(exposure_table("What the first ten show", shown))
    console.print(_cold(report))
    gap = report.lead[DECIDING]
    verdict = "ok" if report.ok else "FAILED"
    console.print(
        f"{RAPPORT} minus {report.best_baseline} at {DECIDING}: {gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f}). "
        f"Target: not worse than the best baseline beyond chance{_floors(report)}: {verdict}"
    )


def _cold(report: ReplayReport) -> Table:
    """Rapport and the best baseline on the targets of cold starts."""
    table = Table(title="Cold starts: R@10, R@50", box=box.SIMPLE, padding=(0, 1, 0, 0))
    for name in ("part", "targets", RAPPORT, report.best_baseline):
        table.add_column(name, justify="left" if name == "part" else "right")
    for one in report.slices:
        cells = []
        for system in (RAPPORT, report.best_baseline):
            found = [one.measures[system][name] for name in ("recall@10", "recall@50")]
            cells.append(", ".join(f"{_short(m.mean)} ({_short(m.low)}-{_short(m.high)})" for m in found))
        table.add_row(one.name, f"{one.targets:,}", *cells)
    return table


def _floors(report: ReplayReport) -> str:
    if not report.floors:
        return ""
    return ", and at least " + ", ".join(f"{name} {_short(floor)}" for name, floor in report.floors.items())


def _short(value: float) -> str:
    """Three decimals without the zero before the point."""
    return f"{value:.3f}".removeprefix("0")


def _caption(report: ReplayReport) -> str:
    seconds = {result.system: result.seconds for result in report.results}
    parts = [
        "Second lines: 95% intervals from resampled dialogues.",
        f"Popularity and co-mentions counted on {report.train}." if report.train else "No training dialogues.",
        f"RRF fuses BM25, MiniLM{' and popularity' if report.train else ''}.",
        f"{RAPPORT} took {seconds[RAPPORT]:,.0f} s, the others {sum(seconds.values()) - seconds[RAPPORT]:,.0f} s.",
    ]
    if report.absent:
        parts.append(f"{report.absent} targets are not in the catalogue.")
    return " ".join(parts)
