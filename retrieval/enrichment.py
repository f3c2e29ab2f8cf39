"""What a catalogue does not say of its items, inferred from one that does: moods, themes, tone, content levels.

One ridge regression scores every value and estimates every number. What a score is worth is then read off items that
were held out: a logistic regression on the score, on how common the value is, on how near the item's text lies to the
value's definition and on whether it says the value in so many words, and an isotonic one on top of it (Zadrozny and
Elkan 2002), give probabilities. A value is given from the probability on at which values of held-out items were right
often enough (PRECISION).

Items that both catalogues have are learnt from as each of them tells them, which is what carries over from one style of
writing to another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.calibration import FOLDS, PRECISION, Number, Values
from retrieval.catalogue import Catalogue, Progress, inferred
from retrieval.domain import DomainConfig
from retrieval.errors import CatalogueError, DomainError
from retrieval.features import BLOCKS, FROM_TEXT, Clues, Encode, FeatureSpace, Floats, View
from retrieval.records import Item, Record

FEWEST = 100
"""Annotated items without which nothing is learnt."""
_RARE = 5  # values of fewer annotated items are not learnt
_MOSTLY = 0.5  # a facet or a number is annotated where this share of the items records it
_ENOUGH = 200  # items in both catalogues that suffice to judge the scores by
_RIDGE = 4.0
_CHUNK = 1_000

Bools = NDArray[np.bool_]


class Inference(Record):
    """What is inferred of one item, by the domain's names: {facet: {value: probability}}, best first, and
    {number: (estimate, chance that it lies within one step)}."""

    values: dict[str, dict[str, float]] = {}
    numbers: dict[str, tuple[float, float]] = {}


class Task(NamedTuple):
    """What is learnt: the values of each facet, how many an item usually has, the numbers, and the truth of n items:
    1 or 0 for each value, facet after facet, then the numbers in units of `spread`, (n, values + numbers)."""

    labels: dict[str, list[str]]
    most: dict[str, int]
    numbers: list[str]
    spread: Floats
    whole: list[bool]
    truth: Floats

    def columns(self, facet: str) -> slice:
        """The columns of a facet's values."""
        start = sum(len(self.labels[name]) for name in list(self.labels)[: list(self.labels).index(facet)])
        return slice(start, start + len(self.labels[facet]))


class Judgement(NamedTuple):
    """Of n items: probabilities (n, values) of each facet and which are given, (n, values) bool; estimates (n,) of each
    number and the chance (n,) of each to lie within one step."""

    probabilities: dict[str, Floats]
    given: dict[str, Bools]
    estimates: dict[str, Floats]
    chances: dict[str, Floats]


def same_items(one: Sequence[Item], other: Sequence[Item]) -> dict[int, int]:
    """Which items of two catalogues are the same: place in `one` -> place in `other`.

    Title and year agree, and no second item of either catalogue has them.
    """
    places: list[dict[tuple[str, int | None], list[int]]] = [{}, {}]
    for found, items in zip(places, (one, other), strict=True):
        for place, item in enumerate(items):
            found.setdefault((item.title.casefold(), item.year), []).append(place)
    return {
        mine[0]: theirs[0] for name, mine in places[0].items()
        if len(mine) == 1 and name[1] is not None and len(theirs := places[1].get(name, [])) == 1
    }  # fmt: skip


def annotated_rows(catalogue: Catalogue) -> list[int]:
    """Rows of the items that record everything which the domain wants inferred and most items of the catalogue record.

    Raises DomainError when the domain wants nothing inferred, CatalogueError when too few items are annotated.
    """
    domain = catalogue.domain
    if not _facets(domain) and not _numbers(domain):
        raise DomainError(
            f"Domain '{domain.name}' has nothing to infer. Mark facets or numbers with infer: true in the domain file."
        )
    has = {name: np.array([bool(_values(domain, item, name)) for item in catalogue.items]) for name in _facets(domain)}
    has |= {name: ~np.isnan(_column(domain, catalogue.items, name)) for name in _numbers(domain)}
    known = [having for having in has.values() if having.mean() >= _MOSTLY]
    rows = np.flatnonzero(np.all(known, axis=0)) if known else np.zeros(0)
    if len(rows) < FEWEST:
        raise CatalogueError(
            f"A catalogue of {len(catalogue)} items cannot be learnt from: {len(rows)} of them record all of "
            f"{', '.join(has)}. Expected {FEWEST} or more."
        )
    return [int(row) for row in rows]


