"""Numbers people say: years, decades, ranges, lengths, ages and how many they want.

The words for them come from the lexicon of a language (`quantities` in bot/lexicon/<language>.yaml); what they
mean is the same in every language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from bot.lexicon import Lexicon, Sides, load_lexicon
from retrieval.domain import DomainConfig

_YEAR = r"(?:18|19|20)\d\d"
_NEAR_YEARS = 3  # "around 1990" is three years either way
_NEAR_MINUTES = 15
_RECENT_TENS = 20  # "the 20s" are of this century, "the 30s" of the last
_MOST_WANTED = 10
_GROWN_UP = 18


class Quantity(NamedTuple):
    """A numeric wish. facet: year, decade, length, age or count; bounds inclusive, in the catalogue's unit."""

    facet: str
    value: str
    low: float | None
    high: float | None
    start: int
    end: int
    approximate: bool = False
    relative: bool = False


def canonical(low: float | None, high: float | None) -> str:
    """The canonical text of a range: "1980-1989", "<=90", ">=2000", "1994"."""
    if low is not None and high is not None:
        return f"{low:g}" if low == high else f"{low:g}-{high:g}"
    return f"<={high:g}" if high is not None else f">={low:g}"


def parse_range(text: str) -> tuple[float | None, float | None] | None:
    """Bounds of a canonical text ("1980s", "<1990", ">=120", "1980-1989", "1994"), or None if it is not one."""
    plain = text.replace(" ", "")
    if match := re.fullmatch(r"(\d{3}0)s", plain):
        return float(match[1]), float(match[1]) + 9
    if match := re.fullmatch(r"(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)", plain):
        return float(match[1]), float(match[2])
    if match := re.fullmatch(r"(<=|<|>=|>|=)?(-?\d+(?:\.\d+)?)", plain):
        number = float(match[2])
        step = 1.0 if number == int(number) else 1e-6
        return {
            "<": (None, number - step), "<=": (None, number), ">": (number + step, None), ">=": (number, None),
        }.get(match[1] or "=", (number, number))  # fmt: skip
    return None


def find_quantities(folded: str, lexicon: Lexicon, domain: DomainConfig) -> list[Quantity]:
    """All quantities of a folded text, longest reading first where two overlap, in text order."""
    speech = _speech(lexicon.language, (domain.noun.one, domain.noun.many, *domain.called))
    found = [*speech.decades(folded), *speech.years(folded), *speech.relative_years(folded)]
    found += [*speech.lengths(folded), *speech.ages(folded), *speech.counts(folded)]
    found.sort(key=lambda quantity: (quantity.start - quantity.end, quantity.start))
    kept: list[Quantity] = []
    for quantity in found:
        if all(quantity.end <= old.start or quantity.start >= old.end for old in kept):
            kept.append(quantity)
    return sorted(kept, key=lambda quantity: quantity.start)


