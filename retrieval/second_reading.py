"""A second reading of items: somebody else picks those of the likeliest values that fit, and Bayes' rule weighs that.

How often the reader affirms what is right and what is wrong is counted first, on items whose values are on record. A
reader that does both equally often changes nothing, so that none is ever trusted for its name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from retrieval.catalogue import Progress
from retrieval.enrichment import Enricher, Judgement, same_items
from retrieval.features import Floats, View
from retrieval.records import Item, Record

SHORTLIST = 12
"""Values of each facet that the reader chooses from: the likeliest of an item."""
TRIED = 60
"""Annotated items on which the reader is tried."""

_LEAST = 0.005  # no value is so unlikely, or so sure, that a reader's word could not change it


class Request(NamedTuple):
    """An item and (facet, value) pairs that may fit it."""

    item: Item
    values: tuple[tuple[str, str], ...]


Reader = Callable[[Iterable[Request]], Iterator[Collection[tuple[str, str]] | None]]
"""From requests to the values of each that fit, in order; None for an item that was not read."""


class Reliability(Record):
    """Of each facet: the shares of right and of wrong values that the reader affirms; `items`: how many were read."""

    items: int
    rates: dict[str, tuple[float, float]]


def reread(
    enricher: Enricher, known: View, view: View, found: Judgement, reader: Reader, seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Judgement, Reliability]:  # fmt: skip
    """What is found of the items of a view, with what a reader says of those that have a text, and how far to trust it.

    The reader is tried on the annotated items of `known`, where enough of them are in `view` as they are told there.
    Stages of `progress`: try, read.
    """
    tried, truth = _trial(enricher, known, view, seed)
    reliability = _reliability(enricher, tried, truth, reader, progress)
    rows = [row for row, item in enumerate(view.items) if item.text]
    chances = {facet: values.copy() for facet, values in found.probabilities.items()}
    requests = (Request(view.items[row], shortlist(enricher, found, row)) for row in rows)
    for done, (row, fitting) in enumerate(zip(rows, reader(requests), strict=True), start=1):
        if fitting is not None:
            for facet, value in shortlist(enricher, found, row):
                place = enricher.task.labels[facet].index(value)
                chance = float(found.probabilities[facet][row, place])
                chances[facet][row, place] = weighed(chance, (facet, value) in fitting, reliability.rates[facet])
        if progress:
            progress("read", done, len(rows))
    told = np.array([bool(item.text) for item in view.items])
    given = {facet: enricher.given(facet, values, told) for facet, values in chances.items()}
    return found._replace(probabilities=chances, given=given), reliability


def shortlist(enricher: Enricher, found: Judgement, row: int) -> tuple[tuple[str, str], ...]:
    """The likeliest values of an item, facet after facet, in the order of the labels: their order tells nothing."""
    values = []
    for facet, labels in enricher.task.labels.items():
        best = np.argsort(-found.probabilities[facet][row], kind="stable")[:SHORTLIST]
        values += [(facet, labels[int(place)]) for place in sorted(best)]
    return tuple(values)


def weighed(chance: float, affirmed: bool, rates: tuple[float, float]) -> float:
    """The chance of a value after the reader's word (Bayes' rule). rates: how often it affirms right and wrong ones."""
    right, wrong = rates if affirmed else (1 - rates[0], 1 - rates[1])
    chance = min(max(chance, _LEAST), 1 - _LEAST)
    return chance * right / (chance * right + (1 - chance) * wrong)


def _trial(enricher: Enricher, known: View, view: View, seed: int) -> tuple[View, Floats]:
    """Items to try a reader on, and their truth (n, values + numbers)."""
    pairs = {mine: theirs for mine, theirs in same_items(known.items, view.items).items() if view.items[theirs].text}
    rng = np.random.default_rng(seed)
    if len(pairs) >= TRIED:
        drawn = [list(pairs)[int(place)] for place in rng.permutation(len(pairs))[:TRIED]]
        return view.take([pairs[row] for row in drawn]), enricher.task.truth[drawn]
    told = [row for row, item in enumerate(known.items) if item.text]
    drawn = [told[int(place)] for place in rng.permutation(len(told))[:TRIED]]
    return known.take(drawn), enricher.task.truth[drawn]


def _reliability(
    enricher: Enricher, tried: View, truth: Floats, reader: Reader, progress: Progress | None
) -> Reliability:
    found = enricher.judge(tried)
    # One of each is presumed beforehand (Laplace), so that no rate is 0 or 1.
    counts = {facet: np.ones((2, 2)) for facet in enricher.task.labels}  # [right or wrong][affirmed or not]
    read = 0
    requests = (Request(item, shortlist(enricher, found, row)) for row, item in enumerate(tried.items))
    for row, fitting in enumerate(reader(requests)):
        if fitting is not None:
            read += 1
            for facet, value in shortlist(enricher, found, row):
                column = enricher.task.columns(facet).start + enricher.task.labels[facet].index(value)
                counts[facet][int(truth[row, column] < 1), int((facet, value) not in fitting)] += 1
        if progress:
            progress("try", row + 1, len(tried.items))
    rates = {facet: found[:, 0] / found.sum(axis=1) for facet, found in counts.items()}
    return Reliability(items=read, rates={facet: (float(rate[0]), float(rate[1])) for facet, rate in rates.items()})
