"""Retrieval branches: each scores every item of the catalogue for one kind of evidence in a Query.

All return float32 arrays (n,), 0 where the evidence says nothing and about 1 where it is strongest, so that
one weight a branch makes a linear blend.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.portraits import Portraits
from retrieval.records import Bound, Term

_UNTYPICAL = 0.4
_KINDS = {"genre", "mood", "theme"}
_KIN = 0.4  # what a link that the catalogue itself names is worth, where the closest item by facets scores 1
_SAME = 0.9  # cosine of two texts from which they tell of the same thing
Scores = NDArray[np.float32]


def dense(matrix: Scores, vector: Scores) -> Scores:
    """Cosine of every item with a query vector (d,), centred on the catalogue mean, scaled to a best of 1."""
    return _scaled(matrix @ vector)


def described(portraits: Portraits, vector: Scores) -> Scores:
    """How close every item's portrait is to a description (d,), centred and scaled in the same way."""
    return _scaled(portraits.closeness(vector))


def lexical(bm25: Scores) -> Scores:
    """BM25 scores (n,) scaled to a best of 1."""
    best = float(bm25.max()) if len(bm25) else 0.0
    return (bm25 / best).astype(np.float32) if best > 0 else bm25.astype(np.float32)


def facet(catalogue: Catalogue, term: Term) -> Scores:
    """1 where an item has the term's value; of a genre, a mood or a theme less for items untypical of it.

    Typical is what has the numbers (tone, content levels) that others with the value have: a "tender" item full of
    violence is rarely what was meant. The least typical scores 1 - _UNTYPICAL, and so does what has another country
    before the one that is named.
    """
    scores = np.zeros(len(catalogue), dtype=np.float32)
    rows = catalogue.postings(term.facet).get(term.value)
    if rows is None:
        return scores
    scores[rows] = 1.0
    config = catalogue.domain.facets.get(term.facet)
    if config is not None and config.role in _KINDS:
        scores[rows] -= _UNTYPICAL * (1.0 - catalogue.typicality(term.facet, term.value))
    elif config is not None and config.role == "country":
        scores[rows] -= _UNTYPICAL * ~catalogue.leading(term.facet, term.value)
    return scores


def number(catalogue: Catalogue, bound: Bound) -> Scores:
    """1 inside a bound, falling to -1 with the distance outside it; 0 where the number is unknown.

    The distance that costs everything is the catalogue's own spread (standard deviation) of the number.
    """
    column = catalogue.column(bound.number)
    known = ~np.isnan(column)
    if not known.any():
        return np.zeros(len(catalogue), dtype=np.float32)
    spread = catalogue.spread(bound.number)
    below = np.nan_to_num(bound.low - column) if bound.low is not None else np.zeros_like(column)
    above = np.nan_to_num(column - bound.high) if bound.high is not None else np.zeros_like(column)
    outside = np.maximum(np.maximum(below, above), 0.0) / spread
    inside = np.clip(1.0 - 2.0 * outside, -1.0, 1.0)
    return np.where(known, inside if bound.weight >= 0 else -inside, 0.0).astype(np.float32)


def text_similar(matrix: Scores, row: int) -> Scores:
    """Closeness of every item's text to one item's, centred and scaled to a best of 1."""
    scores = matrix @ matrix[row]
    scores[row] = scores.mean()
    return _scaled(scores)


def alike(catalogue: Catalogue, matrix: Scores, row: int) -> Scores:
    """1 where an item is as good as the same as one: its text says the same, or it has the title (another edition)."""
    title = catalogue.items[row].title.casefold()
    titled = np.array([item.title.casefold() == title for item in catalogue.items])
    scores: Scores = (titled | (matrix @ matrix[row] >= _SAME)).astype(np.float32)
    scores[row] = 0.0
    return scores


def facet_similar(catalogue: Catalogue, row: int) -> Scores:
    """Share of one item's facets that every item has too.

    A shared value counts by the facet's `similar` weight in the domain and by how rare the value is
    (inverse document frequency), a number by its `similar` weight and how close it is; the closest other item
    scores 1, plus what a link of the catalogue adds, whichever of the two items names it.
    """
    scores = np.zeros(len(catalogue), dtype=np.float32)
    item = catalogue.items[row]
    for name, config in catalogue.domain.facets.items():
        if config.similar <= 0:
            continue
        postings = catalogue.postings(name)
        for value in catalogue.values(item, name):
            rows = postings[value]
            scores[rows] += config.similar * float(np.log1p(len(catalogue) / len(rows)))
    for number_name, number_config in catalogue.domain.numbers.items():
        if number_config.similar > 0:
            scores += number_config.similar * _closeness(catalogue, number_name, row)
    scores[row] = 0.0
    best = float(scores.max())
    if best > 0:
        scores = (np.maximum(scores, 0.0) / best).astype(np.float32)
    scores[[other for other in catalogue.linked(row) if other != row]] += _KIN
    return scores


def _closeness(catalogue: Catalogue, number_name: str, row: int) -> Scores:
    """1 where a number equals that of one item, falling to -1 at twice the catalogue's spread; 0 where unknown."""
    column = catalogue.column(number_name)
    if np.isnan(column[row]):
        return np.zeros_like(column)
    distance = np.abs(column - column[row]) / catalogue.spread(number_name)
    closeness: Scores = np.nan_to_num(np.clip(1.0 - distance, -1.0, 1.0))
    return closeness.astype(np.float32)


def _scaled(cosines: Scores) -> Scores:
    centred = cosines - cosines.mean()
    best = float(centred.max())
    return (centred / best).astype(np.float32) if best > 1e-6 else np.zeros_like(cosines)
