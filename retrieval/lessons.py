"""Lessons: what recorded dialogues teach, whatever catalogue they came from, and the file that keeps it.

Items are known by their folded title and year, so that what the dialogues of one catalogue taught serves any other
that has the same items.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from retrieval.bags import Vocabulary, learn_vocabulary
from retrieval.catalogue import Catalogue
from retrieval.errors import ModelFileError
from retrieval.lexical import without_accents
from retrieval.sparse import filled, ones, packed, scaled, unpacked, without_diagonal

LESSONS = "lessons.npz"
DOUBT = 10.0  # dialogues of doubt: an item named once says little of what goes with it
_FACTORS = 64
_SMOOTH = 20.0  # of the ridge regression from vectors to items
_LATER = 0.5  # what an item that is named later in the dialogue counts, beside one that is named at once
_SIGNS = re.compile(r"[^\w]+")

Floats = NDArray[np.float32]


class ItemKey(NamedTuple):
    """A title without case, accents and signs, and the year where one is known."""

    title: str
    year: int | None


def item_key(title: str, year: int | None) -> ItemKey:
    """What two catalogues that have the same item agree on."""
    return ItemKey(_SIGNS.sub(" ", without_accents(title.casefold())).strip(), year)


class Recommended(NamedTuple):
    """A moment of a dialogue in which items were recommended.

    said: vector of what the person had said, (e,), or None; answers: ids; later: ids that were new after that;
    opens: no item had been named before.
    """

    said: Floats | None
    answers: tuple[str, ...]
    later: tuple[str, ...]
    opens: bool


class Dialogue(NamedTuple):
    """A recorded dialogue: ids of all items that it names, all that was said, and its recommendations."""

    items: tuple[str, ...]
    text: str
    moments: tuple[Recommended, ...]


@dataclass(frozen=True)
class Lessons:
    """Of m items and d dialogues with v words and an encoder of e dimensions, named `encoder`:

    named: sparse (d, m), ones where a dialogue names an item. words: sparse (d, v), unit rows. asked, opening: (m,),
    how often an item was recommended, and as the first item of a dialogue. factors: two (m, 64), whose product is the
    smoothed co-mention of items. vectors: (e, m), from what was said to items.
    """

    keys: tuple[ItemKey, ...]
    named: Any
    vocabulary: Vocabulary
    words: Any
    asked: Floats
    opening: Floats
    factors: tuple[Floats, Floats]
    vectors: Floats
    encoder: str

    def save(self, folder: Path) -> None:
        """Write one file into an existing folder."""
        np.savez_compressed(
            folder / LESSONS,
            titles=np.array([key.title for key in self.keys]),
            years=np.array([key.year or 0 for key in self.keys], dtype=np.int16),
            vocabulary=np.array(self.vocabulary.words),
            idf=self.vocabulary.idf,
            asked=self.asked,
            opening=self.opening,
            left=self.factors[0].astype(np.float16),
            right=self.factors[1].astype(np.float16),
            vectors=self.vectors.astype(np.float16),
            encoder=np.array(self.encoder),
            **packed("named", self.named, np.int8),
            **packed("words", self.words),
        )

    @classmethod
    def load(cls, folder: Path) -> Lessons:
        """Raises ModelFileError when the folder does not hold whole lessons."""
        path = folder / LESSONS
        try:
            with np.load(path) as kept:
                titles, years = kept["titles"].tolist(), kept["years"].tolist()
                return cls(
                    keys=tuple(ItemKey(title, year or None) for title, year in zip(titles, years, strict=True)),
                    named=unpacked("named", kept),
                    vocabulary=Vocabulary(kept["vocabulary"].tolist(), kept["idf"]),
                    words=unpacked("words", kept),
                    asked=kept["asked"],
                    opening=kept["opening"],
                    factors=(kept["left"].astype(np.float32), kept["right"].astype(np.float32)),
                    vectors=kept["vectors"].astype(np.float32),
                    encoder=str(kept["encoder"]),
                )
        except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
            raise ModelFileError(
                f"The lessons {path} cannot be read: {error}. Delete them or run `rapport train ranker` again."
            ) from error


def learn_lessons(catalogue: Catalogue, dialogues: Sequence[Dialogue], encoder: str, seed: int = 0) -> Lessons:
    """Learn from dialogues about items of a catalogue; ids that it lacks do not count.

    The factors are a truncated SVD of the co-mentions, which smooths them as matrix factorisation does; the vectors a
    ridge regression. There must be more items than factors.
    """
    named = ones([_rows(catalogue, dialogue.items) for dialogue in dialogues], len(catalogue))
    kept = np.flatnonzero(np.asarray(named.sum(axis=0)).ravel())
    named = named[:, kept]
    column = {int(row): place for place, row in enumerate(kept)}
    moments = [moment for dialogue in dialogues for moment in dialogue.moments]
    answers = [[column[row] for row in _rows(catalogue, moment.answers) if row in column] for moment in moments]
    asked = np.bincount([one for found in answers for one in found], minlength=len(kept)).astype(np.float32)
    first = [one for moment, found in zip(moments, answers, strict=True) if moment.opens for one in found]
    vocabulary = learn_vocabulary([dialogue.text for dialogue in dialogues])
    items = [catalogue.items[int(row)] for row in kept]
    return Lessons(
        keys=tuple(item_key(item.title, item.year) for item in items),
        named=named,
        vocabulary=vocabulary,
        words=vocabulary.bag([dialogue.text for dialogue in dialogues]),
        asked=asked,
        opening=np.bincount(first, minlength=len(kept)).astype(np.float32),
        factors=_factors(named, seed),
        vectors=_vectors(catalogue, moments, column, asked),
        encoder=encoder,
    )


def _rows(catalogue: Catalogue, ids: Sequence[str]) -> list[int]:
    return [catalogue.row[one] for one in dict.fromkeys(ids) if one in catalogue.row]


def _factors(named: Any, seed: int) -> tuple[Floats, Floats]:
    from scipy.sparse.linalg import svds

    counts = np.asarray(named.sum(axis=0), dtype=np.float32).ravel()
    damped = (1.0 / np.sqrt(counts + DOUBT)).astype(np.float32)
    pairs = scaled(without_diagonal(named.T @ named), rows=damped, columns=damped)
    left, strengths, right = svds(pairs.astype(np.float64), min(_FACTORS, len(counts) - 1), random_state=seed)
    return (left * strengths).astype(np.float32), right.T.astype(np.float32)


def _vectors(catalogue: Catalogue, moments: Sequence[Recommended], column: dict[int, int], asked: Floats) -> Floats:
    said, wanted = [], []
    for moment in moments:
        if moment.said is not None:
            later = dict.fromkeys(_rows(catalogue, moment.later), _LATER) | dict.fromkeys(
                _rows(catalogue, moment.answers), 1.0
            )
            said.append(moment.said)
            wanted.append({column[row]: worth for row, worth in later.items() if row in column})
    vectors = np.stack(said)
    targets = scaled(filled(wanted, len(asked)), columns=(1.0 / np.sqrt(asked + DOUBT)).astype(np.float32))
    gram = vectors.T @ vectors + _SMOOTH * np.eye(vectors.shape[1], dtype=np.float32)
    solved: Floats = np.linalg.solve(gram, (targets.T @ vectors).T).astype(np.float32)
    return solved
