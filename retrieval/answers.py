"""Answers: which items answer what somebody describes, learnt from needs and the items that answer each of them.

Two towers (Huang et al. 2013, DSSM): an encoder with changed upper layers reads the description, and each item that
was learnt has a vector of its own. Nearness by an unchanged encoder finds items whose records sound alike; what was
learnt finds those that somebody who knows them would name. Items are known by folded title and year, so that what was
learnt on one catalogue serves any other that has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig
from retrieval.encoder import QueryEncoder, unit_rows
from retrieval.errors import ModelFileError
from retrieval.lessons import ItemKey
from retrieval.taught import places

_REMEMBERED = 256  # descriptions
_DELTA = "delta."

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Learnt:
    """keys: m items; rows: a unit vector of each, (m, d); deltas: changes to the encoder named `encoder`, as
    Bert.changed takes them."""

    keys: tuple[ItemKey, ...]
    rows: Floats
    deltas: dict[str, NDArray[Any]]
    encoder: str

    def save(self, path: Path) -> None:
        """Write one file."""
        np.savez_compressed(
            path,
            titles=np.array([key.title for key in self.keys]),
            years=np.array([key.year or 0 for key in self.keys], dtype=np.int16),
            rows=self.rows.astype(np.float16),
            encoder=np.array(self.encoder),
            **{f"{_DELTA}{name}": change for name, change in self.deltas.items()},  # type: ignore[arg-type]
        )

    @classmethod
    def load(cls, path: Path) -> Learnt:
        """Raises ModelFileError when the file does not hold what was learnt."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                titles, years = kept["titles"].tolist(), kept["years"].tolist()
                return cls(
                    keys=tuple(ItemKey(title, year or None) for title, year in zip(titles, years, strict=True)),
                    rows=unit_rows(kept["rows"].astype(np.float32)),
                    deltas={name.removeprefix(_DELTA): kept[name] for name in kept if name.startswith(_DELTA)},
                    encoder=str(kept["encoder"]),
                )
        except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
            raise ModelFileError(
                f"{path} cannot be read: {error}. Delete it or run `rapport train answers` again."
            ) from error


class Answers:
    """What was learnt, as one catalogue sees it. Safe to share between threads.

    `known`: how many items of the catalogue were learnt.
    """

    def __init__(self, catalogue: Catalogue, learnt: Learnt, encoder: QueryEncoder) -> None:
        self._place = places(catalogue, learnt.keys)
        self.known = int((self._place.sum(axis=0) > 0).sum())
        self._rows = learnt.rows
        self._encoder = encoder
        self._network = encoder.changed(learnt.deltas)
        self.of = lru_cache(maxsize=_REMEMBERED)(self._of)

    def _of(self, text: str) -> Floats:
        """How well each item answers a description, (n,): cosines less their mean; 0 for what was not learnt."""
        read = self._encoder.read([text], self._network)[0]
        vector = read.states.mean(axis=1)
        near = self._rows @ (vector / max(float(np.linalg.norm(vector)), 1e-12))
        found: Floats = np.asarray(self._place.T @ (near - near.mean()), dtype=np.float32)
        return found


def answers_file(domain: DomainConfig) -> Path:
    """Where what was learnt for a domain lies: beside its own file."""
    path = Path(domain.file)
    return path.parent / f"{path.stem}.answers.npz"


def answers_for(catalogue: Catalogue, encoder: QueryEncoder, model: str) -> Answers | None:
    """What was learnt for the domain of a catalogue with the encoder `model`; None where there is nothing of it, or
    none of the items. Raises ModelFileError."""
    path = answers_file(catalogue.domain)
    if not catalogue.domain.file or not path.is_file():
        return None
    learnt = Learnt.load(path)
    answers = Answers(catalogue, learnt, encoder) if learnt.encoder == model else None
    return answers if answers is not None and answers.known else None
