"""Which language an utterance is in, told by its letters and its commonest words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from bot.lexicon import elided, languages, load_lexicon
from bot.text import fold, unshouted

_READ = 600  # characters; the rest of a long message is in the same language
_HAN_SHARE = 0.5
_HAN = 0.25  # a sign that may be part of a name; one of a common word counts as a word
_SIGN = 2.0  # a letter of its own counts as much as two function words
_COMMON = 0.4  # a common noun or verb tells less than a function word
_USUAL = 0.9  # the language spoken last is kept unless another is ahead of it by about a word
_EXPECTED = 0.5  # the first language, while nothing was spoken
_COMPOUND = re.compile(r"(?:[^\W\d_]+-)+[^\W\d_]+")
_WORD = re.compile(r"(?<![\w'.])[^\W\d_]+(?:'[^\W\d_]+)*(?![\w']|\.[^\W\d_])")  # initials are no words


# A capital inside a sentence mostly opens a name, and names belong to no language.
_NAME = re.compile(r"(?<=[\w,;:)] )[A-ZÀ-Þ][\w'\u2019-]*")


def language_of(text: str, usual: str = "") -> str:
    """The code of the likeliest language among those with a lexicon; `usual`, the one spoken last, where nothing tells.

    A word counts for each language that lists it among its commonest, the more the fewer languages do.
    """
    kept, weight = (usual, _USUAL) if usual else (languages()[0], _EXPECTED)
    text = unshouted(text[:_READ])
    unspaced = next((name for name in languages() if not load_lexicon(name).spaced), None)
    letters = [char for char in text if char.isalpha()]
    han = sum(_is_han(char) for char in letters)
    if unspaced and letters and han >= _HAN_SHARE * len(letters):
        return unspaced
    lowered, folded = text.lower(), fold(_NAME.sub(" ", text))
    scores = {
        name: (weight if name == kept else 0.0) + _words(folded, name)
        + _SIGN * sum(lowered.count(letter) for letter in load_lexicon(name).letters)
        for name in languages() if name != unspaced
    }  # fmt: skip
    if unspaced and han:
        # Foreign names make most of the letters of "不要Tom Hanks", and a name in signs many of "do you have 卧虎藏龙".
        common = sum(map(len, _common_signs(unspaced).findall(text)))
        scores[unspaced] = common + _HAN * (han - common) + (weight if unspaced == kept else 0.0)
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0 else languages()[0]


def _words(folded: str, language: str) -> float:
    """What the words of a text say for a language."""
    function, ordinary = _known_words()
    apart = elided(folded, load_lexicon(language))
    score = _SIGN / 2 if apart != folded else 0.0
    joined = [match.span() for match in _COMPOUND.finditer(apart)]
    for match in _WORD.finditer(apart):
        word = match.group()
        counts = 0.5 if any(start <= match.start() < end for start, end in joined) else 1.0  # a compound is one word
        native, known = function.get(word, set()), ordinary.get(word, set())
        if language in native:
            score += counts / (len(native) + _COMMON * len(known - native))  # "cool" is said in four languages
        elif language in known:
            score += counts * _COMMON / len(native | known)
    return score


@lru_cache(maxsize=4)
def _common_signs(language: str) -> re.Pattern[str]:
    """The function words of a language that is written without spaces."""
    words = (word for word in load_lexicon(language).stop if _is_han(word[0]))
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))) or "(?!)")


def _is_han(char: str) -> bool:
    return "CJK" in unicodedata.name(char, "")


@lru_cache(maxsize=1)
def _known_words() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Function words, and other common words, with the languages that they are common in."""
    function: dict[str, set[str]] = {}
    ordinary: dict[str, set[str]] = {}
    for name in languages():
        lexicon = load_lexicon(name)
        for homes, words in ((function, lexicon.stop), (ordinary, lexicon.common)):
            for word in words if lexicon.spaced else ():
                homes.setdefault(word, set()).add(name)
    return function, ordinary
