"""Dialogue acts of a piece of text: a linear model over its embedding, its n-grams and what the rules saw in it.

One-vs-rest logistic regression (DESIGN section 4: an act classifier over sentence embeddings), trained by
bot/act_training.py from the utterances in bot/utterances/<language>.tsv. The rules give the model their own verdict as
features, so it learns where they can be trusted.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.text import fold

FOLDER = Path(__file__).parent / "utterances"
Floats = NDArray[np.float32]

_BUCKETS = 8192
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[?!]")
_HAN = re.compile(r"[\u3400-\u9fff]")


class Signs(NamedTuple):
    """What the rules saw in a piece of text, and what was on before it.

    names: rule acts, cues and kinds of things named ("cue:undo", "kind:item"). shown: whether items are on the screen.
    asked: whether a question was put.
    """

    names: frozenset[str]
    shown: bool
    asked: bool


class ActModel:
    """Weights of one language; `acts` are the rows."""

    def __init__(self, weights: Floats, bias: Floats, thresholds: Floats, signs: Sequence[str]) -> None:
        self._weights, self._bias, self.thresholds = weights, bias, thresholds
        self.dimension = weights.shape[1] - _BUCKETS - len(signs)
        self._signs = {name: place for place, name in enumerate(signs)}

    def probabilities(self, texts: Sequence[str], signs: Sequence[Signs], vectors: Floats) -> Floats:
        """How likely each act of PERSON_ACTS is said in each text: (n, acts) in 0..1. vectors (n, d): unit rows."""
        rows = features(texts, signs, vectors, self._signs)
        scores = rows @ self._weights.T + self._bias
        probable: Floats = (1.0 / (1.0 + np.exp(-scores))).astype(np.float32)
        return probable


def features(texts: Sequence[str], signs: Sequence[Signs], vectors: Floats, known: dict[str, int]) -> Floats:
    """One row a text, (n, d + buckets + signs): its embedding, hashed n-grams of length 1, and its signs in `known`."""
    grams = np.zeros((len(texts), _BUCKETS), dtype=np.float32)
    flags = np.zeros((len(texts), len(known)), dtype=np.float32)
    for row, (text, seen) in enumerate(zip(texts, signs, strict=True)):
        for gram in n_grams(text):
            grams[row, zlib.crc32(gram.encode()) % _BUCKETS] += 1.0
        length = float(np.linalg.norm(grams[row]))
        grams[row] /= max(length, 1.0)
        context = {"shown"} if seen.shown else set()
        context |= {"asked"} if seen.asked else set()
        for name in (*seen.names, *context):
            if name in known:
                flags[row, known[name]] = 1.0
    return np.hstack([vectors, grams, flags])


def n_grams(text: str) -> list[str]:
    """Words, pairs of words, and for writing without spaces runs of one to three characters."""
    folded = fold(text)
    if _HAN.search(folded):
        plain = re.sub(r"\s", "", folded)
        return [plain[i : i + size] for size in (1, 2, 3) for i in range(len(plain) - size + 1)]
    words = ["^", *_WORD.findall(folded), "$"]
    return [*words[1:-1], *(f"{one} {two}" for one, two in pairwise(words))]


@lru_cache(maxsize=16)
def load_act_model(language: str) -> ActModel | None:
    """The trained model of a language, or None where there is none."""
    path = FOLDER / f"{language}.npz"
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as saved:
        return ActModel(
            saved["weights"].astype(np.float32), saved["bias"].astype(np.float32),
            saved["thresholds"].astype(np.float32), [str(name) for name in saved["signs"]],
        )  # fmt: skip
