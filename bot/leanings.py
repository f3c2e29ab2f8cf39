"""What a need that names no facet leans towards: "it's pouring and I'm worn out" means gentle and heartwarming.

A linear map from the vector of a sentence to the values of a domain, learnt from sentences of what somebody would like
(retrieval/domains/<domain>.needs.tsv) and from the vocabulary's definitions and the texts of items
(bot.leanings_training), beside the cosine of the sentence with each value's definition.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from bot.records import Leaning
from retrieval.bert import Floats
from retrieval.domain import DomainConfig

_MOST = 8
_LEAST = 0.1
ACROSS = ":"


class Leanings:
    """names: k values as "facet:value". weights: (d, k), from the vector of a sentence to scores.

    scale, offset: of the logistic function that turns scores into how likely each value is meant.
    """

    def __init__(self, names: list[str], weights: Floats, scale: float, offset: float) -> None:
        self._names = [(facet, value) for facet, _, value in (name.partition(ACROSS) for name in names)]
        self._weights = weights
        self.dimension: int = weights.shape[0]
        self._scale, self._offset = scale, offset

    def of(self, vector: Floats) -> list[Leaning]:
        """The values that a sentence leans towards, by its unit vector (d,); likeliest first, at most eight."""
        likely = 1.0 / (1.0 + np.exp(-(self._scale * (vector @ self._weights) + self._offset)))
        best = np.argsort(-likely)[:_MOST]
        return [
            Leaning(facet=self._names[k][0], value=self._names[k][1], weight=round(float(likely[k]), 3))
            for k in best
            if likely[k] >= _LEAST
        ]


def leanings_file(domain: DomainConfig) -> Path:
    """Where the learnt map of a domain lies: beside its own file."""
    path = Path(domain.file)
    return path.parent / f"{path.stem}.needs.npz"


def load_leanings(domain: DomainConfig, dimension: int) -> Leanings | None:
    """The learnt map of a domain; None where there is none, or where it was learnt from vectors of another length."""
    path = leanings_file(domain)
    found = _load(path) if path.is_file() else None
    return found if found is not None and found.dimension == dimension else None


@lru_cache(maxsize=8)
def _load(path: Path) -> Leanings:
    with np.load(path, allow_pickle=False) as file:
        scale, offset = (float(number) for number in file["constants"])
        return Leanings([str(name) for name in file["names"]], file["weights"].astype(np.float32), scale, offset)
