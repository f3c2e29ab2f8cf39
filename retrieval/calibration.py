"""What the scores of a regression are worth, learnt from scores of held-out items.

They become probabilities of values, of which those are given that are likely enough, and estimates of numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

PRECISION = 0.6
"""The share of inferred values that is to be right, and the least chance of a number to lie within one step."""
FOLDS = 5
_TELLING = 3.0  # a value is given where its odds are so many times those of any item; else it would say nothing
_NEAR_CERTAIN = 0.99


class _Probability:
    """From evidence (n, values, kinds) to probabilities (n, values): a logistic curve, and steps where it does not fit.

    Where the truth is the same everywhere there is nothing to fit, and it is never probable.
    """

    def __init__(self, evidence: Floats, truth: Floats) -> None:
        from sklearn.isotonic import IsotonicRegression
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self._fitted = bool(truth.min() < truth.max())
        if not self._fitted:
            return
        flat = evidence.reshape(-1, evidence.shape[-1])
        self._curve: Any = make_pipeline(StandardScaler(), LogisticRegression()).fit(flat, truth.ravel())
        self._steps: Any = IsotonicRegression(y_min=0.0, y_max=_NEAR_CERTAIN, out_of_bounds="clip")
        self._steps.fit(self._curve.decision_function(flat), truth.ravel())

    def __call__(self, evidence: Floats) -> Floats:
        if not self._fitted:
            return np.zeros(evidence.shape[:2], dtype=np.float32)
        found = self._steps.predict(self._curve.decision_function(evidence.reshape(-1, evidence.shape[-1])))
        shaped: Floats = np.asarray(found, dtype=np.float32).reshape(evidence.shape[:2])
        return shaped


class Values:
    """Which values of one facet are given. evidence (n, values, kinds), truth (n, values), 1 or 0.

    `most`: how many values an item usually has. `seed` draws the folds by which the threshold is chosen, so that it
    holds for items which the probabilities were not fitted to.
    """

    def __init__(self, evidence: Floats, truth: Floats, most: int, seed: int) -> None:
        from sklearn.model_selection import KFold

        self._most = most
        common = truth.mean(axis=0)
        self._telling = _TELLING * common / (1 - common + _TELLING * common)
        tried = np.zeros_like(truth)
        for seen, held in KFold(FOLDS, shuffle=True, random_state=seed).split(truth):
            tried[held] = _Probability(evidence[seen], truth[seen])(evidence[held])
        self.threshold = self._lowest(tried, truth)
        self.probabilities = _Probability(evidence, truth)

    def given(self, probabilities: Floats) -> Bools:
        """(n, values): the likeliest values of each item, as many as items usually have, that are likely enough."""
        return self._candidates(probabilities) & (probabilities >= self.threshold)

    def _candidates(self, probabilities: Floats) -> Bools:
        rank = np.argsort(np.argsort(-probabilities, axis=1, kind="stable"), axis=1, kind="stable")
        found: Bools = rank < self._most
        return found & (probabilities >= self._telling) if self._most > 1 else found

    def _lowest(self, probabilities: Floats, truth: Floats) -> float:
        """The lowest probability at which the values given are right often enough; above 1 when there is none.

        One standard error is kept to spare, since of many thresholds the lowest that passes passes by luck.
        """
        chosen = self._candidates(probabilities)
        order = np.argsort(-probabilities[chosen], kind="stable")
        sure, right = probabilities[chosen][order], truth[chosen][order]
        spare = np.sqrt(PRECISION * (1 - PRECISION) / np.arange(1, len(right) + 1))
        precise = np.cumsum(right) / np.arange(1, len(right) + 1) >= PRECISION + spare
        last_of_its_kind = np.append(sure[1:] < sure[:-1], True)
        enough = np.flatnonzero(precise & last_of_its_kind)
        return float(sure[enough[-1]]) if len(enough) else 2.0


class Number:
    """How a score becomes an estimate of one number, and how sure it is. Scores and truth (n,) in units of `spread`."""

    def __init__(self, scores: Floats, truth: Floats, spread: float, whole: bool, step: float) -> None:
        from sklearn.linear_model import LogisticRegression

        self._spread, self._whole = spread, whole
        self._ends = float(truth.min() * spread), float(truth.max() * spread)
        self._middle = float(scores.mean())
        within = np.abs(self._estimate(scores) - truth * spread) <= step + 1e-6
        self._share = float(within.mean())
        self._model: Any = LogisticRegression().fit(self._shape(scores), within) if 0 < self._share < 1 else None

    def judge(self, scores: Floats) -> tuple[Floats, Floats]:
        """Estimates in the catalogue's unit and the chance of each to lie within one step, (n,) each."""
        chances = self._model.predict_proba(self._shape(scores))[:, 1] if self._model else np.full(
            len(scores), min(self._share, _NEAR_CERTAIN)
        )  # fmt: skip
        return self._estimate(scores), np.minimum(chances, _NEAR_CERTAIN)

    def _estimate(self, scores: Floats) -> Floats:
        inside = np.clip(scores * self._spread, *self._ends)
        rounded: Floats = np.round(inside, 0 if self._whole else 2)
        return rounded

    def _shape(self, scores: Floats) -> Floats:
        """Estimates at the ends of a scale are surer than those in its middle."""
        off = scores - self._middle
        return np.stack([off, off**2], axis=1)
