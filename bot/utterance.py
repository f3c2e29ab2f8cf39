"""One text on its way through entity linking, and the spans that are found in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from bot.cues import Cue
from bot.gazetteer import Fame, Name
from bot.hints import Hints
from bot.text import Token, key_word
from bot.title_fit import Place

_TITLE_CUES = {"like", "dislike", "seen", "unseen", "similar", "accept", "exclude", "wish"}
_STEPS_BACK = 3
_OPENERS = " .(*\"'"


class Span(NamedTuple):
    """A linked span: offsets in the text (end exclusive), its best meaning and the other candidates."""

    start: int
    end: int
    name: Name
    others: tuple[Name, ...] = ()
    score: float = 1.0

    @property
    def kind(self) -> str:
        return self.name.kind


class Utterance:
    """One text on its way through the linker: its words and keys, the cues in it and the titles found so far."""

    def __init__(
        self, text: str, folded: str, words: Sequence[Token], cues: Sequence[Cue], verdicts: Collection[int],
        hints: Hints, fame: Fame,
    ) -> None:  # fmt: skip
        self.text, self.folded, self.words, self.hints, self.fame = text, folded, words, hints, fame
        self.keys = [key_word(token.word) for token in words]
        self._verdicts = verdicts
        self._cues = [(cue.start, cue.end) for cue in cues if cue.kind == "relation"]
        self._refusals = {cue.start for cue in cues if cue.name == "exclude"}
        self._licences = {cue.end: cue.name for cue in cues if cue.kind == "relation" and cue.name in _TITLE_CUES}
        self._ends: list[int] = []
        self._passed_on: dict[int, str] = {}

    def titled(self, start: int, end: int) -> None:
        """Note a title: its cue holds for the names that a list joins to it."""
        self._ends.append(end)
        licence = self.licence(start)
        if licence:
            self._passed_on[end] = licence

    def place(self, said: Sequence[Token]) -> Place:
        start, end = said[0].start, said[-1].end
        apart = self.folded[end : end + 2] == ": "
        verdict = any(place in self._verdicts for place in (end, end + 1, *([end + 2] if apart else [])))
        cued = any(begin <= start and end <= stop and stop - begin > end - start for begin, stop in self._cues)
        verb = any(begin == start for begin, _ in self._cues)
        return Place(
            self.text, self.folded, said, self.licence(start), verdict, self._listed(start), cued, verb,
            apart and verdict, not self._refusals.isdisjoint((end, end + 1, end + 2)), self.hints, self.fame,
        )  # fmt: skip

    def licence(self, start: int) -> str:
        """The relation cue that leads up to a place; articles, nouns and the titles of a list may stand between."""
        lead = self.folded[:start].rstrip(_OPENERS)
        joined = False
        for _ in range(_STEPS_BACK):
            if len(lead) in self._licences:
                return self._licences[len(lead)]
            if joined and len(lead) in self._passed_on:
                return self._passed_on[len(lead)]
            shorter = self.hints.step_back(lead)
            if shorter == lead:
                break
            joined = joined or self.hints.joins(lead[len(shorter) :])
            lead = shorter.rstrip()
        return ""

    def _listed(self, start: int) -> bool:
        """Whether a list joins a place to a title before it."""
        return any(end < start and self.hints.joins(self.folded[end:start]) for end in self._ends)
