"""How far the words around names reach: where a relation begins to hold, and where it ends.

A relation cue ("no", "loved", "something like") holds for the names after it until the next cue or a break such
as "but" or a full stop; commas and "and" keep it, so "no horror, war or westerns" excludes all three.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bot.cues import Cue
from bot.lexicon import turn_pattern

_NEXT = 2  # characters between two words that stand side by side
ANSWERS = {"denied", "agreed", "affirmed"}
_SPARED = {"dislike": "like", "exclude": "neutral"}  # what an exception to it is
_LIFTED = {"exclude", "unneeded"}


class Clause(NamedTuple):
    """Where a reader is: the relation in force, the cue that set it, and where the clause began."""

    relation: str = ""
    cue: str = ""
    cue_start: int = 0
    cue_end: int = -1
    start: int = 0
    negated_similar: bool = False


class Scopes:
    """The words of one language that open and close clauses; holds no state between calls."""

    def __init__(self, language: str) -> None:
        self._shared, self._excepting, self._list_restart, self._instead = (
            turn_pattern(language, name) for name in ("shared", "excepting", "list_restart", "instead")
        )

    def enter(self, folded: str, cue: Cue, clause: Clause, later: Iterable[Cue]) -> Clause:
        """The clause that a cue opens after another one; `later`: the cues behind it."""
        if cue.kind == "break" or cue.name in ANSWERS:
            return Clause(cue_start=cue.end, start=cue.end)
        if cue.name.startswith("reported"):
            later = list(later)
            if own := _own_view(cue, later):
                return Clause(own, "", cue.start, cue.end, clause.start)
            # "He hates musicals but I love them"
            opposed = "like" if cue.name == "reported_dislike" else "dislike"
            if self._shared.search(folded) and opposed not in {other.name for other in later}:
                # Whom one watches with counts; their taste is a wish for now, not the person's own.
                relation = "shared" if cue.name == "reported" else "exclude"
                return Clause(relation, "", cue.start, cue.end, clause.start)
        spares = self._excepting.match(cue.text) if cue.name == "exclude" and clause.relation in _SPARED else None
        if spares and (not spares.groupdict().get("near") or cue.start - clause.cue_end < _NEXT):
            # "I can't stand westerns except Unforgiven"
            return Clause(_SPARED[clause.relation], "", cue.start, cue.end, clause.start)
        away = clause.relation == "exclude" and cue.name == "similar" and cue.start - clause.cue_end < 12
        return Clause(cue.name, cue.text, cue.start, cue.end, clause.start, away)

    def restarted(self, folded: str, clause: Clause, start: int, end: int) -> Clause:
        """The clause at a name from `start` to `end`: a list may have turned from what is unwanted to what is wanted,
        as in "no subtitles, in English" or "no gore, funny instead"."""
        if clause.relation not in _LIFTED:
            return clause
        word = folded[start:].split(" ", 1)[0]  # "with" of "with kids", which is one name
        lead = folded[clause.cue_end : start]
        if "," in lead and self._instead.match(folded, end):
            return clause._replace(relation="", cue="", cue_start=start)
        turn = self._list_restart.search(lead) or self._list_restart.search(f"{lead}{word} ")
        if turn is None or clause.cue.endswith(f" {turn.group().strip(' ,')}"):
            return clause
        return clause._replace(relation="", cue="", cue_start=start)


def _own_view(reported: Cue, later: Iterable[Cue]) -> str:
    """What the person thinks of what somebody else likes or hates, where it is said: "she loves them, I don't"."""
    answers = (cue.name for cue in later if cue.name in ANSWERS or cue.name.startswith("reported"))
    liked = reported.name == "reported"
    match next(answers, ""):
        case "denied":
            return "dislike" if liked else "like"
        case "agreed":
            return "like" if liked else "dislike"
        case "affirmed":
            return "like"
    return ""
