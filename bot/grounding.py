"""The check before anything is shown: every title, person, number and claim of a line is supported by the record.

The check reads the finished text, not the template, so it holds whoever wrote the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.gazetteer import Gazetteer
from bot.phrasing import QUOTED
from bot.plan import Claim, Line
from bot.text import Token, fold, is_sign, key_word, tokens
from retrieval.catalogue import Catalogue

_TITLE_MARKS = ("《》", "〈〉")
_SIGNS_OF_A_NAME = 3
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class Checker:
    """Checks lines against one catalogue."""

    def __init__(self, catalogue: Catalogue, gazetteer: Gazetteer) -> None:
        self.catalogue = catalogue
        self.gazetteer = gazetteer
        titles = [title for item in catalogue.items for title in (item.title, *catalogue.values(item, "alias"))]
        self._written = {_spread(title, tokens(fold(title))) for title in titles}

    def problems(self, text: str, line: Line) -> list[str]:
        """What a line says that it may not say; empty when all of it is supported."""
        found = [f"claim: {claim}" for claim in line.claims if not self.holds(claim)]
        rest = self._without_quotes(text, line)
        found += [f"title: {title}" for title in self._titles(rest, line)]
        found += [f"person: {person}" for person in self._people(rest, line)]
        for name in sorted({*line.titles, *line.people}, key=len, reverse=True):
            rest = rest.replace(name, " ")
        said = {number.replace(",", "") for number in _NUMBER.findall(rest)}
        allowed = {f"{number:g}" for number in line.numbers} | {
            f"{number:g}" for claim in line.claims if (number := claim.number) is not None
        }
        found += [f"number: {number}" for number in sorted(said - allowed) if number.rstrip("s") not in allowed]
        return found

    def holds(self, claim: Claim) -> bool:
        """Whether the catalogue supports a claim."""
        if claim.item_id not in self.catalogue.row:
            return False
        item = self.catalogue.get(claim.item_id)
        if claim.than is not None:
            mine = self.catalogue.number(item, claim.facet)
            theirs = self.catalogue.number(self.catalogue.get(claim.than), claim.facet)
            return (
                mine is not None
                and theirs is not None
                and claim.number is not None
                and (mine - theirs) * claim.number > 0
            )
        if claim.number is not None:
            return self.catalogue.number(item, claim.facet) == claim.number
        return claim.value in self.catalogue.values(item, claim.facet)

    def _without_quotes(self, text: str, line: Line) -> str:
        for quote in sorted({*line.quotes, *line.slots.values()} & set(line.quotes), key=len, reverse=True):
            if len(quote) > 3:
                text = text.replace(quote, " ")
        return QUOTED.sub(lambda match: " " if _quotation(match) in {"", *line.quotes} else match[0], text)

    def _titles(self, text: str, line: Line) -> list[str]:
        allowed = {title.casefold() for title in line.titles}
        # Where two items share a title, the title with its year may be a name of its own.
        allowed |= {f"{title} ({number:g}" for title in allowed for number in line.numbers}
        values = [claim.value for claim in line.claims if claim.value is not None]
        found: list[str] = []
        for kind, surface in self._names(text):
            if kind != "item" or surface.casefold() in allowed:
                continue
            if any(surface in name for name in line.titles + line.people):
                continue
            # A claimed value may be named like an item (a series like its first part), once a claim; a year
            # behind it says that the item is meant.
            value = next((value for value in values if surface in value), None)
            if value is None or f"{surface} (" in text:
                found.append(surface)
            else:
                values.remove(value)
        return found

    def _people(self, text: str, line: Line) -> list[str]:
        return [surface for kind, surface in self._names(text) if kind == "person"
                and not any(surface in name for name in line.people + line.titles)]  # fmt: skip

    def _names(self, text: str) -> list[tuple[str, str]]:
        """Runs of two words or more that are the whole name of an item or a person and are written like a name."""
        words = tokens(fold(text))
        found: list[tuple[str, str]] = []
        place = 0
        while place < len(words):
            for size in range(min(self.gazetteer.longest, len(words) - place), 1, -1):
                window = words[place : place + size]
                surface = _spread(text, window)
                if not self._like_a_name(surface, text, window):
                    continue
                names = self.gazetteer.named(" ".join(key_word(token.word) for token in window))
                kinds = [
                    name.kind for name in names if name.kind in {"item", "person"} and name.form in {"full", "synonym"}
                ]
                if kinds:
                    found.append((kinds[0], surface))
                    place += size - 1
                    break
            place += 1
        return found

    def _like_a_name(self, surface: str, text: str, words: Sequence[Token]) -> bool:
        """Whether words are capitalised at both ends, or exactly as a title that the catalogue writes otherwise.

        Two signs of a writing without spaces are a name only between title marks: most such pairs are plain words.
        """
        if surface[0].islower():
            return False
        if len(words) < _SIGNS_OF_A_NAME and all(is_sign(token.word) for token in words):
            marks = text[words[0].start - 1 : words[0].start] + text[words[-1].end : words[-1].end + 1]
            return marks in _TITLE_MARKS
        if surface in self._written:
            return True
        first, last = surface[0], surface.split()[-1]
        return (first.isupper() or first.isdigit()) and any(char.isupper() or char.isdigit() for char in last)


def _quotation(match: re.Match[str]) -> str:
    """What stands between the quotation marks that were found."""
    return next(text for text in match.groups() if text is not None).strip()


def _spread(text: str, words: Sequence[Token]) -> str:
    """The part of a text from its first word to its last, as it is written."""
    return text[words[0].start : words[-1].end] if words else ""
