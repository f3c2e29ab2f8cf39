"""What people who liked one item liked too: item-to-item, learnt from ratings, whatever catalogue they came from.

EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data"): each liked item gives every other one a weight
of its own, and the weights add up, so that a score says which liked item it comes from. The weights that foretell best
what people like, squared and with a ridge, have a closed form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from retrieval.catalogue import Catalogue
from retrieval.errors import InputError, ModelFileError
from retrieval.lessons import Floats, ItemKey
from retrieval.sparse import ones
from retrieval.taught import places

ALSO_LIKED = "also_liked.npz"
_RIDGE = 200.0
_LEAST = 3  # people who must have liked an item
_MOST = 4000  # items, the most liked ones: the table grows with their square (32 MB as a file)
_SHOWN = 10


@dataclass(frozen=True)
class Liked:
    """Of m items: weights (m, m), of a row's item, liked, for a column's; zero on the diagonal."""

    keys: tuple[ItemKey, ...]
    weights: Floats

    def save(self, folder: Path) -> None:
        """Write one file into an existing folder."""
        np.savez_compressed(
            folder / ALSO_LIKED,
            titles=np.array([key.title for key in self.keys]),
            years=np.array([key.year or 0 for key in self.keys], dtype=np.int16),
            weights=self.weights.astype(np.float16),
        )

    @classmethod
    def load(cls, folder: Path) -> Liked | None:
        """None when the folder has no such file. Raises ModelFileError when it cannot be read."""
        path = folder / ALSO_LIKED
        if not path.is_file():
            return None
        try:
            with np.load(path) as kept:
                titles, years = kept["titles"].tolist(), kept["years"].tolist()
                keys = tuple(ItemKey(title, year or None) for title, year in zip(titles, years, strict=True))
                weights = kept["weights"].astype(np.float32)
        except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
            raise ModelFileError(
                f"The file {path} cannot be read: {error}. Delete it or run `rapport train items` again."
            ) from error
        if weights.shape != (len(keys), len(keys)):
            raise ModelFileError(f"The file {path} has {len(keys)} items and a table {weights.shape}. Delete it.")
        return cls(keys, weights)


class AlsoLiked:
    """The same as one catalogue sees it. `known`: how many of its items were rated. Safe to share between threads."""

    def __init__(self, catalogue: Catalogue, liked: Liked) -> None:
        self._place = places(catalogue, liked.keys)
        self._weights = liked.weights
        self.known = int(np.count_nonzero(np.asarray(self._place.sum(axis=0))))

    def beside(self, row: int) -> Floats:
        """What the liking of one item says of each other one, (n,); 0 where nothing is known."""
        weights = np.zeros(self._place.shape[1], dtype=np.float32)
        weights[row] = 1.0
        found = self.together(weights)
        found[row] = 0.0
        return found

    def together(self, weights: Floats) -> Floats:
        """The sum of `beside` over items by their weights (n,)."""
        own = self._place @ weights
        rows = np.flatnonzero(own)
        found: Floats = (self._place.T @ (own[rows] @ self._weights[rows])).astype(np.float32)
        return found


def learn_liked(baskets: Sequence[Sequence[ItemKey]]) -> Liked:
    """Learn from what each person liked. Raises InputError when no item was liked by enough people."""
    counts = Counter(key for basket in baskets for key in set(basket))
    kept = [key for key, count in counts.most_common(_MOST) if count >= _LEAST]
    if not kept:
        raise InputError(f"No item was liked by {_LEAST} people or more: these ratings are too few to learn from.")
    column = {key: place for place, key in enumerate(kept)}
    rows = [[column[key] for key in dict.fromkeys(basket) if key in column] for basket in baskets]
    return Liked(tuple(kept), ease(ones(rows, len(kept)), _RIDGE))


def foretold(baskets: Sequence[Sequence[ItemKey]]) -> dict[str, float]:
    """hr@10 and ndcg@10 of the last item of each basket, by what the others lead to, learnt without it.

    The baskets are in the order in which things came to be liked; items that are liked already are left out.
    """
    asked = [basket for basket in baskets if len(basket) > 1]
    learnt = learn_liked([basket[:-1] for basket in asked])
    column = {key: place for place, key in enumerate(learnt.keys)}
    ranks = []
    for *before, last in asked:
        own = [column[key] for key in before if key in column]
        scores = learnt.weights[own].sum(axis=0)
        scores[own] = -np.inf
        ranks.append(1 + int((scores > scores[column[last]]).sum()) if last in column else np.inf)
    found = np.array(ranks)
    gains = np.where(found <= _SHOWN, 1.0 / np.log2(1.0 + found), 0.0)
    return {"hr@10": round(float(np.mean(found <= _SHOWN)), 4), "ndcg@10": round(float(gains.mean()), 4)}


def ease(liked: Any, ridge: float) -> Floats:
    """The weights (m, m) of a sparse table of people and what they liked (p, m)."""
    gram = (liked.T @ liked).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    found: Floats = weights.astype(np.float32)
    return found
