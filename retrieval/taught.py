"""Lessons as one catalogue sees them: each gives a score to every item, in catalogue order.

Co-mention follows item-to-item collaborative filtering (Linden et al. 2003); looking up the dialogues in which people
spoke alike is a nearest-neighbour recommender over their words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from retrieval.catalogue import Catalogue
from retrieval.lessons import DOUBT, Floats, ItemKey, Lessons, item_key
from retrieval.sparse import ones, scaled, without_diagonal

_COMMON = 20.0  # mentions up to which an item's own frequency is not held against it
_SHARP = 3  # power of the likeness of words: close dialogues count, the many that share a word do not


class Taught:
    """`known`: how many items of the catalogue the dialogues name. `named` (n,): in how many dialogues each is named.

    `asked`, `opening` (n,): how often an item was recommended for each time that it was named, and how often as the
    first item of a dialogue, smoothed. Safe to share between threads.
    """

    def __init__(self, catalogue: Catalogue, lessons: Lessons, encoder: str = "") -> None:
        self._place = places(catalogue, lessons.keys)
        counts: Floats = np.asarray(lessons.named.sum(axis=0), dtype=np.float32).ravel()
        self.named = self._spread(counts)
        self.known = int((self.named > 0).sum())
        asked, opening = self._spread(lessons.asked), self._spread(lessons.opening)
        self.asked: Floats = (asked + 1) / (self.named + 2)
        self.opening: Floats = (opening + 0.3) / (asked + 2)
        pairs = without_diagonal(lessons.named.T @ lessons.named)
        self._share = scaled(pairs, rows=(1.0 / (counts + DOUBT)).astype(np.float32))
        self._factors = lessons.factors
        self._vocabulary = lessons.vocabulary
        self._words = lessons.words
        self._dialogues = scaled(lessons.named, columns=(1.0 / np.sqrt(counts + _COMMON)).astype(np.float32))
        self._word_items = (lessons.words.T @ self._dialogues).tocsr()
        self._vectors = lessons.vectors if encoder == lessons.encoder else None

    def beside(self, row: int) -> Floats:
        """Of dialogues that name an item, the share that names each other one too, (n,), shrunk where few do."""
        weights = np.zeros(self._place.shape[1], dtype=np.float32)
        weights[row] = 1.0
        found = self.together(weights)
        found[row] = 0.0
        return found

    def together(self, weights: Floats) -> Floats:
        """The sum of `beside` over items by their weights (n,)."""
        return self._spread(self._share.T @ (self._place @ weights))

    def smoothed(self, weights: Floats) -> Floats:
        """The same through a few factors, which also joins items that are never named together."""
        left, right = self._factors
        return self._spread(right @ (left.T @ (self._place @ weights)))

    def alike(self, text: str) -> Floats:
        """What the dialogues name whose words are like those of a text."""
        likeness = self._words @ self._vocabulary.bag([text]).toarray().ravel()
        return self._spread(self._dialogues.T @ likeness**_SHARP)

    def worded(self, text: str) -> Floats:
        """What dialogues name that have the words of a text, word by word."""
        bag = self._vocabulary.bag([text])
        return self._spread(np.asarray((bag @ self._word_items).todense(), dtype=np.float32).ravel())

    def answered(self, vector: Floats) -> Floats:
        """What is recommended after words with this vector (e,); zeros for another encoder than that of the lessons."""
        if self._vectors is None:
            return np.zeros(self._place.shape[1], dtype=np.float32)
        return self._spread(self._vectors.T @ vector)

    def _spread(self, scores: Floats) -> Floats:
        found: Floats = (self._place.T @ scores).astype(np.float32)
        return found


def places(catalogue: Catalogue, keys: Sequence[ItemKey]) -> Any:
    """Sparse (m, n): 1 where an item of the catalogue has a key.

    Where the year is unknown on either side, the only item with the title is meant, or none.
    """
    exact: dict[ItemKey, list[int]] = defaultdict(list)
    titled: dict[str, list[int]] = defaultdict(list)
    for row, item in enumerate(catalogue.items):
        key = item_key(item.title, item.year)
        exact[key].append(row)
        titled[key.title].append(row)
    found = []
    for key in keys:
        rows = exact.get(key, [])
        if not rows:
            same = titled.get(key.title, [])
            undated = key.year is None or (len(same) == 1 and catalogue.items[same[0]].year is None)
            rows = same if undated and len(same) == 1 else []
        found.append(rows)
    return ones(found, len(catalogue))
