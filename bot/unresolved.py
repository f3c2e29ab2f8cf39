"""Names that people say and the catalogue does not have: kept and said so, never replaced by a neighbour."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.cues import Cue
from bot.lexicon import Lexicon
from bot.linking import Span
from bot.quantities import Quantity
from bot.records import Entity
from bot.references import Pointer
from bot.text import Token
from retrieval.domain import DomainConfig

_CAPITALS = re.compile(
    r"[A-Z\u00c0-\u00de][\w'\u2019-]*(?:(?:\s+(?:of|the|and|in|de|von|van|a|to|&))*\s+[A-Z\u00c0-\u00de0-9][\w'\u2019-]*)*"
)
_TITLE_RELATIONS = {"similar", "seen", "like", "dislike"}
_NEVER = {"i", "i'm", "i've", "i'd", "i'll", "ok", "okay", "tv", "dvd", "yes", "no", "hi", "hello", "hey", "thanks"}


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
    found = [
        *_capitalised(text, folded, relations, lexicon, taken, domain),
        *_after_cue(text, folded, words, relations, lexicon, taken, domain),
    ]
    found += _after_person_lead(text, folded, lexicon, taken, domain)
    kept: list[Entity] = []
    for entity in sorted(found, key=lambda entity: entity.start - entity.end):
        if all(entity.end <= old.start or entity.start >= old.end for old in kept):
            kept.append(entity)
    return sorted(kept, key=lambda entity: entity.start)


def _capitalised(
    text: str,
    folded: str,
    relations: Sequence[Cue],
    lexicon: Lexicon,
    taken: list[tuple[int, int]],
    domain: DomainConfig,
) -> list[Entity]:
    if not any(char.islower() for char in text):
        return []
    found = []
    for match in _CAPITALS.finditer(text):
        start, end = match.span()
        words = folded[start:end].split()
        opens = re.search(r"(?:^|[.!?]\s*)$", text[:start]) is not None
        if any(start < stop and end > begin for begin, stop in taken) or (words[0] in _NEVER and len(words) == 1):
            continue
        if opens and (len(words) == 1 or words[0] in lexicon.common):
            continue
        judged = any(cue.end == len(folded[:start].rstrip()) and cue.name in _TITLE_RELATIONS for cue in relations)
        if all(word in lexicon.common or word in lexicon.stop for word in words) and len(words) == 1 and not judged:
            continue
        found.append(_entity(text, folded, start, end, domain))
    return found


def _after_cue(
    text: str,
    folded: str,
    words: Sequence[Token],
    relations: Sequence[Cue],
    lexicon: Lexicon,
    taken: list[tuple[int, int]],
    domain: DomainConfig,
) -> list[Entity]:
    found = []
    for cue in relations:
        if cue.name not in _TITLE_RELATIONS:
            continue
        rest = re.match(
            r"\s+((?:[\w'&:-]+\s*){1,6}?)(?=$|[,.!?;]|\s*\b(?:but|and|or|with|except|only|though|because|just|please|instead)\b)",
            folded[cue.end :],
        )
        if rest is None:
            continue
        start, end = cue.end + rest.start(1), cue.end + rest.end(1)
        end -= len(folded[start:end]) - len(folded[start:end].rstrip())
        inside = [token for token in words if start <= token.start < end]
        if any(start < stop and end > begin for begin, stop in taken):
            continue
        rare = [t for t in inside if t.word not in lexicon.common and t.word not in lexicon.stop and len(t.word) > 2]
        nouns = {domain.noun.one, domain.noun.many, *domain.called}
        if (
            not rare
            or any(token.word in nouns for token in inside)
            or (cue.name != "similar" and len(rare) < len(inside) / 2)
        ):
            continue
        found.append(_entity(text, folded, start, end, domain))
    return found


def _after_person_lead(
    text: str, folded: str, lexicon: Lexicon, taken: list[tuple[int, int]], domain: DomainConfig
) -> list[Entity]:
    """Two words after "by" or "starring" that are nobody the catalogue knows."""
    leads = "|".join(("by", "with", "starring", "featuring", "directed by", "written by", *domain.person_nouns))
    found = []
    for match in re.finditer(rf"\b(?:{leads}) ([a-z'-]+ [a-z'-]+)\b", folded):
        start, end = match.span(1)
        first, last = match[1].split(" ")
        rare = [word not in lexicon.common and word not in lexicon.stop for word in (first, last)]
        strange = all(rare) or (rare[1] and first not in lexicon.stop and not match.group().startswith("with"))
        if strange and not any(start < stop and end > begin for begin, stop in taken):
            found.append(_entity(text, folded, start, end, domain))
    return found


def _entity(text: str, folded: str, start: int, end: int, domain: DomainConfig) -> Entity:
    leads = "|".join(("by", "with", "starring", "featuring", "directed by", "written by", *domain.person_nouns))
    kind = "person" if re.search(rf"\b(?:{leads})\s+$", folded[:start]) else "item"
    return Entity(kind=kind, value=None, surface=text[start:end], start=start, end=end, score=0.5)
