"""Parts of a replay: the targets of cold starts, new people and new items, beside the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evals.metrics import MEASURES, Floats, Interval, Ints, intervals
from evals.recorded import Case
from retrieval.records import Record


class Slice(Record):
    """Some of the targets of a replay, and what each system reaches on them, by its name and that of the measure."""

    name: str
    targets: int
    measures: dict[str, dict[str, Interval]]


def parts(cases: Sequence[Case], trained: Collection[str]) -> dict[str, NDArray[np.bool_]]:
    """Which of all targets, (targets,), belong to each part.

    By how many messages of the person were heard before, and whether training dialogues name the target; without any,
    there is no such part.
    """
    heard = np.array([sum(role == "user" for role, _ in case.turns) for case in cases for _ in case.targets])
    found = {
        "nothing said": heard == 0,
        "new person: one message": heard == 1,
        "two or three messages": (heard == 2) | (heard == 3),
        "four and more": heard >= 4,
    }
    if trained:
        known = np.array([target in trained for case in cases for target in case.targets])
        found |= {
            "new item: never named in training": ~known,
            "new item, after one message": ~known & (heard == 1),
            "named in training": known,
        }
    return {name: mask for name, mask in found.items() if mask.any()}


def sliced(
    measured: Mapping[str, Floats], masks: Mapping[str, NDArray[np.bool_]], groups: Ints, samples: int, seed: int
) -> list[Slice]:
    """The measures (targets, 6) of each system on each part; intervals draw whole dialogues, numbered by `groups`."""
    return [
        Slice(
            name=part, targets=int(mask.sum()),
            measures={
                system: dict(zip(MEASURES, intervals(table[mask], groups[mask], samples, seed), strict=True))
                for system, table in measured.items()
            },
        )
        for part, mask in masks.items()
    ]  # fmt: skip
