"""Lexical: BM25 over the words of every item."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.errors import IndexMissingError

# A word of the title or a name says more about what an item is than the same word in its prose.
_TITLE_REPEATS = 3
_PEOPLE_REPEATS = 2
_WORD = r"(?u)\b\w+\b"


class Lexical:
    """Scores of all items for the words of a text. Case, accents and English stop words do not matter."""

    def __init__(self, bm25: Any, size: int) -> None:
        self._bm25 = bm25
        self.size = size

    @classmethod
    def build(cls, catalogue: Catalogue) -> Lexical:
        import bm25s

        documents = _tokens([_words(catalogue, row) for row in range(len(catalogue))])
        if not any(documents):  # nothing but stop words, as in a catalogue of one item called "It"
            documents = [[""] for _ in documents]
        bm25 = bm25s.BM25()
        bm25.index(documents, show_progress=False)
        return cls(bm25, len(catalogue))

    def save(self, folder: Path) -> None:
        self._bm25.save(folder, show_progress=False)

    @classmethod
    def load(cls, folder: Path) -> Lexical:
        """Raises IndexMissingError when the folder does not hold a whole index."""
        import bm25s

        try:
            bm25 = bm25s.BM25.load(folder, show_progress=False)
            return cls(bm25, int(bm25.scores["num_docs"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexMissingError(f"The lexical index in {folder} cannot be read: {error}. Delete it.") from error

    def scores(self, text: str) -> NDArray[np.float32]:
        """BM25 of every item, (n,), >= 0; all zeros when no word of the text is known."""
        tokens = [token for token in _tokens([text])[0] if token in self._bm25.vocab_dict]
        if not tokens:
            return np.zeros(self.size, dtype=np.float32)
        found: NDArray[np.float32] = np.asarray(self._bm25.get_scores(tokens), dtype=np.float32)
        return found


def _words(catalogue: Catalogue, row: int) -> str:
    item = catalogue.items[row]
    return " ".join(
        [
            *[item.title] * _TITLE_REPEATS,
            *item.people * _PEOPLE_REPEATS,
            *item.genres,
            *catalogue.recorded(item, "theme"),
            item.text,
        ]
    )


def _tokens(texts: Sequence[str]) -> list[list[str]]:
    import bm25s

    folded = [without_accents(text) for text in texts]
    tokens: list[list[str]] = bm25s.tokenize(
        folded, token_pattern=_WORD, stopwords="en_plus", return_ids=False, show_progress=False
    )
    return tokens


def without_accents(text: str) -> str:
    """A text without accents, since people type "Amelie"."""
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
