"""What is said of a name behind it: "Heat was great", "Heat and Ronin, seen them", "seen Heat. brilliant"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.cues import Cue, CueFinder
from bot.lexicon import NEVER, load_lexicon, turn_pattern
from bot.linking import Span
from bot.quantities import Quantity
from bot.references import Pointer

Mark = Cue | Span | Pointer | Quantity

AVOIDED = {"exclude", "dislike", "unneeded"}


class Verdicts:
    """The verdicts behind the marks of one text; `marks` are in order, and places are places among them."""

    def __init__(self, cues: CueFinder, folded: str, marks: Sequence[Mark]) -> None:
        self._cues, self._folded, self._marks = cues, folded, marks
        self._joined = _joining(cues.lexicon.language)
        self._short_is = turn_pattern(cues.lexicon.language, "short_is")
        self._limits = self._ends()

    def on(self, place: int, reach: int, behind: int = 0) -> Cue | None:
        """What is said behind a name, or behind the last of a list that it is in ("Heat and Ronin were great"): at most
        `reach` characters behind it, and not before the offset `behind`."""
        last = self._list_end(place)
        start, limit = self._marks[last].end, self._limits[last]
        short = self._short_is.match(self._folded, start)
        if short and (found := self._cues.judgement(self._folded, short.end(), limit, "found")):
            return found  # "the first one's great"
        return self._cues.after(self._folded, max(start, behind), limit, reach)

    def bare(self, place: int, relation: str) -> Cue | None:
        """A judgement of one word behind an item that was seen or found ("seen Heat. brilliant")."""
        if relation not in {"seen", "found"}:
            return None
        last = self._list_end(place)
        return self._cues.judgement(self._folded, self._marks[last].end, self._limits[last], relation)

    def turned(self, place: int, relation: str, verdict: Cue) -> bool:
        """Whether a verdict right behind a value takes it out of what came before: "no horror, thrillers are fine", and
        "I'd like a thriller, musicals? no thanks"."""
        if relation not in AVOIDED:
            asked = self._folded[: verdict.start].rstrip().endswith("?")
            return verdict.name == "exclude" and asked and self._list_end(place) == place
        first = place == 0 or isinstance(self._marks[place - 1], Cue)
        return not first and not self._folded[self._marks[place].end : verdict.start].strip()

    def _list_end(self, place: int) -> int:
        """The place of the last name of the list that a mark is in; a list is all names or all numbers."""
        marks, last = self._marks, place
        kind = Quantity if isinstance(marks[place], Quantity) else Span
        while last + 1 < len(marks) and isinstance(marks[last + 1], kind):
            if not self._joined.fullmatch(self._folded[marks[last].end : marks[last + 1].start]):
                break
            last += 1
        return last

    def _ends(self) -> list[int]:
        """Where a verdict on each mark has to end: where the next name begins that is no word of a verdict itself."""
        said = self._cues.verdicts(self._folded)
        limits: list[int] = []
        limit = len(self._folded)
        for mark in reversed(self._marks):
            limits.append(limit)
            if isinstance(mark, Span | Quantity) or (isinstance(mark, Pointer) and mark.exact):
                inside = any(start < mark.start and mark.end <= end for start, end in said)  # "fantastic"
                limit = limit if inside else mark.start
        return limits[::-1]


@lru_cache(maxsize=16)
def _joining(language: str) -> re.Pattern[str]:
    """What stands between two names of one list."""
    joiners = "|".join(load_lexicon(language).linking.joiners) or NEVER
    return re.compile(rf"\s*(?:[,、]\s*)?(?:{joiners})?\s*(?:the |a |an )?")