def learn(
    known: View, other: View | None, encode: Encode, blocks: Sequence[str] = BLOCKS, seed: int = 0,
    progress: Progress | None = None,
) -> Enricher:  # fmt: skip
    """Learn from annotated items; `other` holds items of the catalogue to be enriched, of which those that are also in
    `known` are learnt from too. `blocks` are the features to use. `seed` draws the folds. Stage of `progress`: learn.

    Raises CatalogueError when no value is common enough and no number differs.
    """
    pairs = same_items(known.items, other.items) if other is not None else {}
    views = [known]
    if other is not None and pairs:
        views.append(other.take(pairs.values()))
    task = _task(known)
    owner = np.array([*range(len(known.items)), *pairs])
    judged = owner if len(pairs) < _ENOUGH else owner[len(known.items) :]
    space = FeatureSpace(views)
    x = np.vstack([space.rows(view) for view in views])
    clues = Clues(known.catalogue.domain, task.labels if "values" in blocks else {}, encode)
    pointers = [clues.rows(view) for view in views]
    pointer = {facet: np.concatenate([found[facet] for found in pointers]) for facet in pointers[0]}
    steps = [known.catalogue.domain.numbers[name].step for name in task.numbers]

    def judge_of(has_text: bool) -> _Judge:
        columns = space.columns(block for block in blocks if has_text or block not in FROM_TEXT)
        known_there = np.array([has_text, True], dtype=np.float32)
        there = {facet: found * known_there for facet, found in pointer.items()}
        return _Judge(task, columns, steps, x, there, owner, len(judged), seed, progress)

    return Enricher(task, space, clues, judge_of)


class Enricher:
    """Infers what its `task` names for items of any catalogue of the domain.

    Items without a text have a judge of their own, which `judge_of` makes when the first of them comes.
    """

    def __init__(self, task: Task, space: FeatureSpace, clues: Clues, judge_of: Callable[[bool], _Judge]) -> None:
        self.task = task
        self._space = space
        self._clues = clues
        self._judge_of = lru_cache(maxsize=2)(judge_of)

    def judge(self, view: View, progress: Progress | None = None) -> Judgement:
        """All probabilities and estimates. Stage of `progress`: infer."""
        parts: list[Judgement] = []
        order: list[int] = []
        told = np.array([bool(item.text) for item in view.items])
        for has_text in (True, False):
            rows = np.flatnonzero(told == has_text)
            for start in range(0, len(rows), _CHUNK):
                chunk = [int(row) for row in rows[start : start + _CHUNK]]
                part = view.take(chunk)
                parts.append(self._judge_of(has_text).judge(self._space.rows(part), self._clues.rows(part)))
                order += chunk
                if progress:
                    progress("infer", len(order), len(told))
        back = np.argsort(order)
        return Judgement(*(
            {name: np.concatenate([part[field][name] for part in parts])[back] for name in parts[0][field]}
            for field in range(len(Judgement._fields))
        ))  # fmt: skip

    def given(self, facet: str, probabilities: Floats, told: Bools) -> Bools:
        """Which values of a facet are probable enough to be given, (n, values). told (n,): whether it has a text."""
        given = np.zeros(probabilities.shape, dtype=bool)
        for has_text in (True, False):
            if (told == has_text).any():
                given[told == has_text] = self._judge_of(has_text).given(facet, probabilities[told == has_text])
        return given

    def infer(self, view: View, progress: Progress | None = None) -> list[Inference]:
        """What is probable enough to be given, item by item. Stage of `progress`: infer."""
        return self.told(view, self.judge(view, progress))

    def told(self, view: View, found: Judgement) -> list[Inference]:
        """What is given of each item; nothing of one without a text and a genre."""
        inferences = []
        for row, item in enumerate(view.items):
            if not item.text and not item.genres:
                inferences.append(Inference())
                continue
            values: dict[str, dict[str, float]] = {}
            for facet, given in found.given.items():
                chances = found.probabilities[facet][row]
                best = sorted(np.flatnonzero(given[row]), key=lambda place: -chances[place])
                values[facet] = {self.task.labels[facet][place]: round(float(chances[place]), 2) for place in best}
            numbers = {
                name: (round(float(found.estimates[name][row]), 2), round(float(chance[row]), 2))
                for name, chance in found.chances.items() if chance[row] >= PRECISION
            }  # fmt: skip
            inferences.append(Inference(values=values, numbers=numbers))
        return inferences


