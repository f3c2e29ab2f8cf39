"""Words of what people say, weighted by how telling they are (TF-IDF, logarithmic counts, unit rows)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.lexical import without_accents
from retrieval.sparse import filled

_WORD = re.compile(r"[^\W\d_]{2,}")
_RAREST = 3  # documents that a word must stand in
_COMMONEST = 0.3  # share of documents above which a word tells nothing


class Vocabulary:
    """words -> columns; idf (v,)."""

    def __init__(self, words: Sequence[str], idf: NDArray[np.float32]) -> None:
        self.words = tuple(words)
        self.idf = idf
        self._column = {word: column for column, word in enumerate(self.words)}

    def bag(self, texts: Sequence[str]) -> Any:
        """Sparse unit rows, (len(texts), v); an empty row where no word is known."""
        rows = []
        for text in texts:
            counts = Counter(self._column[word] for word in words_of(text) if word in self._column)
            weights = {column: (1.0 + np.log(count)) * self.idf[column] for column, count in counts.items()}
            length = float(np.sqrt(sum(weight**2 for weight in weights.values()))) or 1.0
            rows.append({column: weight / length for column, weight in weights.items()})
        return filled(rows, len(self.words))


def words_of(text: str) -> list[str]:
    """Words of two letters and more, without case, accents and numbers."""
    return _WORD.findall(without_accents(text.casefold()))


def learn_vocabulary(texts: Sequence[str]) -> Vocabulary:
    """The words that stand in some texts and not in a large part of them."""
    spread = Counter(word for text in texts for word in set(words_of(text)))
    kept = sorted(word for word, count in spread.items() if _RAREST <= count <= _COMMONEST * len(texts))
    counts = np.array([spread[word] for word in kept], dtype=np.float32)
    return Vocabulary(kept, (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float32))
