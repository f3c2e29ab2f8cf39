"""Trends: how much all people do with each item these days, from counts of items and days that nobody is in."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from bot.store import Store
from retrieval.branches import Scores

_FEW = 10.0  # ten people who looked, or four who kept it; less says nothing of what is going on
_DOUBT = 20.0
_FORGOTTEN = 10  # half-lives after which a count is a thousandth of what it was


class Trends:
    """Reads the counts of a store as scores of items; safe to share.

    All counts are read once a day, and those of one item again when somebody did something with it, so that a turn
    costs nothing but the decay. `row`: of each item in the catalogue. `half_life`: days after which a count is half.
    """

    def __init__(self, store: Store, row: Mapping[str, int], half_life: float) -> None:
        self._store = store
        self._row = row
        self._half_life = half_life
        self._day: int | None = None
        self._heat: NDArray[np.float64] = np.zeros(len(row))
        self._guard = threading.Lock()

    def __call__(self, now: datetime) -> Scores:
        """(n,) in 0..1, the share of an item's heat that is no doubt; 0 where nobody or next to nobody did anything."""
        with self._guard:
            day, changed = now.astimezone(UTC).toordinal(), self._store.reheated()
            if day != self._day:
                self._day, self._heat = day, np.zeros(len(self._row))
                self._add(self._store.heat(self._since(day)))
            elif changed:
                self._heat[[self._row[item_id] for item_id in changed if item_id in self._row]] = 0.0
                self._add(self._store.heat(self._since(day), changed))
            heat = self._heat.copy()
        return np.where(heat >= _FEW, heat / (heat + _DOUBT), 0.0).astype(np.float32)

    def _since(self, day: int) -> int:
        return day - round(_FORGOTTEN * self._half_life)

    def _add(self, counts: Iterable[tuple[str, int, float]]) -> None:
        for item_id, day, heat in counts:
            if item_id in self._row and self._day is not None:
                self._heat[self._row[item_id]] += heat * 0.5 ** (max(0, self._day - day) / self._half_life)
