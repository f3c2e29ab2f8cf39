"""The learned ranker: gradient-boosted trees that order a pool by its signals (LambdaMART, Burges 2010)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelFileError
from retrieval.records import Query
from retrieval.signals import Signals, table

RANKER = "ranker.txt"
POOL = 500
_FRESH = 3.0
"""What a wish of the last message adds to the scores of the trees, which spread by about 1: what was asked for goes
first, though the people in recorded dialogues took less heed of it."""

Floats = NDArray[np.float64]


class Ranker:
    """Trees over named signals. Safe to share between threads: one predicts at a time, on one core."""

    def __init__(self, trees: Any) -> None:
        self._trees = trees
        self._names: list[str] = trees.feature_name()
        self._one = threading.Lock()

    @classmethod
    def load(cls, folder: Path) -> Ranker | None:
        """None when the folder has no ranker. Raises ModelFileError when it cannot be read."""
        path = folder / RANKER
        if not path.is_file():
            return None
        import lightgbm

        try:
            return cls(lightgbm.Booster(model_str=path.read_text(encoding="utf-8")))
        except (OSError, ValueError, lightgbm.basic.LightGBMError) as error:
            raise ModelFileError(
                f"The ranker {path} cannot be read: {error}. Delete it or run `rapport train ranker` again."
            ) from error

    def save(self, folder: Path) -> None:
        """Write one file into an existing folder."""
        (folder / RANKER).write_text(self._trees.model_to_string(), encoding="utf-8")

    def scores(self, features: NDArray[np.float32]) -> Floats:
        """Scores (m,) of m items by their signals (m, len(names)), in the order of `names`; higher is better."""
        with self._one:
            found: Floats = self._trees.predict(features, num_threads=1)
        return found

    @property
    def names(self) -> list[str]:
        """The signals that it reads."""
        return self._names

    def order(self, signals: Signals, query: Query, allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
        """All allowed rows, best first: a pool by the ranker, and behind it the rest as the pool was chosen."""
        return self.order_by(signals, signals.of(query), allowed)

    def order_by(
        self, signals: Signals, found: dict[str, NDArray[np.float32]], allowed: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """The same by signals that were computed before."""
        first = signals.first(found)
        rows = pool(first, allowed, len(first))
        head, rest = rows[:POOL], rows[POOL:]
        if not len(head):
            return rows
        scores = self.scores(table(found, head, self._names)) + _FRESH * found["fresh"][head]
        return np.concatenate([head[np.lexsort((head, -scores))], rest])


def pool(first: NDArray[np.float32], allowed: NDArray[np.bool_], size: int) -> NDArray[np.int64]:
    """The allowed rows with the highest first scores, best first, ties in catalogue order."""
    rows = np.flatnonzero(allowed)
    found: NDArray[np.int64] = rows[np.lexsort((rows, -first[rows]))][:size]
    return found


def train(
    features: Sequence[NDArray[np.float32]], answers: Sequence[NDArray[np.bool_]], names: Sequence[str],
    rounds: int, seed: int,
) -> Ranker:  # fmt: skip
    """Learn from pools: the signals (m, f) and which of its items were recommended (m,), for each question."""
    import lightgbm

    told = [place for place, answer in enumerate(answers) if answer.any()]
    data = lightgbm.Dataset(
        np.concatenate([features[place] for place in told]),
        np.concatenate([answers[place] for place in told]).astype(np.int8),
        group=[len(features[place]) for place in told],
        feature_name=list(names),
    )
    settings = {
        "objective": "lambdarank", "num_threads": 1, "learning_rate": 0.06, "num_leaves": 15, "min_data_in_leaf": 100,
        "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 5.0,
        "lambdarank_truncation_level": 50, "verbosity": -1, "seed": seed, "deterministic": True,
    }  # fmt: skip
    return Ranker(lightgbm.train(settings, data, rounds))
