"""Cues: the words around names that say what a person means by them ("loved", "no", "something like")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from bot.lexicon import Degree, Lexicon, any_of, load_lexicon, turn_pattern

_OPENING = 20  # characters


_NEAR = {"similar", "turned_down"}
_ADJACENT = 3  # characters behind a name; "Alien vibes" is not "Alien, if you know the vibes"
_STOPS = (",", ".", ":", ";", "!", "?", "-", "(")


class Cue(NamedTuple):
    """A matched cue. kind: "relation", "after", "break" or "degree"; name: which one; offsets in the text."""

    kind: str
    name: str
    start: int
    end: int
    text: str


class CueFinder:
    """Compiled patterns of one language."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        # One by one, since an alternation takes its first branch that fits, not the longest.
        spaced = lexicon.spaced
        self._relations = [
            (name, any_of([pattern], spaced)) for name, patterns in lexicon.relations.items() for pattern in patterns
        ]
        self._after = {name: any_of(patterns, spaced) for name, patterns in lexicon.after.items()}
        self._bare = {name: any_of(patterns, spaced) for name, patterns in lexicon.bare.items()}
        breaks = "|".join(lexicon.breaks)
        words = rf"(?<![\w'-])(?:{breaks})(?![\w'-])" if spaced else breaks
        self._breaks = re.compile(rf"{words}|[;!?。！？；]|(?<!\b(?:dr|mr|ms|jr|st))\.(?=\s|$)")  # noqa: RUF001
        self._degrees = {name: any_of(degree.patterns, spaced) for name, degree in lexicon.degrees.items()}
        self._not_insisting = turn_pattern(lexicon.language, "not_insisting")
        self._acts = {act: [re.compile(pattern) for pattern in patterns] for act, patterns in lexicon.acts.items()}

    def relations(self, folded: str) -> list[Cue]:
        """Non-overlapping relation cues and breaks, left to right; at one place the longest wins."""
        found = [
            Cue("relation", name, match.start(), match.end(), match.group())
            for name, pattern in self._relations
            for match in pattern.finditer(folded)
            if match.group()
        ]
        found += [Cue("break", "break", m.start(), m.end(), m.group()) for m in self._breaks.finditer(folded)]
        found.sort(key=lambda cue: (cue.start, cue.start - cue.end))
        kept: list[Cue] = []
        for cue in found:
            if kept and cue.start < kept[-1].end:
                firmer = kept[-1].name == "exclude" and cue.name in {"dislike", "unseen"}  # "and not a fan of"
                if cue.end <= kept[-1].end or (kept[-1].name in {"dislike", "exclude", "unseen"} and not firmer):
                    continue
                if firmer or cue.end - cue.start > kept[-1].end - kept[-1].start:
                    kept.pop()
                else:
                    continue
            kept.append(cue)
        return kept

    def after(self, folded: str, start: int, end: int, reach: int) -> Cue | None:
        """The first verdict said after a name: it begins at most `reach` characters behind `start`, and ends by `end`.

        What follows `end` is seen, so that the end of a clause is told from the beginning of the next name.
        """
        found = [
            Cue("after", name, match.start(), match.end(), match.group())
            for name, pattern in self._after.items()
            if (match := _first_within(pattern, folded, start, end, _ADJACENT if name in _NEAR else reach))
        ]
        return min(found, key=lambda cue: (cue.start, cue.start - cue.end), default=None)

    def opinion(self, folded: str, relations: Sequence[Cue]) -> Literal["like", "dislike"] | None:
        """The opinion that words without any name say of what was named before: "thought it brilliant", "hated it"."""
        verdict = self.after(folded, 0, len(folded), _OPENING)
        found = [verdict] if verdict else []
        # With an object of its own it is about something else.
        found += [cue for cue in relations if cue.kind == "relation" and not folded[cue.end :].strip(" .,;!")]
        judged = self.judgement(folded, 0, len(folded), "found")
        found += [judged] if judged else []
        name = min(found, key=lambda cue: (cue.start, cue.start - cue.end)).name if found else ""
        return "like" if name == "like" else "dislike" if name == "dislike" else None

    def judgement(self, folded: str, start: int, end: int, relation: str) -> Cue | None:
        """A bare judgement behind something "found", or, set apart by a stop or a comma, behind something "seen"."""
        for name, pattern in self._bare.items():
            for match in pattern.finditer(folded, start, end):
                lead = folded[start : match.start()].rstrip()
                if not lead if relation == "found" else lead.endswith(_STOPS):
                    return Cue("after", name, match.start(), match.end(), match.group())
        return None

    def verdicts(self, folded: str) -> list[tuple[int, int]]:
        """Where words said after a name stand ("was great")."""
        return [match.span() for pattern in self._after.values() for match in pattern.finditer(folded)]

    def degree_before(self, folded: str, position: int) -> Degree | None:
        """The degree word that ends right before `position`, the longest of several; None without one."""
        lead = folded[:position].rstrip()
        found = [
            (match.start(), name) for name, pattern in self._degrees.items() for said in (lead, folded)
            for match in pattern.finditer(said) if match.end() == len(lead)
        ]  # fmt: skip
        return self.lexicon.degrees[min(found)[1]] if found else None

    def acts(self, folded: str) -> set[str]:
        """Names of the bare act cues that occur in the text."""
        return {act for act, patterns in self._acts.items() if any(pattern.search(folded) for pattern in patterns)}

    def waived(self, folded: str) -> str:
        """The words that say some condition no longer matters, or nothing."""
        found = [match.group() for pattern in self._acts["waive"] for match in pattern.finditer(folded)]
        return " ".join(found)

    def act_spans(self, folded: str, act: str | None = None) -> list[tuple[int, int]]:
        """Where act cues stand in the text: all of them, or those of one act."""
        patterns = [p for name, ps in self._acts.items() if act in {None, name} for p in ps]
        return [match.span() for pattern in patterns for match in pattern.finditer(folded)]

    def strength_of(self, words: str, usual: float = 0.7) -> float:
        """Strength in 0..1 that the wording shows."""
        if self._contains(self.lexicon.strength["strong"], words):
            return 0.95
        return 0.45 if self._contains(self.lexicon.strength["weak"], words) else usual

    def lasts(self, clause: str) -> bool:
        """Whether a clause speaks of the person in general."""
        return self._contains(self.lexicon.lasting, clause)

    def passes(self, clause: str) -> bool:
        """Whether a clause speaks of tonight only."""
        return self._contains(self.lexicon.passing, clause)

    def insists(self, clause: str) -> bool:
        """Whether a clause makes its wish a condition ("must", "only")."""
        return self._contains(self.lexicon.must, clause) and not self._not_insisting.search(clause)

    def _contains(self, patterns: list[str], text: str) -> bool:
        return _compiled(tuple(patterns), self.lexicon.spaced).search(text) is not None


def _first_within(pattern: re.Pattern[str], folded: str, start: int, end: int, reach: int) -> re.Match[str] | None:
    place = start
    while (match := pattern.search(folded, place)) and match.start() < min(end, start + reach):
        if match.end() <= end:
            return match
        place = match.start() + 1
    return None


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...], spaced: bool) -> re.Pattern[str]:
    return any_of(list(patterns), spaced)


@lru_cache(maxsize=8)
def cue_finder(language: str = "en") -> CueFinder:
    """The cue finder of a language, compiled once."""
    return CueFinder(load_lexicon(language))
