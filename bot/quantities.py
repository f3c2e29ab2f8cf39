"""Numbers people say: years, decades, ranges, lengths, ages and how many they want."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from bot.lexicon import Lexicon
from retrieval.domain import DomainConfig


class Quantity(NamedTuple):
    """A numeric wish. facet: year, decade, length, age or count; bounds inclusive, in the catalogue's unit."""

    facet: str
    value: str
    low: float | None
    high: float | None
    start: int
    end: int
    approximate: bool = False


_BEFORE = (
    r"(?:before|pre-?|earlier than|older than|prior to|until|up to|no (?:later|newer) than|not after|by the end of)"
)
_AFTER = (
    r"(?:after|since|post-?|later than|newer than|more recent than|from|starting(?: in| from)?"
    r"|no (?:earlier|older) than|not before|not older than)"
)
_YEAR = r"((?:18|19|20)\d\d)"
_UNDER = (
    r"(?:under|below|less than|shorter than|at most|no (?:more|longer) than|not (?:more|longer) than"
    r"|max(?:imum)?(?: of)?|(?:only|just) (?:have|got)|within|up to|not over)"
)
_OVER = r"(?:over|above|more than|longer than|at least|no (?:less|shorter) than|min(?:imum)?(?: of)?)"


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
    found = [*_decades(folded, lexicon), *_years(folded), *_relative_years(folded, lexicon)]
    found += [*_lengths(folded, lexicon), *_ages(folded, lexicon), *_counts(folded, lexicon, domain)]
    found.sort(key=lambda quantity: (quantity.start - quantity.end, quantity.start))
    kept: list[Quantity] = []
    for quantity in found:
        if all(quantity.end <= old.start or quantity.start >= old.end for old in kept):
            kept.append(quantity)
    return sorted(kept, key=lambda quantity: quantity.start)


def _decades(folded: str, lexicon: Lexicon) -> list[Quantity]:
    names = "|".join(sorted(lexicon.decades, key=len, reverse=True))
    one = rf"(?:(?P<full>(?:18|19|20)\d)0'?s|'?(?P<short>\d)0'?s|(?P<name>{names}))"
    pattern = re.compile(
        rf"(?<![\w'])(?:(?P<side>{_BEFORE}|{_AFTER}) )?"
        rf"(?:the )?(?:(?P<part>early|mid|late)[ -])?(?:the )?{one}(?![\w'])"
        rf"(?:,? (?:or|and) (?P<tail>newer|later|after|up|onwards?|older|earlier|before))?"
    )
    found = []
    for match in pattern.finditer(folded):
        if match["full"]:
            first = int(match["full"]) * 10
        else:
            tens = int(match["short"]) * 10 if match["short"] else lexicon.decades[match["name"]]
            first = (2000 if tens <= 20 and not match["name"] else 1900) + tens
            if match["name"] in {"noughties", "two thousands"}:
                first = 2000
        low, high = {"early": (first, first + 4), "mid": (first + 3, first + 6), "late": (first + 5, first + 9)}.get(
            match["part"] or "", (first, first + 9)
        )
        side = match["side"] or {"older": "until", "earlier": "until", "before": "until", None: ""}.get(
            match["tail"], "since"
        )
        if re.fullmatch(_BEFORE, side) and not re.match("until|up to|by", side):
            found.append(Quantity("year", f"<{low}", None, low - 1, match.start(), match.end()))
        elif re.fullmatch(_BEFORE, side):
            found.append(Quantity("year", canonical(None, high), None, high, match.start(), match.end()))
        elif re.fullmatch(_AFTER, side) and side != "from":
            start = low if side in {"since", "starting in", "starting from", "starting"} else high + 1
            found.append(Quantity("year", canonical(start, None), start, None, match.start(), match.end()))
        else:
            value = f"{first}s" if not match["part"] else canonical(low, high)
            found.append(Quantity("decade", value, low, high, match.start(), match.end()))
    return _joined_decades(folded, found)


def _joined_decades(folded: str, found: list[Quantity]) -> list[Quantity]:
    """ "60s or 70s" and "60s to the 80s" become one range."""
    joined: list[Quantity] = []
    for quantity in found:
        previous = joined[-1] if joined else None
        between = folded[previous.end : quantity.start] if previous else ""
        if (
            previous
            and previous.low is not None
            and quantity.high is not None
            and re.fullmatch(r"\s*(?:or|and|to|through|-|,|or the|and the|to the)\s*", between)
        ):
            low, high = min(previous.low, quantity.low or previous.low), max(previous.high or 0, quantity.high)
            joined[-1] = Quantity("decade", canonical(low, high), low, high, previous.start, quantity.end)
        else:
            joined.append(quantity)
    return joined


