"""Folding and splitting text so that offsets into what the person wrote stay true."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_QUOTES = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"}
)
_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*|[^\W\d_]+|&")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“])")
_ABBREVIATED = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|Jr|Sr|St|vs|Lt|Col|Gen|Capt|Sgt|Prof|No|Bros|etc))\.'?$")
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "ii": "2", "iii": "3", "iv": "4",
    "vi": "6", "vii": "7", "viii": "8", "ix": "9", "and": "&",
}  # fmt: skip


class Token(NamedTuple):
    """One word: its folded form and its place in the text, end exclusive."""

    word: str
    start: int
    end: int


def fold(text: str) -> str:
    """Lower case, plain quotes and dashes, no accents; the same length as `text`, so offsets agree."""
    return "".join(_fold_char(char) for char in text.translate(_QUOTES))


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    lowered = char.lower()
    base = unicodedata.normalize("NFKD", lowered)[:1] or lowered
    return base if len(base) == 1 else char


def tokens(folded: str) -> list[Token]:
    """Words of a folded text with their offsets; apostrophes stay inside a word ("ocean's")."""
    return [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(folded)]


def key_word(word: str) -> str:
    """The form under which a word is compared: no apostrophes, number words and Roman numerals as digits."""
    plain = word.replace("'", "")
    return _NUMBER_WORDS.get(plain, plain)


def key(text: str) -> str:
    """The form under which a whole name is compared: "Ocean's Eleven" -> "oceans 11"."""
    return " ".join(key_word(token.word) for token in tokens(fold(text)))


def sentences(text: str) -> list[str]:
    """Prose split at sentence ends; initials and common abbreviations end no sentence."""
    parts: list[str] = []
    for piece in _SENTENCE_END.split(text):
        if parts and _ABBREVIATED.search(parts[-1]):
            parts[-1] = f"{parts[-1]} {piece}"
        else:
            parts.append(piece)
    return parts


def join_words(words: list[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
