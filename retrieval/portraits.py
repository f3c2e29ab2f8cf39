"""Portraits: what each item is like, as vectors, for whoever describes what they want.

Sayings (what people might say who want an item) expand its document (doc2query: Nogueira, Yang, Lin and Cho 2019), but
as vectors of their own: an encoder that reads 128 tokens would not see them behind the rest. A portrait is the mean of
all that is told of an item, and the saying nearest to what is asked counts beside it (late interaction: Khattab and
Zaharia 2020): an item is wanted for one of several reasons, and their mean is none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.errors import IndexMissingError

# What each part of a portrait counts, and the nearest saying beside the whole.
_WHOLE, _PROSE, _PRAISE, _ASKED = 1.0, 1.0, 1.0, 1.5
_NEAREST = 0.8

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Portraits:
    """rows: unit rows in catalogue order, (n, d). sayings: unit rows, (m, d), and `owners`: the item's row of each,
    ascending, (m,); m may be 0."""

    rows: Floats
    sayings: Floats
    owners: NDArray[np.int64]

    def closeness(self, vector: Floats) -> Floats:
        """How close each item is to a unit vector (d,), (n,). What has no saying is as near by that as by the whole."""
        near: Floats = self.rows @ vector
        best = near.copy()
        if len(self.owners):
            owners, first = np.unique(self.owners, return_index=True)
            best[owners] = np.maximum.reduceat(self.sayings @ vector, first)
        return near + _NEAREST * best

    def save(self, path: Path, catalogue: Catalogue) -> None:
        """Write one file, in which items are known by id."""
        ids = np.array([item.id for item in catalogue.items])
        rows, sayings = self.rows.astype(np.float16), self.sayings.astype(np.float16)
        np.savez(path, ids=ids, rows=rows, sayings=sayings, owners=ids[self.owners])


def bare(matrix: Floats) -> Portraits:
    """The portraits of items of which nothing but their documents is known: unit rows (n, d)."""
    return Portraits(matrix, np.zeros((0, matrix.shape[1]), np.float32), np.zeros(0, np.int64))


def draw(catalogue: Catalogue, matrix: Floats, encode: Callable[[Sequence[str]], Floats]) -> Portraits | None:
    """Of each item the mean of its document (`matrix`, unit rows (n, d)), its prose, its praise and its sayings; None
    where a catalogue has neither praise nor sayings."""
    asked = [_sentences(item.source.get(catalogue.domain.asked_for or "")) for item in catalogue.items]
    praise = [_sentences(item.source.get(catalogue.domain.praise or "")) for item in catalogue.items]
    if not any(asked) and not any(praise):
        return None
    parts = [
        [(item.text, _PROSE)] * bool(item.text)
        + [(text, _PRAISE / len(praised)) for text in praised]
        + [(text, _ASKED / len(said)) for text in said]
        for item, praised, said in zip(catalogue.items, praise, asked, strict=True)
    ]
    texts = list(dict.fromkeys(text for own in parts for text, _ in own))
    place = {text: number for number, text in enumerate(texts)}
    vectors = encode(texts)
    rows = _WHOLE * matrix
    for row, own in enumerate(parts):
        for text, weight in own:
            rows[row] += weight * vectors[place[text]]
    owners = np.array([row for row, said in enumerate(asked) for _ in said], dtype=np.int64)
    sayings = vectors[[place[text] for said in asked for text in said]]
    return Portraits((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), sayings, owners)


def load(path: Path, catalogue: Catalogue) -> Portraits | None:
    """The portraits that were kept, in catalogue order; None where none were made. Raises IndexMissingError."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            place = {str(name): row for row, name in enumerate(file["ids"])}
            rows: Floats = file["rows"].astype(np.float32)
            sayings: Floats = file["sayings"].astype(np.float32)
            owners = np.array([catalogue.row[str(name)] for name in file["owners"]], dtype=np.int64)
        order = np.argsort(owners, kind="stable")
        return Portraits(rows[[place[item.id] for item in catalogue.items]], sayings[order], owners[order])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise IndexMissingError(f"{path} does not hold the portraits of the items: {error!r}.") from error


def _sentences(found: object) -> list[str]:
    """The sentences of a field: one, or a list."""
    return [str(text) for text in (found if isinstance(found, list) else [found]) if text]