class _Judge:
    """One ridge regression over some columns, and what its scores are worth.

    x (m, width) and clues {facet: (m, values, c)}: the rows to learn from; owner (m,): the annotated item of each. The
    scores of the last `judged` rows, each from a regression that has not seen its item, tell what a score is worth.
    """

    def __init__(
        self, task: Task, columns: Bools, steps: Sequence[float], x: Floats, clues: Mapping[str, Floats],
        owner: NDArray[np.int_], judged: int, seed: int, progress: Progress | None,
    ) -> None:  # fmt: skip
        from sklearn.linear_model import Ridge
        from sklearn.model_selection import GroupKFold

        self._task, self._columns = task, columns
        x, y = x[:, columns], task.truth[owner]
        scores = np.zeros_like(y)
        folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
        for done, (seen, held) in enumerate(folds.split(x, groups=owner), start=1):
            scores[held] = Ridge(alpha=_RIDGE).fit(x[seen], y[seen]).predict(x[held])
            if progress:
                progress("learn", done, FOLDS)
        self._ridge: Any = Ridge(alpha=_RIDGE).fit(x, y)
        scores, y = scores[-judged:], y[-judged:]
        clues = {facet: found[-judged:] for facet, found in clues.items()}
        self._worth = {
            facet: Values(self._evidence(facet, scores, clues), y[:, task.columns(facet)], task.most[facet], seed)
            for facet in task.labels
        }
        first = task.truth.shape[1] - len(task.numbers)
        self._numbers = [
            Number(scores[:, first + place], y[:, first + place], task.spread[place], task.whole[place], steps[place])
            for place in range(len(task.numbers))
        ]

    def judge(self, x: Floats, clues: Mapping[str, Floats]) -> Judgement:
        """Rows of features (n, width) and clues {facet: (n, values, c)}."""
        task = self._task
        scores = self._ridge.predict(x[:, self._columns])
        probabilities = {
            facet: worth.probabilities(self._evidence(facet, scores, clues)) for facet, worth in self._worth.items()
        }
        given = {facet: worth.given(probabilities[facet]) for facet, worth in self._worth.items()}
        last = scores[:, scores.shape[1] - len(task.numbers) :].T
        judged = {name: number.judge(column) for name, number, column in zip(
            task.numbers, self._numbers, last, strict=True
        )}  # fmt: skip
        estimates, chances = ({name: pair[part] for name, pair in judged.items()} for part in (0, 1))
        return Judgement(probabilities, given, estimates, chances)

    def given(self, facet: str, probabilities: Floats) -> Bools:
        """Which values are probable enough to be given, (n, values)."""
        return self._worth[facet].given(probabilities)

    def _evidence(self, facet: str, scores: Floats, clues: Mapping[str, Floats]) -> Floats:
        """What speaks for each value of a facet, (n, values, 3 + c)."""
        columns = self._task.columns(facet)
        common = self._task.truth[:, columns].mean(axis=0)
        score = scores[:, columns]
        odds = np.broadcast_to(np.log(common / (1 - common)), score.shape)
        surprise = (score - common) / np.sqrt(common * (1 - common))
        known: Floats = np.stack([score, odds, surprise], axis=-1).astype(np.float32)
        return np.concatenate([known, clues[facet]], axis=-1) if facet in clues else known


# ---------------------------------------------------------------- the annotated items


def _task(view: View) -> Task:
    domain = view.catalogue.domain
    facets = {name: [_values(domain, item, name) for item in view.items] for name in _facets(domain)}
    facets = {name: found for name, found in facets.items() if all(found)}
    numbers = {name: _column(domain, view.items, name) for name in _numbers(domain)}
    numbers = {name: column for name, column in numbers.items() if not np.isnan(column).any() and column.std() > 0}
    labels: dict[str, list[str]] = {}
    blocks: list[Floats] = []
    for name, found in facets.items():
        every = sorted({value for values in found for value in values})
        has = np.array([[value in values for value in every] for values in map(set, found)], dtype=np.float32)
        common = (has.sum(axis=0) >= _RARE) & (has.mean(axis=0) < 1)
        if common.any():
            labels[name] = [value for value, kept in zip(every, common, strict=True) if kept]
            blocks.append(has[:, common])
    spread = np.array([column.std() for column in numbers.values()], dtype=np.float32)
    if not labels and not numbers:
        raise CatalogueError(f"The {len(view.items)} annotated items differ in nothing that can be learnt.")
    if numbers:
        blocks.append(np.stack(list(numbers.values()), axis=1) / spread)
    return Task(
        labels=labels, most={name: int(np.median([len(values) for values in facets[name]])) for name in labels},
        numbers=list(numbers), spread=spread,
        whole=[bool((column == column.round()).all()) for column in numbers.values()],
        truth=np.hstack(blocks).astype(np.float32),
    )  # fmt: skip


def _facets(domain: DomainConfig) -> list[str]:
    return [name for name, config in domain.facets.items() if config.infer]


def _numbers(domain: DomainConfig) -> list[str]:
    return [name for name, config in domain.numbers.items() if config.infer]


def _values(domain: DomainConfig, item: Item, facet: str) -> list[str]:
    """What an item records in the first field of a facet."""
    found = item.facets.get(domain.facets[facet].fields[0], ())
    return [value for value in found if not inferred(item, facet, value)]


def _column(domain: DomainConfig, items: Sequence[Item], number: str) -> Floats:
    """What items record in the first field of a number, (n,), NaN where nothing."""
    field = domain.numbers[number].fields[0]
    found = (np.nan if inferred(item, number) else item.numbers.get(field, np.nan) for item in items)
    return np.array(list(found), dtype=np.float32)
