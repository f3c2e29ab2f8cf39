"""Inferred moods, themes, pace, tone and content levels held against those on record, for items that were held out.

Every annotated item is judged by what was learnt without it. Where a second catalogue is given, its own records of the
items that both have are what is read, since that is what enriching it will read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from bot.settings import Settings
from evals.metrics import Floats, Interval, intervals, paired_intervals, resamples
from evals.options import EnrichmentOptions, Progress, silent
from evals.session import eval_home
from retrieval.calibration import PRECISION
from retrieval.domain import DomainConfig, load_domain
from retrieval.enrichment import FEWEST as FEWEST_ANNOTATED
from retrieval.enrichment import Enricher, annotated_rows, learn, same_items
from retrieval.errors import InputError
from retrieval.exporter import view_of
from retrieval.features import Encode, View
from retrieval.importer import import_file
from retrieval.index import text_vectors
from retrieval.records import Item, Record

LEARNT, GENRES, COMMON = "learnt", "genres only", "commonest"
"""Systems: all features; the same learner shown nothing but genres; the commonest values and the mean."""
FOLDS = 5
FEWEST = 50
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


class Part(Record):
    """One way to read the held-out items. `measures`: {measure: {system: interval}}; `lead`: learnt minus genres only,
    {measure: interval}, where less is better for an error. `given`: share of the numbers that are sure enough."""

    name: str
    items: int
    measures: dict[str, dict[str, Interval]]
    lead: dict[str, Interval]
    given: float


class EnrichmentReport(Record):
    """`decides`: the part whose lead over genres alone decides; `missed`: its measures without one."""

    annotated: str
    catalog: str
    shared: int
    precision: float
    parts: list[Part]
    decides: str
    missed: list[str]
    ok: bool


class _Guess(NamedTuple):
    """What a system says of one item: values given, the best value of each facet, estimates, and how many are sure."""

    given: dict[str, set[str]]
    best: dict[str, str]
    numbers: dict[str, float]
    sure: float


def run_enrichment(options: EnrichmentOptions, progress: Progress = silent) -> EnrichmentReport:
    """Learn without each fifth of the annotated items and judge that fifth.

    Raises RapportError when a catalogue cannot be used or the two have fewer than FEWEST items in common.
    """
    domain = load_domain(options.domain)
    encode = _encoder(options, progress)
    catalogue, _ = import_file(options.annotated, domain)
    rows = annotated_rows(catalogue)[: options.limit]
    if len(rows) < FEWEST_ANNOTATED:
        raise InputError(f"--limit {options.limit} is too few items to learn from. Give {FEWEST_ANNOTATED} or more.")
    known = view_of(catalogue, [catalogue.items[row] for row in rows], encode)
    on_itself = {f"{options.annotated.name} on itself": known}
    readings: list[tuple[View | None, dict[str, View]]] = [(None, on_itself)]
    places: dict[int, int] = {}
    if options.catalog is not None:
        other, _ = import_file(options.catalog, domain)
        places = same_items(known.items, other.items)
        if len(places) < FEWEST:
            raise InputError(
                f"{options.catalog} has {len(places)} items in common with {options.annotated} (title and year). "
                f"Expected {FEWEST} or more."
            )
        full = [other.items[place] for place in places.values()]
        bare = view_of(other, [_bare(domain, item) for item in full], encode)
        brief = view_of(other, [_brief(item) for item in bare.items], encode)
        whole = view_of(other, full, encode)
        name = options.catalog.name
        readings = [
            (None, {**on_itself, f"{name}, nothing shared learnt from": bare}),
            (bare, {name: bare, f"{name}, first sentence alone": brief}),
            (whole, {f"{name} with its own keywords": whole}),
        ]
    judged = _judge_all(known, places, readings, encode, options.seed, progress)
    parts = [_part(name, known, truth_rows, guesses, options) for name, truth_rows, guesses in judged]
    decides = options.catalog.name if options.catalog else parts[0].name
    lead = next(part for part in parts if part.name == decides).lead
    ahead = {name: gap.mean if name.endswith("F1") else -gap.mean for name, gap in lead.items()}
    missed = [name for name in _deciding(domain, lead) if ahead[name] <= 0]
    return EnrichmentReport(
        annotated=options.annotated.name, catalog=options.catalog.name if options.catalog else "", shared=len(places),
        precision=PRECISION, parts=parts, decides=decides, missed=missed, ok=not missed,
    )  # fmt: skip


# ---------------------------------------------------------------- what is read


def _encoder(options: EnrichmentOptions, progress: Progress) -> Encode:
    settings = Settings()
    home = eval_home(options)
    return lambda texts: text_vectors(texts, settings.embedder, home, settings.threads, progress)


def _bare(domain: DomainConfig, item: Item) -> Item:
    """Without whatever the catalogue itself says of what is to be inferred, such as keywords, which few items have."""
    hidden = {field for config in domain.facets.values() if config.infer for field in config.fields}
    return item.model_copy(update={"facets": {f: values for f, values in item.facets.items() if f not in hidden}})


def _brief(item: Item) -> Item:
    return item.model_copy(update={"text": _SENTENCE.split(item.text)[0]})


# ---------------------------------------------------------------- held-out items


def _judge_all(
    known: View, places: Mapping[int, int], readings: Sequence[tuple[View | None, dict[str, View]]],
    encode: Encode, seed: int, progress: Progress,
) -> Iterator[tuple[str, list[int], dict[str, list[_Guess]]]]:  # fmt: skip
    """For each way to read: its name, the annotated rows judged, and what each system says of them."""
    fold = np.random.default_rng(seed).permutation(len(known.items)) % FOLDS
    shared = np.array(list(places), dtype=np.int64)
    done = 0
    for other, tests in readings:
        found: dict[str, tuple[list[int], dict[str, list[_Guess]]]] = {
            name: ([], {system: [] for system in (LEARNT, GENRES, COMMON)}) for name in tests
        }
        for held in range(FOLDS):
            seen = known.take(np.flatnonzero(fold != held))
            twins = other.take(np.flatnonzero(fold[shared] != held)) if other is not None else None
            learnt = learn(seen, twins, encode, seed=seed)
            genres = learn(seen, twins, encode, blocks=("genres",), seed=seed)
            for name, test in tests.items():
                on_itself = test is known
                here = np.flatnonzero((fold if on_itself else fold[shared]) == held)
                rows, guesses = found[name]
                rows += [int(row) for row in (here if on_itself else shared[here])]
                guesses[LEARNT] += _guesses(learnt, test.take(here))
                guesses[GENRES] += _guesses(genres, test.take(here))
                guesses[COMMON] += [_commonest(learnt)] * len(here)
            done += 1
            progress("folds", done, FOLDS * len(readings))
        yield from ((name, rows, guesses) for name, (rows, guesses) in found.items())


def _guesses(enricher: Enricher, view: View) -> list[_Guess]:
    judged, labels = enricher.judge(view), enricher.task.labels
    found = []
    for row, inference in enumerate(enricher.infer(view)):
        found.append(_Guess(
            given={facet: set(inference.values.get(facet, ())) for facet in labels},
            best={facet: labels[facet][int(judged.probabilities[facet][row].argmax())] for facet in labels},
            numbers={name: float(column[row]) for name, column in judged.estimates.items()},
            sure=len(inference.numbers) / max(len(judged.estimates), 1),
        ))  # fmt: skip
    return found


def _commonest(enricher: Enricher) -> _Guess:
    """As many values as items usually have, and means."""
    task = enricher.task
    shares = task.truth.mean(axis=0)
    ranked = {
        facet: [labels[place] for place in np.argsort(-shares[task.columns(facet)], kind="stable")]
        for facet, labels in task.labels.items()
    }
    means = shares[len(shares) - len(task.numbers) :] * task.spread
    return _Guess(
        given={facet: set(values[: task.most[facet]]) for facet, values in ranked.items()},
        best={facet: values[0] for facet, values in ranked.items()},
        numbers={name: float(mean) for name, mean in zip(task.numbers, means, strict=True)}, sure=1.0,
    )  # fmt: skip


# ---------------------------------------------------------------- measures


def _part(
    name: str, known: View, rows: Sequence[int], guesses: Mapping[str, Sequence[_Guess]], options: EnrichmentOptions
) -> Part:
    domain, items = known.catalogue.domain, [known.items[row] for row in rows]
    drawn = resamples(len(items), options.samples, options.seed)
    alone = np.arange(len(items))
    measures: dict[str, dict[str, Interval]] = {}
    lead: dict[str, Interval] = {}
    for facet in guesses[LEARNT][0].given:
        truth = [set(item.facets[domain.facets[facet].fields[0]]) for item in items]
        if max(map(len, truth)) == 1:
            right = {
                system: np.array([[guess.best[facet] in values] for guess, values in zip(said, truth, strict=True)])
                for system, said in guesses.items()
            }
            shares = {system: one.astype(np.float64) for system, one in right.items()}
            key = f"{facet} accuracy"
            measures[key] = {s: intervals(one, alone, options.samples, options.seed)[0] for s, one in shares.items()}
            lead[key] = paired_intervals(shares[LEARNT], shares[GENRES], alone, options.samples, options.seed)[0]
            continue
        counts = {system: _counts([guess.given[facet] for guess in said], truth) for system, said in guesses.items()}
        for place, measure in enumerate(("precision", "recall", "F1")):
            key = f"{facet} {measure}"
            measures[key] = {s: _interval(_shares(one, drawn)[:, place]) for s, one in counts.items()}
        ours, theirs = (_shares(counts[system], drawn)[:, 2] for system in (LEARNT, GENRES))
        lead[f"{facet} F1"] = _interval(ours - theirs)
    for number in guesses[LEARNT][0].numbers:
        recorded = np.array([item.numbers[domain.numbers[number].fields[0]] for item in items])
        said = {system: np.array([guess.numbers[number] for guess in one]) for system, one in guesses.items()}
        errors = {system: np.abs(one - recorded)[:, None] for system, one in said.items()}
        key = f"{number} MAE"
        measures[key] = {s: intervals(one, alone, options.samples, options.seed)[0] for s, one in errors.items()}
        lead[key] = paired_intervals(errors[LEARNT], errors[GENRES], alone, options.samples, options.seed)[0]
        measures[f"{number} rank"] = {
            system: _interval(_rank_correlations(said[system], recorded, drawn)) for system in (LEARNT, GENRES)
        }
    sure = float(np.mean([guess.sure for guess in guesses[LEARNT]]))
    return Part(name=name, items=len(items), measures=measures, lead=lead, given=sure)


def _deciding(domain: DomainConfig, lead: Mapping[str, Interval]) -> Iterator[str]:
    """The measures that must beat genres alone: F1 of moods, the error on each tone axis."""
    for measure in lead:
        name = measure.split(" ")[0]
        if name in domain.facets_of("mood") or (name in domain.numbers and domain.numbers[name].role == "axis"):
            yield measure


def _counts(given: Sequence[set[str]], truth: Sequence[set[str]]) -> Floats:
    """Per item: values given and right, given, on record, (n, 3)."""
    return np.array([[len(a & b), len(a), len(b)] for a, b in zip(given, truth, strict=True)], dtype=np.float64)


def _shares(counts: Floats, drawn: Floats) -> Floats:
    """Precision, recall and F1 over all values, of all items and then of each sample. (n, 3), (s, n) -> (1 + s, 3)."""
    right, given, real = np.vstack([counts.sum(axis=0), drawn @ counts]).T
    return np.stack([right / np.maximum(given, 1), right / real, 2 * right / (given + real)], axis=1)


def _rank_correlations(said: Floats, recorded: Floats, drawn: Floats) -> Floats:
    """Spearman's, of all items and then of each sample, by ranks among all. (n,), (n,), (s, n) -> (1 + s,)."""
    from scipy.stats import rankdata

    weights = np.vstack([np.ones(len(said)), drawn]) / len(said)
    a, b = rankdata(said), rankdata(recorded)
    mean_a, mean_b = weights @ a, weights @ b
    both = weights @ (a * b) - mean_a * mean_b
    spread = np.sqrt((weights @ a**2 - mean_a**2) * (weights @ b**2 - mean_b**2))
    found: Floats = both / np.maximum(spread, 1e-9)
    return found


