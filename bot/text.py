"""Folding and splitting text so that offsets into what the person wrote stay true."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_QUOTES = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u201b": "'", "\u02bc": "'", "\u00b4": "'", "`": "'", "\u201c": '"',
     "\u201d": '"', "\u201e": '"', "\u2013": "-", "\u2014": "-"}
)  # fmt: skip
# Han characters and kana: writing without spaces, in which each sign is a token of its own.
SIGNS = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
)
_TOKEN = re.compile(rf"[{SIGNS}]|[^\W_{SIGNS}]+(?:'[^\W_{SIGNS}]+)*|&")
_SIGN = re.compile(rf"[{SIGNS}]")
_SPELT = str.maketrans({"\u00df": "ss", "\u00e6": "ae", "\u0153": "oe", "\u00fe": "th"})
_PLAIN = {"\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u00f0": "d", "\u0131": "i"}
_SHOUTED = 5  # letters from which capitals tell nothing
_VARIANTS = Path(__file__).parent / "lexicon" / "han_variants.txt"
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


def unshouted(text: str) -> str:
    """A text all in capitals, in which they tell nothing, in small letters; of the same length."""
    if not text.isupper() or sum(char.isalpha() for char in text) < _SHOUTED:
        return text
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def fold(text: str) -> str:
    """Lower case, plain quotes and dashes, no accents; the same length as `text`, so offsets agree."""
    if text.isascii():
        return text.lower().replace("`", "'")
    return "".join(_fold_char(char) for char in text.translate(_QUOTES).translate(_han_variants()))


@lru_cache(maxsize=1)
def _han_variants() -> dict[int, int]:
    """Traditional characters and the simplified ones they are compared as."""
    pairs = (line.split() for line in _VARIANTS.read_text(encoding="utf-8").splitlines() if line.strip())
    return {ord(traditional): ord(simplified) for traditional, simplified in pairs}


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    lowered = char.lower()
    # Syllables of Hangul and voiced kana would come apart into other letters.
    if "\u3040" <= lowered <= "\u30ff" or "\uac00" <= lowered <= "\ud7a3":
        return lowered
    base = unicodedata.normalize("NFKD", _PLAIN.get(lowered, lowered))[:1] or lowered
    return base if len(base) == 1 else char


def tokens(folded: str) -> list[Token]:
    """Words of a folded text with their offsets; apostrophes stay inside a word ("ocean's").

    Each Han character and each kana is a token: names are found inside running text, where no space marks them.
    """
    return [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(folded)]


def is_sign(word: str) -> bool:
    """Whether a token is a sign of a writing without spaces."""
    return _SIGN.match(word) is not None


def key_word(word: str) -> str:
    """The form under which a word is compared: no apostrophes, number words and Roman numerals as digits."""
    plain = word.replace("'", "")
    if not plain.isascii():
        plain = plain.translate(_SPELT)
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
