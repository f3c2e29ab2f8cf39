"""The dial of variety in words: "more variety", "stick closer to what I said", "surprise me"."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import get_args

from bot.lexicon import any_of, load_lexicon
from bot.records import DialWish, Understanding
from bot.text import fold
from retrieval.records import Variety

STEPS: tuple[Variety, ...] = get_args(Variety)
_NOTHING_ELSE = {"unclear", "chitchat", "more", "critique", "answer"}
"""What the rest of an utterance may seem to be once the words for the dial are gone from it: "please", "and"."""


def without_dial(text: str, language: str) -> tuple[DialWish | None, str]:
    """What a text asks of the dial, and the text with the words for it blanked, so that places in it stay true.

    Asking for a surprise leaves the text whole: it is also a request for anything.
    """
    folded = fold(text)
    for wish, pattern in _patterns(language):
        if match := pattern.search(folded):
            start, end = match.span()
            return wish, text if wish == "surprise" else f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return None, text


def with_dial(rest: Understanding, text: str, wish: DialWish | None) -> Understanding:
    """The understanding of a whole text by that of the rest of it: turning the dial is a critique of the list."""
    if wish is None or wish == "surprise":
        return rest.model_copy(update={"variety": wish})
    named = rest.preferences or rest.constraints or rest.critiques or rest.mentions
    if not named and rest.acts <= _NOTHING_ELSE:
        return Understanding(text=text, language=rest.language, acts={"critique"}, variety=wish)
    return rest.model_copy(update={"text": text, "acts": rest.acts | {"critique"}, "variety": wish})


def turned(now: Variety, wish: DialWish) -> Variety:
    """Where the dial stands after a wish; a surprise this once does not turn it."""
    if wish == "closest" or wish == "varied":
        return wish
    step = STEPS.index(now) + {"less": -1, "more": 1, "surprise": 0}[wish]
    return STEPS[min(max(step, 0), len(STEPS) - 1)]


@lru_cache(maxsize=16)
def _patterns(language: str) -> tuple[tuple[DialWish, re.Pattern[str]], ...]:
    """The patterns of a language, in the order in which they are tried."""
    lexicon = load_lexicon(language)
    found = ((wish, lexicon.variety.get(wish)) for wish in get_args(DialWish))
    return tuple((wish, any_of(patterns, lexicon.spaced)) for wish, patterns in found if patterns)
