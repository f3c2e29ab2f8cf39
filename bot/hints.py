"""What the words around a possible name say of it, in one language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.lexicon import NEVER, load_lexicon, turn_pattern
from retrieval.domain import DomainConfig

_REACH = 60  # characters that are looked at on either side of a name
_OPENING, _CLOSING = "\"'«‹《「『“„", "\"'»›》」』”“"  # noqa: RUF001
_YEAR = r"(?<!\d)(?:18|19|20)\d\d(?!\d)"
_ENDS = r"$|[,.!?;:)…。、]|- "


class Hints:
    """The patterns of a lexicon's section `linking`, compiled for a domain. Places are offsets in a folded text."""

    def __init__(self, language: str, nouns: tuple[str, ...], people: tuple[str, ...], verbs: tuple[str, ...]) -> None:
        self.lexicon = load_lexicon(language)
        said = self.lexicon.linking
        self._spaced = self.lexicon.spaced
        self.words = said
        self.nouns = frozenset(noun.lower() for noun in nouns)
        names = [re.escape(noun) for noun in self.nouns]
        self._asked = self._before(said.asked)
        self._called = self._before(said.called)
        self._leads = self._before([*said.title_leads, *names, *map(re.escape, verbs)])
        self._determiners = self._before(said.determiners)
        self._about = self._before(said.about)
        self._people = self._before([*said.person_leads, *said.joiners, *map(re.escape, people)], r"|[,、]\s*$")
        self._led_people = self._before([*said.person_leads, *map(re.escape, people)])
        self._persons = self._before([*said.name_leads, *said.weak_name_leads, *map(re.escape, people)])
        self._all_of = turn_pattern(language, "all_of", nouns)
        self._places = self._before(said.place_leads)
        self._years = self._before([way.replace("{year}", f"(?P<year>{_YEAR})") for way in said.year_before])
        self._closes = self._behind(said.clause_end, f"|{_ENDS}")
        self._ends = re.compile(rf"[\s\"')]*(?:{_ENDS})")
        self._nouns = self._behind(names)
        self._series = self._behind(said.series)
        number = "|".join(sorted(self.lexicon.numbers, key=len, reverse=True)) or NEVER
        ordinals = "|".join(sorted(self.lexicon.ordinals, key=len, reverse=True)) or NEVER
        part = "|".join(said.part) or NEVER
        space = " " if self._spaced else ""
        article = f"(?:{space}(?:{'|'.join(said.between) or NEVER}))?"
        self._next = self._behind(said.sequel_behind)
        self._next_ahead = self._before([way + article for way in said.sequel_before])
        self._numbered = self._behind([rf"(?:{part}){space}(?P<n>\d|{number})", r"(?P<digit>[2-9])"])
        self._counted = self._before([rf"(?P<n>{ordinals})(?:{space}(?:{part})(?: of)?)?{article}"])
        dated = [way.replace("{year}", _YEAR) for way in said.year_after]
        self._year = self._behind(dated, rf"|[,!?.]?\s*\(?{_YEAR}\)?")
        self._between = self._before([*said.between, *said.joiners, *names], r"|[,、]\s*$")
        self._joined = self._before(said.joiners, r"|[,、]\s*$")

    def _before(self, patterns: Iterable[str], more: str = "") -> re.Pattern[str]:
        ways = "|".join(patterns) or NEVER
        return re.compile(rf"(?<![\w'])(?:{ways})\s+$" + more if self._spaced else rf"(?:{ways})\s*$" + more)

    def _behind(self, patterns: Iterable[str], more: str = "") -> re.Pattern[str]:
        ways = "|".join(sorted(patterns, key=len, reverse=True)) or NEVER
        bound = r"(?!\w)" if self._spaced else ""
        return re.compile(rf"\s*(?:(?:{ways}){bound}{more})")

    def asked(self, folded: str, start: int) -> bool:
        """Whether a question about a title leads up to a place."""
        return self._is_before(self._asked, folded, start)

    def led(self, folded: str, start: int) -> bool:
        """Whether the words before a place are such as stand before titles: "watch", "heard of", "check out"."""
        return self._is_before(self._leads, folded, start)

    def determined(self, folded: str, start: int) -> bool:
        """Whether an article or a possessive stands before a place, as before a common noun."""
        return self._is_before(self._determiners, folded, start)

    def goes_on(self, folded: str, start: int) -> bool:
        """Whether "and" or the like stands before a place."""
        return self._is_before(self._joined, folded, start)

    def about(self, folded: str, start: int) -> bool:
        """Whether what an item is about comes next."""
        return self._is_before(self._about, folded, start)

    def personal(self, folded: str, start: int, listed: bool = True) -> bool:
        """Whether a person may come next, by what is said or, where it counts, because a list goes on."""
        return self._is_before(self._people if listed else self._led_people, folded, start)

    def surely_personal(self, folded: str, start: int) -> bool:
        """Whether a person comes next."""
        return self._is_before(self._persons, folded, start)

    def all_of(self, folded: str, start: int, end: int) -> bool:
        """Whether words like "all the" stand before a name and a word for items behind: "all the X ones"."""
        lead = folded[max(0, start - _REACH) : start]
        whole = any(not lead[match.end() :].strip() for match in self._all_of.finditer(lead))
        return whole and self.noun_follows(folded, end)

    def placed(self, folded: str, start: int) -> bool:
        """Whether a place comes next."""
        return self._is_before(self._places, folded, start)

    def closes(self, folded: str, end: int) -> bool:
        """Whether a name is complete at a place: nothing there would belong to it."""
        return self._closes.match(folded, end, end + _REACH) is not None and not self.noun_follows(folded, end)

    def ends(self, folded: str, end: int) -> bool:
        """Whether the text or a part of a sentence ends at a place."""
        return self._ends.match(folded, end) is not None

    def noun_follows(self, folded: str, end: int) -> bool:
        """Whether a word for an item stands behind a place."""
        return self._nouns.match(folded, end) is not None

    def series_follows(self, folded: str, end: int) -> bool:
        """Whether a word for a series stands behind a place."""
        return self._series.match(folded, end) is not None

    def next_part(self, folded: str, start: int, end: int) -> tuple[int, int] | None:
        """Where the words begin and end that mean the part after a title ("X sequel", "sequel to X"), or None."""
        if match := self._next.match(folded, end):
            return start, match.end()
        ahead = self._next_ahead.search(folded, max(0, start - _REACH), start)
        return (ahead.start(), end) if ahead else None

    def part(self, folded: str, start: int, end: int) -> tuple[int, int, int] | None:
        """The number of a part said with a title, and where the words begin and end ("the second X", "X part two")."""
        if match := self._numbered.match(folded, end):
            said = match["n"] or match["digit"]
            if match["n"] or self.closes(folded, match.end()):
                return int(said) if said.isdigit() else self.lexicon.numbers[said], start, match.end()
        ahead = self._counted.search(folded, max(0, start - _REACH), start)
        return (self.lexicon.ordinals[ahead["n"]], ahead.start(), end) if ahead else None

    def apposed(self, folded: str, end: int, start: int) -> bool:
        """Whether nothing but the word that leads up to a person stands between a title and a person."""
        between = folded[end:start]
        return (
            len(between.split()) < 4
            and between[:1] not in ",.;:!?"
            and (
                self._persons.fullmatch(between.lstrip()) is not None
                or (self.surely_personal(folded, start) and self.noun_follows(folded, end))
            )
        )

    def year_behind(self, folded: str, end: int) -> tuple[int, int] | None:
        """The year that stands with a title and where it ends, or None."""
        match = self._year.match(folded, end)
        found = re.search(_YEAR, match.group()) if match else None
        return (int(found.group()), match.end()) if match and found else None

    def year_ahead(self, folded: str, start: int) -> tuple[int, int] | None:
        """The year that stands before a title and where it begins, or None."""
        match = self._years.search(folded, max(0, start - _REACH), start)
        return (int(match["year"]), match.start("year")) if match else None

    def called(self, text: str, folded: str, start: int, end: int) -> bool:
        """Whether words stand in quotes, or "called" before them: then they are a title, whatever they are."""
        quoted = text[max(0, start - 1) : start] in set(_OPENING) and text[end:].lstrip("!?.")[:1] in set(_CLOSING)
        return quoted or self._is_before(self._called, folded, start)

    def step_back(self, lead: str) -> str:
        """A text without its last word where that may stand between a cue and a name; the same text otherwise."""
        match = self._between.search(f"{lead} ", max(0, len(lead) - _REACH))
        return lead[: match.start()].rstrip() if match else lead

    def joins(self, between: str) -> bool:
        """Whether the words between two names make them a list."""
        return self._joined.search(f"{between.strip()} ") is not None

    def _is_before(self, pattern: re.Pattern[str], folded: str, start: int) -> bool:
        return pattern.search(folded, max(0, start - _REACH), start) is not None


def hints_of(language: str, domain: DomainConfig) -> Hints:
    """The hints of a language for a domain said in it, compiled once."""
    verbs = (domain.verb.base, domain.verb.past, domain.verb.gerund)
    return _hints(language, domain.item_words, domain.person_nouns, verbs)


@lru_cache(maxsize=32)
def _hints(language: str, nouns: tuple[str, ...], people: tuple[str, ...], verbs: tuple[str, ...]) -> Hints:
    return Hints(language, nouns, people, verbs)
