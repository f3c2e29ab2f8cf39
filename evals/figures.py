"""One measured figure and its verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import computed_field

from retrieval.records import Record


class Figure(Record):
    """One measured figure. `budget` None: no target is stated. `at_least`: more is better. None: not measured."""

    name: str
    value: float | None
    unit: str
    budget: float | None = None
    at_least: bool = False
    note: str = ""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def ok(self) -> bool:
        """Whether the figure meets its budget; a figure that was not measured does not."""
        if self.budget is None:
            return True
        if self.value is None:
            return False
        return self.value >= self.budget if self.at_least else self.value <= self.budget


def percentile(seconds: Sequence[float], at: float) -> float:
    """Milliseconds below which `at` percent of some times lie."""
    return float(np.percentile(seconds, at)) * 1_000