def _years(folded: str) -> list[Quantity]:
    found = []
    for match in re.finditer(
        rf"(?<![\w'])(?:between |from )?{_YEAR}\s*(?:-|to|and|until|through)\s*{_YEAR}(?!\w)", folded
    ):
        low, high = sorted((float(match[1]), float(match[2])))
        found.append(Quantity("year", canonical(low, high), low, high, match.start(), match.end()))
    for match in re.finditer(rf"(?<![\w'])({_BEFORE})\s*{_YEAR}(?!\w)", folded):
        year = float(match[2])
        inclusive = re.match(r"until|up to|no later|not after|by", match[1]) is not None
        value, high = (canonical(None, year), year) if inclusive else (f"<{year:g}", year - 1)
        found.append(Quantity("year", value, None, high, match.start(), match.end()))
    for match in re.finditer(rf"(?<![\w'])({_AFTER})\s*{_YEAR}(?: on| onwards?| and later)?(?!\w)", folded):
        year = float(match[2])
        onwards = folded[match.start() : match.end()].endswith(("on", "onward", "onwards", "later"))
        if match[1] == "from" and not onwards:
            found.append(Quantity("year", f"{year:g}", year, year, match.start(), match.end()))
        else:
            start = (
                year
                if onwards or re.match(r"since|start|no earlier|no older|not before|not older", match[1])
                else year + 1
            )
            found.append(Quantity("year", canonical(start, None), start, None, match.start(), match.end()))
    for match in re.finditer(
        rf"(?<![\w']){_YEAR},? (?:(?:or|and) (?P<side>later|newer|after|up|earlier|older|before)|onwards?)\b", folded
    ):
        year = float(match[1])
        down = match["side"] in {"earlier", "older", "before"}
        if down:
            found.append(Quantity("year", canonical(None, year), None, year, match.start(), match.end()))
        else:
            found.append(Quantity("year", canonical(year, None), year, None, match.start(), match.end()))
    for match in re.finditer(rf"(?<![\w'])(?:in|of|around|circa|about) {_YEAR}(?!\w)", folded):
        year = float(match[1])
        loose = not match.group().startswith(("in", "of"))
        low, high = (year - 3, year + 3) if loose else (year, year)
        found.append(Quantity("year", canonical(low, high), low, high, match.start(), match.end(), loose))
    return found


