"""A list that is good, not three times the same, like the person's taste as a whole, and once in a while unexpected."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.records import Variety

Floats = NDArray[np.float64]

RELEVANCE: dict[Variety, float] = {"closest": 1.0, "balanced": 0.85, "varied": 0.5}
"""What a score counts beside likeness to what is picked already, 0..1, at each step of the dial."""
_CALIBRATED = 0.3  # what a list unlike the person's taste costs, where likeness to another pick costs 1
_SMOOTHING = 0.01
_REAL = 0.5  # of the worth of a usual pick, what a surprise must have


class Taste(NamedTuple):
    """What kinds a person's liked items are of, wanted (g,), and those of each candidate, kinds (m, g); rows sum to 1,
    or to 0 where a candidate has no kind on record."""

    kinds: NDArray[np.float32]
    wanted: NDArray[np.float32]


def diversify(
    scores: Floats, vectors: NDArray[np.float32], k: int, relevance: float, taste: Taste | None = None
) -> list[int]:
    """Positions of k candidates, chosen one by one by relevance * score - (1 - relevance) * (closest pick + taste).

    The closest pick is that of maximal marginal relevance (Carbonell & Goldstein 1998, section 2); how far the list
    would be from the person's taste, 0..1, is calibration (Steck 2018, section 4), and weighs little. `scores` (m,) in
    any unit, best first or not; `vectors` (m, d) unit rows; `relevance` in 0..1, 1 = by score alone.
    """
    if not len(scores):
        return []
    spread = float(scores.max() - scores.min()) or 1.0
    worth = (scores - scores.min()) / spread
    picked: list[int] = [int(np.argmax(worth))]
    closest = vectors @ vectors[picked[0]]
    while len(picked) < min(k, len(scores)):
        cost = closest if taste is None else closest + _CALIBRATED * _with_each(taste, picked)
        marginal = relevance * worth - (1.0 - relevance) * cost
        marginal[picked] = -np.inf
        best = int(np.argmax(marginal))
        picked.append(best)
        closest = np.maximum(closest, vectors @ vectors[best])
    return picked


def _with_each(taste: Taste, picked: list[int]) -> Floats:
    """How far from the taste a list would be with each candidate added to it, (m,)."""
    return miscalibration((taste.kinds[picked].sum(axis=0) + taste.kinds) / (len(picked) + 1), taste.wanted)


def miscalibration(shares: NDArray[np.floating], wanted: NDArray[np.floating]) -> Floats:
    """How far the kinds of lists, (m, g), are from those that are wanted, (g,): 0 alike .. 1 nothing in common, (m,).

    The Kullback-Leibler divergence of Steck 2018 (section 3), smoothed as there and over its largest value.
    """
    liked = wanted > 0
    aim = wanted[liked].astype(np.float64)
    mixed = (1.0 - _SMOOTHING) * shares[:, liked] + _SMOOTHING * aim
    distance: Floats = np.log(aim / mixed) @ aim / -np.log(_SMOOTHING)
    return distance


def unexpected(worth: Floats, fame: Floats, vectors: NDArray[np.float32], picked: list[int]) -> int | None:
    """The position of a candidate to surprise with, or None: little known, unlike the picks, and yet really wanted.

    Unexpected and useful at once, as serendipity is in Ge et al. 2010 ("Beyond accuracy"). `worth` (m,): the score
    without what being well known adds; a surprise has at least half the usual pick's. `fame` (m,): the share of the
    catalogue that is less well known, 0..1; a surprise is in the lower half.
    """
    usual = float(np.median(worth[picked]))
    fits = (fame <= 0.5) & (worth > 0) & (worth >= _REAL * usual)
    fits[picked] = False
    if not fits.any():
        return None
    apart = 1.0 - (vectors @ vectors[picked].T).max(axis=1)
    return int(np.argmax(np.where(fits, worth * apart * (1.0 - fame), -np.inf)))
