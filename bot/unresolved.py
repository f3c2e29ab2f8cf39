"""Names that people say and the catalogue does not have: kept and said so, never replaced by a neighbour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from bot.cues import Cue
from bot.lexicon import NEVER, Lexicon, load_lexicon
from bot.linking import Span
from bot.quantities import Quantity
from bot.records import Entity
from bot.references import Pointer
from bot.text import Token
from bot.verdicts import AVOIDED
from retrieval.domain import DomainConfig

_TITLE_RELATIONS = {"similar", "seen", "like", "dislike"}
_LETTERS = r"(?:[^\W\d_]|['-])+"
_TITLE_QUOTES = re.compile(r"《([^》]{1,60})》|「([^」]{1,60})」|『([^』]{1,60})』")
_MOST_WORDS = 6
_PLAIN_NAME = 3


class _Patterns(NamedTuple):
    """What unknown names look like in one language.

    capitals: a run of capitalised words with small ones between; rest: the words after a cue up to where a name ends;
    person: two words behind a lead that stands before people; lead: such a lead at the end of a text; weak: one that
    stands before much else too; given: whole patterns of the language, with a group `person` or `item`;
    asked: the same for what a question is about.
    """

    capitals: re.Pattern[str]
    rest: re.Pattern[str]
    person: re.Pattern[str]
    lead: re.Pattern[str]
    weak: re.Pattern[str]
    given: tuple[re.Pattern[str], ...]
    asked: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=32)
def _patterns(language: str, people: tuple[str, ...]) -> _Patterns:
    lexicon = load_lexicon(language)
    said = lexicon.linking
    small = "|".join(sorted(map(re.escape, said.small_words), key=len, reverse=True)) or NEVER
    upper = r"[A-Z\u00c0-\u00d6\u00d8-\u00de\u0141\u0152\u0160\u017d\u0410-\u042f][\w'\u2019-]*"
    ends = "|".join(said.name_ends) or NEVER
    leads = "|".join([*said.name_leads, *said.weak_name_leads, *map(re.escape, people)]) or NEVER
    given, asked = (tuple(map(re.compile, patterns)) for patterns in (said.unknown_names, said.asked_names))
    capitals = re.compile(rf"{upper}(?:(?:\s+(?:{small}|&))*\s+(?:{upper}|[0-9][\w'\u2019-]*))*")
    if not lexicon.spaced:
        never = re.compile(NEVER)
        return _Patterns(capitals, never, never, never, never, given, asked)
    return _Patterns(
        capitals,
        re.compile(rf"\s+((?:[\w'&:-]+\s*){{1,{_MOST_WORDS}}}?)(?=$|[,.!?;]|\s*\b(?:{ends})\b)"),
        re.compile(rf"\b(?:{leads}) ({_LETTERS} {_LETTERS})(?!\w)"),
        re.compile(rf"\b(?:{leads})\s+$"),
        re.compile("|".join(said.weak_name_leads) or NEVER),
        given,
        asked,
    )


def find_unresolved(
    text: str,
    folded: str,
    words: Sequence[Token],
    relations: Sequence[Cue],
    spans: Sequence[Span],
    pointers: Sequence[Pointer],
    quantities: Sequence[Quantity],
    lexicon: Lexicon,
    domain: DomainConfig,
) -> list[Entity]:
    """Entities with value None: capitalised names, and what stands after "something like", that nothing explains."""
    taken = [(span.start, span.end) for span in spans]
    taken += [(pointer.start, pointer.end) for pointer in pointers]
    taken += [(quantity.start, quantity.end) for quantity in quantities]
    looks = _patterns(lexicon.language, domain.person_nouns)
    found = [
        *_capitalised(text, folded, relations, lexicon, looks),
        *_after_cue(folded, words, relations, lexicon, domain, looks),
        *_after_person_lead(folded, lexicon, looks),
        *asked_about(text, folded, lexicon, domain),
    ]
    quoted = [match.span(match.lastindex or 0) for match in _TITLE_QUOTES.finditer(text)]
    entities = [_entity(text, folded, start, end, looks) for start, end in [*found, *quoted]]
    for pattern in looks.given:
        for match in pattern.finditer(folded):
            kind, (start, end) = match.lastgroup or "item", match.span(match.lastindex or 0)
            entities.append(Entity(kind=kind, value=None, surface=text[start:end], start=start, end=end, score=0.5))
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda entity: entity.start - entity.end):
        known = any(entity.start < stop and entity.end > begin for begin, stop in taken)
        if not known and all(entity.end <= old.start or entity.start >= old.end for old in kept):
            kept.append(entity)
    return sorted(kept, key=lambda entity: entity.start)


def _capitalised(
    text: str, folded: str, relations: Sequence[Cue], lexicon: Lexicon, looks: _Patterns
) -> list[tuple[int, int]]:
    """Runs of capitals in a text that has small letters too; single words only where they are no common ones."""
    if not any(char.islower() for char in text):
        return []
    found = []
    for match in looks.capitals.finditer(text):
        start, end = match.span()
        words = folded[start:end].split()
        opens = re.search(r"(?:^|[.!?]\s*)$", text[:start]) is not None
        single = " " not in text[start:end]
        never = all(word in lexicon.linking.never_names or word in lexicon.stop or word.isdigit() for word in words)
        if never and any(word in lexicon.linking.never_names for word in words):
            continue  # "Did I", "I'm 44"
        if (single and (never or lexicon.linking.capital_nouns)) or (opens and (single or words[0] in lexicon.common)):
            continue
        judged = any(cue.end == len(folded[:start].rstrip()) and cue.name in _TITLE_RELATIONS for cue in relations)
        if single and not judged and words[0] in lexicon.common:
            continue
        found.append((start, end))
    return found


def _after_cue(
    folded: str, words: Sequence[Token], relations: Sequence[Cue], lexicon: Lexicon, domain: DomainConfig,
    looks: _Patterns,
) -> list[tuple[int, int]]:  # fmt: skip
    found = []
    for cue in relations:
        rest = looks.rest.match(folded, cue.end) if cue.name in _TITLE_RELATIONS else None
        if rest is None:
            continue
        start, end = rest.span(1)
        end -= len(folded[start:end]) - len(folded[start:end].rstrip())
        inside = [token for token in words if start <= token.start < end]
        rare = [t for t in inside if t.word not in lexicon.common and t.word not in lexicon.stop and len(t.word) > 2]
        if (
            not rare
            or any(token.word in domain.item_words for token in inside)
            or (cue.name != "similar" and len(rare) < len(inside) / 2)
        ):
            continue
        found.append((start, end))
    return found


def _after_person_lead(folded: str, lexicon: Lexicon, looks: _Patterns) -> list[tuple[int, int]]:
    """Two words after "by" or "starring" that are nobody the catalogue knows."""
    found = []
    for match in looks.person.finditer(folded):
        first, last = match[1].split(" ")
        rare = [word not in lexicon.common and word not in lexicon.stop for word in (first, last)]
        weak = looks.weak.match(match.group()) is not None
        if all(rare) or (rare[1] and first not in lexicon.stop and not weak):
            found.append(match.span(1))
    return found


def asked_about(text: str, folded: str, lexicon: Lexicon, domain: DomainConfig) -> list[tuple[int, int]]:
    """Where a question names what it is about: "is paddington any good?". Plain words make a name from three on or with
    capitals."""
    found = []
    for pattern in _patterns(lexicon.language, domain.person_nouns).asked:
        for match in pattern.finditer(folded):
            words = match["item"].split()
            rare = [w for w in words if w not in lexicon.common and w not in lexicon.stop and len(w) > 2]
            plain = len(words) < _PLAIN_NAME or words[0] in lexicon.stop
            capitals = [w for w in text[match.start("item") : match.end("item")].split() if w[0].isupper()]
            named = any(word.lower() not in lexicon.stop for word in capitals) and any(map(str.islower, text))
            if (rare or named or not plain) and not any(word in domain.item_words for word in words):
                found.append(match.span("item"))
    return found


def turned_down(
    text: str, folded: str, relations: Sequence[Cue], lexicon: Lexicon, domain: DomainConfig
) -> list[Entity]:
    """What somebody does not want in words that name nothing known ("no clowns"), which can only be told them."""
    looks = _patterns(lexicon.language, domain.person_nouns)
    kind = next(iter(domain.facets_of("theme")), "item")
    found = []
    for cue in relations:
        rest = looks.rest.match(folded, cue.end) if cue.name in {*AVOIDED, "reported_dislike"} else None
        if rest is None:
            continue
        start, words = rest.start(1), rest[1].split()
        telling = [w for w in words if w not in lexicon.stop and len(w) > 2]
        if len(telling) == len(words) < _PLAIN_NAME and not any(word in domain.item_words for word in words):
            end = start + len(rest[1].rstrip())
            found.append(Entity(kind=kind, value=None, surface=text[start:end], start=start, end=end, score=0.5))
    return found


def _entity(text: str, folded: str, start: int, end: int, looks: _Patterns) -> Entity:
    kind = "person" if looks.lead.search(folded[:start]) else "item"
    return Entity(kind=kind, value=None, surface=text[start:end], start=start, end=end, score=0.5)
