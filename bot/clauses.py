"""The parts of an utterance that each say one thing: sentences, and what commas and joining words set apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from bot.lexicon import Lexicon, load_lexicon, turn_pattern
from bot.scope import ANSWERS

_SENTENCE_END = re.compile(r"[.!?;。！？；\n]+(?=\s|$|[^\x00-\x7f])|\s-+\s|\.{2,}")  # noqa: RUF001
_LEAST = 2  # characters of a part


class Part(NamedTuple):
    """A part of a text: offsets, end exclusive."""

    start: int
    end: int


def parts_of(folded: str, lexicon: Lexicon, whole: Sequence[tuple[int, int]] = ()) -> list[Part]:
    """The sentences of a folded text, left to right, cut also where the lexicon says that another thing begins.

    `whole`: offsets of names that are not cut, such as "Dr. No".
    """
    answer = _answering(lexicon.language)
    splits = turn_pattern(lexicon.language, "splits").finditer(folded)
    verdict = turn_pattern(lexicon.language, "verdict_follows")
    stops = (match for match in _SENTENCE_END.finditer(folded) if not verdict.match(folded, match.end()))
    # "my brother loves them. I don't" is one thing said.
    ends = sorted({match.end() for match in (*stops, *splits) if not answer.match(folded, match.end())})
    ends = [end for end in ends if not any(begin < end <= stop for begin, stop in whole)]
    parts: list[Part] = []
    start = 0
    for end in [*ends, len(folded)]:
        if len(folded[start:end].strip(" .!?;-,")) >= _LEAST:
            parts.append(Part(start, end))
            start = end
    if not parts:
        return [Part(0, len(folded))]
    return [*parts[:-1], Part(parts[-1].start, len(folded))]


@lru_cache(maxsize=16)
def _answering(language: str) -> re.Pattern[str]:
    """What answers the words before it and is no part of its own."""
    lexicon = load_lexicon(language)
    answers = [pattern for name in sorted(ANSWERS) for pattern in lexicon.relations.get(name, [])]
    return re.compile(rf"\s*(?:{'|'.join([*answers, lexicon.turns.takes_up])})")
