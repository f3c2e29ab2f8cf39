"""What recorded dialogues teach of items: how often each is named, and which are named together.

The counts know an item by its folded title and year, so that what one catalogue's dialogues taught serves any other
that has the same items. Counting co-mention follows item-to-item collaborative filtering (Linden et al. 2003).
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.errors import ModelFileError

COUNTS = "dialogues.npz"
_DOUBT = 10.0  # dialogues of doubt: an item named once says little of what goes with it
_SIGNS = re.compile(r"[^\w]+")

Floats = NDArray[np.float32]


class ItemKey(NamedTuple):
    """A title without case, accents and signs, and the year where one is known."""

    title: str
    year: int | None


def item_key(title: str, year: int | None) -> ItemKey:
    """What two catalogues that have the same item agree on."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", title.casefold()) if not unicodedata.combining(c))
    return ItemKey(_SIGNS.sub(" ", plain).strip(), year)


@dataclass(frozen=True)
class DialogueCounts:
    """Counts over a set of dialogues, by item. named (m,): dialogues that name it; together: sparse (m, m), symmetric,
    nothing on the diagonal: dialogues that name both."""

    keys: tuple[ItemKey, ...]
    named: Floats
    together: Any

    def save(self, folder: Path) -> None:
        """Write one file into an existing folder."""
        np.savez_compressed(
            folder / COUNTS,
            titles=np.array([key.title for key in self.keys]),
            years=np.array([key.year or 0 for key in self.keys], dtype=np.int16),
            named=self.named.astype(np.int32),
            data=self.together.data.astype(np.int32),
            indices=self.together.indices.astype(np.int32),
            indptr=self.together.indptr.astype(np.int32),
        )

    @classmethod
    def load(cls, folder: Path) -> DialogueCounts:
        """Raises ModelFileError when the folder does not hold whole counts."""
        from scipy.sparse import csr_matrix

        path = folder / COUNTS
        try:
            with np.load(path) as kept:
                titles, years = kept["titles"].tolist(), kept["years"].tolist()
                keys = tuple(ItemKey(title, year or None) for title, year in zip(titles, years, strict=True))
                data = kept["data"].astype(np.float32)
                together = csr_matrix((data, kept["indices"], kept["indptr"]), shape=(len(keys), len(keys)))
                return cls(keys, kept["named"].astype(np.float32), together)
        except (OSError, KeyError, ValueError, BadZipFile) as error:
            raise ModelFileError(
                f"The counts {path} cannot be read: {error}. Delete the folder or run `rapport train ranker` again."
            ) from error


def count_dialogues(catalogue: Catalogue, dialogues: Sequence[Sequence[str]]) -> DialogueCounts:
    """Count the items that dialogues name. `dialogues`: the ids of each; what the catalogue lacks does not count."""
    named = incidence([[catalogue.row[one] for one in dict.fromkeys(ids) if one in catalogue.row] for ids in dialogues],
                      len(catalogue))  # fmt: skip
    counts = np.asarray(named.sum(axis=0), dtype=np.float32).ravel()
    kept = np.flatnonzero(counts)
    named = named[:, kept]
    items = [catalogue.items[int(row)] for row in kept]
    return DialogueCounts(tuple(item_key(item.title, item.year) for item in items), counts[kept], _pairs(named))


def incidence(rows: Sequence[Sequence[int]], width: int) -> Any:
    """A sparse (len(rows), width) matrix of ones, float32, at the columns that each row lists."""
    from scipy.sparse import csr_matrix

    columns = np.fromiter((column for one in rows for column in one), dtype=np.int64)
    ends = np.cumsum([0, *(len(one) for one in rows)])
    return csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=(len(rows), width))


def _pairs(named: Any) -> Any:
    pairs = (named.T @ named).tocsr()
    pairs.setdiag(0)
    pairs.eliminate_zeros()
    return pairs


class Taught:
    """Counts as one catalogue sees them, in its order. `known`: how many of its items the dialogues name."""

    def __init__(self, catalogue: Catalogue, counts: DialogueCounts) -> None:
        from scipy.sparse import diags

        place = _places(catalogue, counts.keys)
        self.named: Floats = place.T @ counts.named
        pairs = (place.T @ counts.together @ place).tocsr()
        pairs.setdiag(0)
        pairs.eliminate_zeros()
        self.known = int((self.named > 0).sum())
        self._share = (diags(1.0 / (self.named + _DOUBT)) @ pairs).tocsr().astype(np.float32)

    def beside(self, row: int) -> Floats:
        """Of dialogues that name an item, the share that names each other one too, (n,), shrunk where few do."""
        shares: Floats = self._share[row].toarray().ravel()
        return shares


def _places(catalogue: Catalogue, keys: Sequence[ItemKey]) -> Any:
    """Sparse (m, n): 1 where an item of the catalogue has a key.

    Where the year is unknown on either side, the only item with the title is meant, or none.
    """
    exact: dict[ItemKey, list[int]] = defaultdict(list)
    titled: dict[str, list[int]] = defaultdict(list)
    for row, item in enumerate(catalogue.items):
        key = item_key(item.title, item.year)
        exact[key].append(row)
        titled[key.title].append(row)
    found = []
    for key in keys:
        rows = exact.get(key, [])
        if not rows:
            same = titled.get(key.title, [])
            undated = key.year is None or (len(same) == 1 and catalogue.items[same[0]].year is None)
            rows = same if undated and len(same) == 1 else []
        found.append(rows)
    return incidence(found, len(catalogue))