def _relative_years(folded: str, lexicon: Lexicon) -> list[Quantity]:
    this_year = date.today().year
    number = "|".join(sorted(lexicon.numbers, key=len, reverse=True))
    found = []
    for match in re.finditer(
        rf"\b(?:the )?(?:last|past|previous) (?:(\d+|{number}) )?(years?|decade|century)\b", folded
    ):
        count = _number(match[1], lexicon) if match[1] else 1
        span = {"d": 10, "c": 100}.get(match[2][0], count)
        if match[2] == "century":
            found.append(Quantity("year", "1901-2000", 1901, 2000, match.start(), match.end()))
        else:
            low = this_year - span
            found.append(Quantity("year", canonical(low, None), low, None, match.start(), match.end()))
    for match in re.finditer(r"\bthis (century|decade|year)\b", folded):
        low = {"century": 2001, "decade": this_year // 10 * 10, "year": this_year}[match[1]]
        found.append(Quantity("year", canonical(low, None), low, None, match.start(), match.end()))
    for match in re.finditer(
        rf"\b(?:more than|over|at least|older than) (\d+|{number}) years? old\b|\bolder than (\d+|{number}) years\b",
        folded,
    ):
        high = this_year - _number(match[1] or match[2], lexicon)
        found.append(Quantity("year", canonical(None, high), None, high, match.start(), match.end()))
    return found


def _lengths(folded: str, lexicon: Lexicon) -> list[Quantity]:
    number = "|".join(sorted(lexicon.numbers, key=len, reverse=True))
    hours = (
        rf"(?:(?P<hours>\d+(?:\.\d+)?|(?:an?|{number})(?=[ -]))(?: and (?P<halved>a half))?"
        rf"[ -]?h(?:(?:ou)?rs?)?(?: and (?P<half>a half))?"
        rf"(?: ?(?:and )?(?P<rest>\d+)(?: ?m(?:in(?:ute)?s?)?)?)?)"
    )
    minutes = r"(?:(?P<minutes>\d+)[ -]?m(?:in(?:ute)?s?)?)"
    pattern = re.compile(
        rf"(?<![\w'])(?:(?P<under>{_UNDER})|(?P<over>{_OVER})|(?P<about>about|around|roughly))? ?"
        rf"(?:{hours}|{minutes}|(?P<halfhour>half an hour))"
        rf"(?P<tail> (?:max(?:imum)?|or less|tops|at most|or under)| (?:or more|at least|minimum))?(?![\w'])"
    )
    found = []
    for match in re.finditer(r"(?:\bbetween )?\b(\d+) ?(?:and|to|-) ?(\d+) ?min(?:ute)?s?\b", folded):
        few, many = sorted((float(match[1]), float(match[2])))
        found.append(Quantity("length", canonical(few, many), few, many, match.start(), match.end()))
    low: float | None
    high: float | None
    for match in pattern.finditer(folded):
        if match["minutes"]:
            length = float(match["minutes"])
        elif match["halfhour"]:
            length = 30.0
        else:
            count = 1.0 if match["hours"] in {"a", "an"} else _number(match["hours"], lexicon)
            length = 60 * count + (30 if match["half"] or match["halved"] else 0) + float(match["rest"] or 0)
        tail = (match["tail"] or "").strip()
        if match["under"] or tail in {"max", "maximum", "or less", "tops", "at most", "or under"}:
            low, high = None, length
        elif match["over"] or tail:
            low, high = length, None
        else:
            low, high = length - 15, length + 15
        value = canonical(low, high)
        loose = low is not None and high is not None
        found.append(Quantity("length", value, low, high, match.start(), match.end(), loose))
    return found


def _ages(folded: str, lexicon: Lexicon) -> list[Quantity]:
    number = "|".join(sorted(lexicon.numbers, key=len, reverse=True))
    pattern = re.compile(
        rf"\b(?P<a>\d{{1,2}}|{number})(?:[ -]years?[ -]olds?|[ -]?y/?o)\b"
        r"|\b(?:kids?|children|ages?|aged|daughter|son|niece|nephew)(?: of| is| are| under| aged)?"
        rf" (?P<b>\d{{1,2}}|{number})\b(?! (?:minutes|hours))"
    )
    found = []
    for match in pattern.finditer(folded):
        age = _number(match["a"] or match["b"], lexicon)
        found.append(Quantity("age", canonical(None, age), None, age, match.start(), match.end()))
    return found


def _counts(folded: str, lexicon: Lexicon, domain: DomainConfig) -> list[Quantity]:
    number = "|".join(sorted(lexicon.numbers, key=len, reverse=True))
    nouns = "|".join(map(re.escape, [domain.noun.one, domain.noun.many, *domain.called]))
    pattern = re.compile(
        r"\b(?:(?:give|show|find|recommend|suggest|tell|list) (?:me |us )?"
        r"|i (?:want|need|only want|just want) |just |only )"
        rf"(?:a )?(?P<a>\d{{1,2}}|{number})\b(?! (?:of|minutes|hours|years|hour))"
        rf"|\b(?:a |top )(?P<c>couple|10|\d)\b(?= of\b| \w)"
        rf"|\b(?:a )?(?P<b>\d{{1,2}}|{number})(?: of)?(?: \w+)?"
        rf" (?:{nouns}|suggestions?|options?|recommendations?|picks?|ideas?)\b"
    )
    found = []
    for match in pattern.finditer(folded):
        count = _number(match["a"] or match["b"] or match["c"], lexicon)
        alone = match["b"] in {"one", "single"} and not re.search(r"\b(?:just|only) $", folded[: match.start()])
        if alone or not 1 <= count <= 10:
            continue
        name = next(group for group in "abc" if match[group])
        found.append(Quantity("count", f"{count:g}", count, count, match.start(name), match.end(name)))
    return found


def _number(word: str, lexicon: Lexicon) -> float:
    return float(lexicon.numbers[word]) if word in lexicon.numbers else float(word)
