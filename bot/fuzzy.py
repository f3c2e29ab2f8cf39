"""Typo-tolerant lookup: the key of a dictionary that is closest to some words, word by word.

Only the words of the keys are searched, in blocks of one first letter and one length, and what is close to each
word of the question is put together and looked up. So the time grows with the number of different words of a
catalogue, not with its names, and the memory is that of the words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

_SHORTEST_WORD = 3
_SHORTEST_KEY = 5
_REMEMBERED = 8192
_COMBINATIONS = 4000


class Near(NamedTuple):
    """A key and how many letters must be added, dropped, replaced or swapped with a neighbour to get there."""

    key: str
    distance: int


class WordIndex:
    """The words of some keys, by first letter and length; `size` is how many there are."""

    def __init__(self, keys: Iterable[str]) -> None:
        blocks: dict[tuple[str, int], set[str]] = defaultdict(set)
        for key in keys:
            for word in key.split(" "):
                if len(word) >= _SHORTEST_WORD and word.isalpha():
                    blocks[word[0], len(word)].add(word)
        self._blocks = {place: sorted(words) for place, words in blocks.items()}
        self.size = sum(map(len, self._blocks.values()))
        self.near = lru_cache(maxsize=_REMEMBERED)(self._near)

    def _near(self, word: str) -> tuple[Near, ...]:
        """Words with the same first letter that a slip or two away, nearest first; the word itself where it is one."""
        allowed = allowance(word)
        found = [
            Near(match, int(distance))
            for length in range(len(word) - allowed, len(word) + allowed + 1)
            for match, distance, _ in process.extract(
                word, self._blocks.get((word[0], length), ()), scorer=OSA.distance, score_cutoff=allowed, limit=None
            )
        ]
        return tuple(sorted(found, key=lambda near: (near.distance, near.key)))


def allowance(word: str) -> int:
    """How many slips a word may have."""
    return 0 if len(word) < _SHORTEST_WORD else 1 if len(word) < 6 else 2


def closest(
    words: Sequence[str], loose: Sequence[bool], near: Callable[[str], Sequence[Near]], known: Callable[[str], bool]
) -> list[Near]:
    """The known keys nearest to some words, of which only the loose ones may have slips; all equally near.

    A key of fewer than 8 letters may have one slip in all, one of fewer than 16 two, a longer one three.
    """
    said = " ".join(words)
    if len(said) < _SHORTEST_KEY:
        return []
    allowed = 1 if len(said) < 8 else 2 if len(said) < 16 else 3
    options: list[list[Near]] = []
    count = 1
    for word, open_ in zip(words, loose, strict=True):
        ways = [Near(word, 0), *(found for found in near(word) if found.key != word)] if open_ else [Near(word, 0)]
        room = max(1, _COMBINATIONS // count)
        options.append(ways[:room])
        count *= len(options[-1])
    best: list[Near] = []
    pending = [("", 0, 0)]
    while pending:
        head, spent, place = pending.pop()
        if place == len(options):
            if known(head):
                best = [one for one in best if one.distance <= spent] + [Near(head, spent)]
            continue
        for way in options[place]:
            total = spent + way.distance
            if total <= min(allowed, best[0].distance if best else allowed):
                pending.append((f"{head} {way.key}" if head else way.key, total, place + 1))
    return best