class _Speech:
    """The compiled number words of one language, for one set of nouns."""

    def __init__(self, lexicon: Lexicon, nouns: tuple[str, ...]) -> None:
        self.lexicon = lexicon
        self.said = lexicon.quantities
        self._gap = r" ?" if lexicon.spaced else ""
        self._words = "|".join(sorted(lexicon.numbers, key=len, reverse=True))
        self._nouns = "|".join(map(re.escape, nouns))
        self._before, self._behind = _sides(self.said.before), _sides(self.said.behind)
        joins = "|".join(self.said.joins)
        self._joins = re.compile(rf"\s*(?:{joins})\s*")
        self._decades = [self._between_sides(core) for core in self.said.decades]
        year_words = rf"(?:{'|'.join(self.said.year_words)})?" if self.said.year_words else ""
        self._year = self._between_sides(rf"(?P<year>{_YEAR}){year_words}")
        self._alone = self._all(self.said.years)
        self._spans = self._all(self.said.year_spans)
        self._relative = {kind: self._all(patterns) for kind, patterns in self.said.relative.items()}
        under, over = "|".join(self.said.under), "|".join(self.said.over)
        under_behind, over_behind = "|".join(self.said.under_behind), "|".join(self.said.over_behind)
        self._lengths = [
            self._compiled(
                rf"(?:(?:(?P<under>{under})|(?P<over>{over})|(?P<about>{'|'.join(self.said.about)})){self._gap})?"
                rf"(?:{core})(?:{self._gap}(?:(?P<less>{under_behind})|(?P<more>{over_behind})))?"
            )
            for core in self.said.lengths
        ]
        self._length_spans = self._all(self.said.length_spans)
        self._ages, self._counts = self._all(self.said.ages), self._all(self.said.counts)

    def decades(self, folded: str) -> list[Quantity]:
        found = sorted(self._each_decade(folded), key=lambda quantity: (quantity.start, -quantity.end))
        joined: list[Quantity] = []
        for quantity in found:
            previous = joined[-1] if joined else None
            if previous is not None and quantity.start < previous.end:
                continue
            between = folded[previous.end : quantity.start] if previous else ""
            if (
                previous is not None and previous.low is not None and quantity.high is not None
                and self._joins.fullmatch(between)
            ):  # fmt: skip
                # "60s or 70s" and "60s to the 80s" become one range.
                low, high = min(previous.low, quantity.low or previous.low), max(previous.high or 0, quantity.high)
                joined[-1] = Quantity("decade", canonical(low, high), low, high, previous.start, quantity.end)
            else:
                joined.append(quantity)
        return joined

    def _each_decade(self, folded: str) -> Iterator[Quantity]:
        for pattern in self._decades:
            for match in pattern.finditer(folded):
                said = match.groupdict()
                first = self._first_year(said)
                ends = {"early": (0, 4), "mid": (3, 6), "late": (5, 9)}
                part = next((name for name in ends if said.get(name)), "")
                low, high = (float(first + end) for end in ends.get(part, (0, 9)))
                where = match.start(), match.end()
                match self._side(match):
                    case "before":
                        yield Quantity("year", f"<{low:g}", None, low - 1, *where)
                    case "until":
                        yield Quantity("year", canonical(None, high), None, high, *where)
                    case "after":
                        yield Quantity("year", canonical(high + 1, None), high + 1, None, *where)
                    case "since":
                        yield Quantity("year", canonical(low, None), low, None, *where)
                    case _:
                        yield Quantity("decade", canonical(low, high) if part else f"{first}s", low, high, *where)

    def _first_year(self, said: dict[str, str | None]) -> int:
        if full := said.get("full"):
            return int(full) * 10
        name = said.get("name")
        tens = self.lexicon.decades[name] if name else int(said["short"] or 0) * 10
        if name:
            return tens if tens >= 100 else 1900 + tens
        return (2000 if tens <= _RECENT_TENS else 1900) + tens

    def years(self, folded: str) -> Iterator[Quantity]:
        for pattern in self._spans:
            for match in pattern.finditer(folded):
                low, high = sorted(float(year) for year in re.findall(_YEAR, match.group())[:2])
                yield Quantity("year", canonical(low, high), low, high, match.start(), match.end())
        for match in self._year.finditer(folded):
            year, where = float(match["year"]), (match.start(), match.end())
            match self._side(match):
                case "before":
                    yield Quantity("year", f"<{year:g}", None, year - 1, *where)
                case "until":
                    yield Quantity("year", canonical(None, year), None, year, *where)
                case "after":
                    yield Quantity("year", canonical(year + 1, None), year + 1, None, *where)
                case "since":
                    yield Quantity("year", canonical(year, None), year, None, *where)
                case "near":
                    low, high = year - _NEAR_YEARS, year + _NEAR_YEARS
                    yield Quantity("year", canonical(low, high), low, high, *where, True)
                case "exact":
                    yield Quantity("year", f"{year:g}", year, year, *where)
        for pattern in self._alone:
            for match in pattern.finditer(folded):
                year = float(match["year"])
                yield Quantity("year", f"{year:g}", year, year, match.start(), match.end())

    def relative_years(self, folded: str) -> Iterator[Quantity]:
        now = date.today().year
        for kind, patterns in self._relative.items():
            for match in (match for pattern in patterns for match in pattern.finditer(folded)):
                count = self._value(match.groupdict().get("n")) or 1.0
                low: float | None
                low, high = {
                    "last_years": (now - count, None), "last_decades": (now - 10 * count, None),
                    "last_century": (1901.0, 2000.0), "this_century": (2000.0, None),
                    "this_decade": (now // 10 * 10.0, None), "this_year": (float(now), None),
                    "last_year": (now - 1.0, now - 1.0), "years_old": (None, now - count),
                }[kind]  # fmt: skip
                relative = not kind.endswith("_century")
                where = match.start(), match.end()
                yield Quantity("year", canonical(low, high), low, high, *where, relative=relative)

    def lengths(self, folded: str) -> Iterator[Quantity]:
        for pattern in self._length_spans:
            for match in pattern.finditer(folded):
                few, many = sorted((self._value(match["few"]), self._value(match["many"])))
                yield Quantity("length", canonical(few, many), few, many, match.start(), match.end())
        low: float | None
        high: float | None
        for pattern in self._lengths:
            for match in pattern.finditer(folded):
                said = match.groupdict()
                minutes = 60 * self._value(said.get("hours")) + self._value(said.get("minutes"))
                minutes += (60 if said.get("hour") else 0) + (30 if said.get("half") else 0)
                if not minutes:
                    continue
                if said["under"] or said["less"]:
                    low, high = None, minutes
                elif said["over"] or said["more"]:
                    low, high = minutes, None
                else:
                    low, high = minutes - _NEAR_MINUTES, minutes + _NEAR_MINUTES
                loose = low is not None and high is not None
                yield Quantity("length", canonical(low, high), low, high, match.start(), match.end(), loose)

    def ages(self, folded: str) -> Iterator[Quantity]:
        matches = [match for pattern in self._ages for match in pattern.finditer(folded)]
        said = {match.span(): [self._value(a) for name, a in match.groupdict().items() if a and name.startswith("age")]
                for match in matches}  # fmt: skip
        young = {span: min(ages) for span, ages in said.items() if min(ages) < _GROWN_UP}
        for start, end in young:
            # "5 and 8 year olds": what suits the youngest suits all.
            age = min(young.values())
            yield Quantity("age", canonical(None, age), None, age, start, end)

    def counts(self, folded: str) -> Iterator[Quantity]:
        for match in (match for pattern in self._counts for match in pattern.finditer(folded)):
            count = self._value(match["count"])
            if 1 <= count <= _MOST_WANTED:
                yield Quantity("count", f"{count:g}", count, count, match.start("count"), match.end("count"))

    def _side(self, match: re.Match[str]) -> str:
        """Which side of a year is meant: before, until, after, since, near, exact, or "" where nothing says."""
        lead, tail = match["lead"] or "", match["tail"] or ""
        behind = next((side for side, pattern in self._behind.items() if tail and pattern.fullmatch(tail)), "")
        side = next((side for side, pattern in self._before.items() if lead and pattern.fullmatch(lead)), "")
        return side if side not in {"", "exact"} else behind or side

    def _value(self, word: str | None) -> float:
        if not word:
            return 0.0
        known = self.lexicon.numbers.get(word)
        return float(known) if known is not None else float(word.replace(",", "."))

    def _between_sides(self, core: str) -> re.Pattern[str]:
        lead = "|".join(pattern for patterns in self.said.before.all() for pattern in patterns)
        tail = "|".join(pattern for patterns in self.said.behind.all() for pattern in patterns)
        return self._compiled(rf"(?:(?P<lead>{lead}){self._gap})?(?:{core})(?:,?{self._gap}(?P<tail>{tail}))?")

    def _all(self, patterns: list[str]) -> list[re.Pattern[str]]:
        return [self._compiled(pattern) for pattern in patterns]

    def _compiled(self, pattern: str) -> re.Pattern[str]:
        filled = pattern.replace("{number}", rf"(?:\d+(?:[.,]\d+)?|{self._words})").replace("{words}", self._words)
        filled = filled.replace("{nouns}", self._nouns).replace("{year}", _YEAR)
        return re.compile(rf"(?<![\w'])(?:{filled})(?![\w'])" if self.lexicon.spaced else rf"(?<!\d)(?:{filled})(?!\d)")


def _sides(sides: Sides) -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile("|".join(patterns))
        for name, patterns in sides.model_dump().items() if patterns
    }  # fmt: skip


@lru_cache(maxsize=32)
def _speech(language: str, nouns: tuple[str, ...]) -> _Speech:
    return _Speech(load_lexicon(language), nouns)
