"""Maximal marginal relevance: a list that is good and not three times the same (Carbonell & Goldstein 1998)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def diversify(scores: NDArray[np.float64], vectors: NDArray[np.float32], k: int, relevance: float) -> list[int]:
    """Positions of k candidates, chosen one by one by relevance * score - (1 - relevance) * closest pick.

    `scores` (m,) in any unit, best first or not; `vectors` (m, d) unit rows; `relevance` in 0..1, 1 = by score.
    """
    if not len(scores):
        return []
    spread = float(scores.max() - scores.min()) or 1.0
    worth = (scores - scores.min()) / spread
    picked: list[int] = [int(np.argmax(worth))]
    closest = vectors @ vectors[picked[0]]
    while len(picked) < min(k, len(scores)):
        marginal = relevance * worth - (1.0 - relevance) * closest
        marginal[picked] = -np.inf
        best = int(np.argmax(marginal))
        picked.append(best)
        closest = np.maximum(closest, vectors @ vectors[best])
    return picked
