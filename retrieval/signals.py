"""Signals: what a learned ranker is told of every item, one column for each kind of evidence.

Each is a function of a Query and the catalogue, over all items, so that any can be switched off and measured alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval import branches
from retrieval.also_liked import AlsoLiked
from retrieval.bags import words_of
from retrieval.branches import Scores
from retrieval.catalogue import Catalogue
from retrieval.records import Query
from retrieval.sparse import filled, unit_rows
from retrieval.taught import Taught

_FADE = 0.6  # what an item counts for each item that came up after it
_RECENT = 2  # messages
_SPOKEN = 3  # messages that make up what is encoded
_LONGEST = 600  # characters of them
KINDS = {"genre", "theme"}
"""Roles of facets that catalogues fill so unevenly that a wish for one of them only guides the ranker."""

FIRST: dict[str, float] = {
    "smoothed": 2.0, "together": 1.0, "alike": 0.5, "worded": 0.3, "answered": 0.25, "named": 0.15, "kind": 0.15,
    "wish": 0.3, "kin_together": 0.1, "person": 0.2, "title": 0.2, "text_closest": 0.1, "fresh": 0.5,
}  # fmt: skip
"""What each signal weighs in the choice of the pool that the ranker orders, and in the order behind that pool."""
BRANCHES: dict[str, tuple[str, ...]] = {
    "co-mention": (
        "together", "together_recent", "together_last", "together_twice", "smoothed", "smoothed_recent",
        "kin_together", "together_kin",
    ),
    "ratings": ("also_liked", "also_liked_recent"),
    "words": ("alike", "worded", "worded_recent"),
    "vectors": ("answered",),
    "facets": ("person", "person_recent", "genre", "genre_recent", "theme", "title"),
    "dense": ("dense", "text_mean", "text_closest", "text_last"),
    "lexical": ("lexical",),
    "wishes": ("kind", "wish", "number", "fresh"),
    "popularity": ("named", "asked", "opening"),
    "years": ("year", "year_gap", "year_gap_last"),
}  # fmt: skip
"""Which signals belong to each branch, for switching one off."""
_LEVELLED = ("alike", "worded", "answered", "named")
"""Signals without a common scale from one dialogue to the next: in the choice of the pool their best item counts 1."""


class Signals:
    """The signals of one catalogue. matrix: (n, d) unit rows; bm25: text -> (n,); encode: text -> (d,).

    Without ratings to learn from, `also_liked` None, their signals say nothing.
    """

    def __init__(
        self, catalogue: Catalogue, taught: Taught, matrix: Scores, bm25: Callable[[str], Scores],
        encode: Callable[[str], Scores], also_liked: AlsoLiked | None = None,
    ) -> None:  # fmt: skip
        self.catalogue = catalogue
        self.also_liked = also_liked
        self.taught = taught
        self.matrix = matrix
        self.bm25 = bm25
        self.encode = encode
        self._shared = {role: _values(catalogue, role) for role in ("person", "genre", "theme")}
        self._shared["title"] = _titles(catalogue)
        year = catalogue.domain.number_of("year")
        self._year = catalogue.column(year) if year else np.full(len(catalogue), np.nan, dtype=np.float32)
        self._fame: Scores = np.log1p(taught.named)

    def of(self, query: Query) -> dict[str, Scores]:
        """Every signal by name, each (n,); NaN where it does not apply."""
        rows = [self.catalogue.row[a.item_id] for a in query.anchors if a.item_id in self.catalogue.row]
        found = {"named": self._fame, "asked": self.taught.asked, "opening": self.taught.opening, "year": self._year}
        found["anchors"] = np.full(len(self.catalogue), len(rows), dtype=np.float32)
        found |= self._wishes(query)
        found |= self._anchors(rows)
        found |= self._words(query.said)
        return found

    def first(self, signals: dict[str, Scores]) -> Scores:
        """A weighted sum (n,) that chooses the pool."""
        total = np.zeros(len(self.catalogue), dtype=np.float32)
        for name, weight in FIRST.items():
            scores = signals[name]
            if name in _LEVELLED:
                best = float(np.abs(scores).max())
                scores = scores / best if best > 0 else scores
            total += weight * scores
        return total

    def _wishes(self, query: Query) -> dict[str, Scores]:
        found = {name: np.zeros(len(self.catalogue), dtype=np.float32) for name in ("kind", "wish", "number", "fresh")}
        for term in query.terms:
            config = self.catalogue.domain.facets.get(term.facet)
            role = config.role if config else term.facet
            scores = term.weight * branches.facet(self.catalogue, term)
            found["kind" if role in KINDS else "wish"] += scores
            if term.belief_id in query.fresh and term.weight > 0:
                found["fresh"] += scores
        for bound in query.bounds:
            worth = 1.0 if bound.hard else abs(bound.weight)
            found["number"] += worth * branches.number(self.catalogue, bound)
        return found

    def _anchors(self, rows: Sequence[int]) -> dict[str, Scores]:
        size = len(self.catalogue)
        every, recent, last = (np.zeros(size, dtype=np.float32) for _ in range(3))
        for back, row in enumerate(dict.fromkeys(reversed(rows))):
            every[row], recent[row], last[row] = 1.0, _FADE**back, float(back == 0)
        taught = self.taught
        together, person = taught.together(every), self._share("person", every)
        title = self._share("title", every)
        found = {
            "together": together, "together_recent": taught.together(recent), "together_last": taught.together(last),
            "smoothed": taught.smoothed(every), "smoothed_recent": taught.smoothed(recent),
            "together_twice": taught.together(together), "person": person,
            "person_recent": self._share("person", recent), "genre": self._share("genre", every),
            "genre_recent": self._share("genre", recent), "theme": self._share("theme", every),
            "title": title, "kin_together": taught.together(person + title),
            "together_kin": self._share("person", together),
            "also_liked": self.also_liked.together(every) if self.also_liked else np.zeros(size, dtype=np.float32),
            "also_liked_recent": self.also_liked.together(recent) if self.also_liked else np.zeros(size, np.float32),
        }  # fmt: skip
        if rows:
            close = self.matrix @ self.matrix[rows].T
            found |= {"text_mean": close.mean(axis=1), "text_closest": close.max(axis=1), "text_last": close[:, -1]}
            years = self._year[rows]
            middle = float(np.nanmean(years)) if not np.isnan(years).all() else np.nan
            return found | {"year_gap": self._year - middle, "year_gap_last": self._year - years[-1]}
        nothing, unknown = np.zeros(size, dtype=np.float32), np.full(size, np.nan, dtype=np.float32)
        found |= dict.fromkeys(("text_mean", "text_closest", "text_last"), nothing)
        return found | dict.fromkeys(("year_gap", "year_gap_last"), unknown)

    def _words(self, said: Sequence[str]) -> dict[str, Scores]:
        text, latest = " ".join(said), " ".join(said[-_RECENT:])
        latest_words = spoken(said)
        vector = self.encode(latest_words) if latest_words else np.zeros(self.matrix.shape[1], dtype=np.float32)
        nothing = np.zeros(len(self.catalogue), dtype=np.float32)
        return {
            "alike": self.taught.alike(text), "worded": self.taught.worded(text),
            "worded_recent": self.taught.worded(latest), "answered": self.taught.answered(vector),
            "dense": self.matrix @ vector, "lexical": self.bm25(latest_words) if latest_words else nothing,
        }  # fmt: skip

    def _share(self, facet: str, weights: Scores) -> Scores:
        """Likeness (n,) by a facet to items by their weights: the cosine of their values, rare ones counting more."""
        values = self._shared[facet]
        shared: Scores = values @ (values.T @ weights)
        return shared


def silenced(signals: dict[str, Scores], names: Sequence[str]) -> dict[str, Scores]:
    """The signals with some of them saying nothing of any item."""
    return {name: np.zeros_like(scores) if name in names else scores for name, scores in signals.items()}


def spoken(said: Sequence[str]) -> str:
    """The last words of a person, as they are encoded: what they want now, in a length that an encoder reads."""
    return " ".join(said[-_SPOKEN:])[-_LONGEST:].strip()


def table(signals: dict[str, Scores], rows: NDArray[np.int64], names: Sequence[str]) -> NDArray[np.float32]:
    """Some signals of some items, (len(rows), len(names))."""
    return np.stack([signals[name][rows] for name in names], axis=1).astype(np.float32)


def _values(catalogue: Catalogue, facet: str) -> Any:
    postings = catalogue.postings(facet)
    rows: list[dict[int, float]] = [{} for _ in catalogue.items]
    for column, found in enumerate(postings.values()):
        for row in found:
            rows[row][column] = float(np.log(len(catalogue) / len(found)))
    return unit_rows(filled(rows, max(len(postings), 1)))


def _titles(catalogue: Catalogue) -> Any:
    words = [set(words_of(item.title)) for item in catalogue.items]
    spread: dict[str, int] = {}
    for found in words:
        for word in found:
            spread[word] = spread.get(word, 0) + 1
    column = {word: place for place, word in enumerate(spread)}
    rows = [{column[w]: float(np.log(len(words) / spread[w])) for w in found} for found in words]
    return unit_rows(filled(rows, max(len(column), 1)))