def _interval(values: Floats) -> Interval:
    """Of a figure, first as it is and then in each sample."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Interval(mean=float(values[0]), low=float(low), high=float(high))


# ---------------------------------------------------------------- the report


def print_report(report: EnrichmentReport, console: Console) -> None:
    """A table for each way to read the held-out items, and the verdict."""
    for part in report.parts:
        table = Table(
            title=f"{part.name}: {part.items:,} items held out",
            title_justify="left",
            box=box.SIMPLE,
            padding=(0, 1, 0, 0),
        )
        table.add_column("measure", no_wrap=True)
        for system in (LEARNT, GENRES, COMMON):
            table.add_column(system, justify="right", no_wrap=True)
        for measure, found in part.measures.items():
            cells = [_cell(found[system]) if system in found else "" for system in (LEARNT, GENRES, COMMON)]
            table.add_row(measure, *cells)
        console.print(table)
        console.print(f"Numbers sure enough to be given: {100 * part.given:.1f}%")
    part = next(part for part in report.parts if part.name == report.decides)
    for measure, gap in part.lead.items():
        console.print(f"{measure}: {LEARNT} minus {GENRES} {gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})")
    verdict = f"FAILED ({', '.join(report.missed)})" if report.missed else "ok"
    console.print(f"Target: better than {GENRES} at moods and at each axis, on {report.decides}: {verdict}")


def _cell(found: Interval) -> str:
    return f"{_short(found.mean)} [dim]{_short(found.low)}-{_short(found.high)}[/dim]"


def _short(value: float) -> str:
    """Three decimals without the zero before the point."""
    return f"{value:.3f}".removeprefix("0")
