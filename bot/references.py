"""Pointing at items: "the second one", "that", "both", "the western one"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from bot.lexicon import Lexicon, any_of
from bot.linking import Span
from retrieval.catalogue import Catalogue
from retrieval.records import Record

_NEXT_OK = (
    r"(?=\s*(?:$|[,.!?;:)]|(?:and|or|but|is|was|looks|sounds|seems|instead|please|too|already|though|again|with|if"
    r"|because|except|has|then|yet|about|come|came|run|last|made|set|suitable)\b))"
)


class Context(Record):
    """What an utterance may point at: items on screen in order, the item last spoken of, a question asked."""

    slate: list[str] = []
    focus: str | None = None
    pending: str | None = None


class Pointer(NamedTuple):
    """A span that points at items; `exact` when it needs no antecedent in the utterance (an ordinal)."""

    start: int
    end: int
    item_ids: tuple[str, ...]
    exact: bool


def find_pointers(
    folded: str, context: Context, spans: Sequence[Span], lexicon: Lexicon, catalogue: Catalogue
) -> list[Pointer]:
    """All pointers of a folded text that resolve, left to right; spans already linked are left alone."""
    found = [*_ordinals(folded, context, lexicon, catalogue), *_described(folded, context, spans, catalogue)]
    taken = [(span.start, span.end) for span in spans]
    found = [p for p in found if not any(p.start < end and p.end > start for start, end in taken) or p.exact]
    for match in any_of(lexicon.pointers.all).finditer(folded):
        if context.slate:
            found.append(Pointer(match.start(), match.end(), tuple(context.slate), False))
    for match in any_of(lexicon.pointers.focus).finditer(folded):
        antecedents = [span for span in spans if span.kind == "item" and span.end <= match.start()]
        if antecedents:
            target = catalogue.items[antecedents[-1].name.row].id
        elif context.focus or context.slate:
            target = context.focus or context.slate[0]
        else:
            continue
        found.append(Pointer(match.start(), match.end(), (target,), False))
    found.sort(key=lambda pointer: (not pointer.exact, pointer.start - pointer.end))
    kept: list[Pointer] = []
    for pointer in found:
        if all(pointer.end <= old.start or pointer.start >= old.end for old in kept):
            kept.append(pointer)
    return sorted(kept)


def _ordinals(folded: str, context: Context, lexicon: Lexicon, catalogue: Catalogue) -> list[Pointer]:
    names = "|".join(sorted(lexicon.ordinals, key=len, reverse=True))
    domain = catalogue.domain
    nouns = "|".join(map(re.escape, ["one", "pick", "option", "suggestion", domain.noun.one, *domain.called]))
    numbers = "|".join(lexicon.numbers)
    pattern = re.compile(
        rf"(?:\bthe |^)(?P<name>{names})(?: (?:{nouns})| of (?:them|these|those))?\b{_NEXT_OK}|"
        rf"(?:\bnumber |#|\bno\. ?|\boption )(?P<count>\d|{numbers})\b"
    )
    found = []
    for match in pattern.finditer(folded):
        if match["name"]:
            place = lexicon.ordinals[match["name"]]
        else:
            place = int(match["count"]) if match["count"].isdigit() else lexicon.numbers[match["count"]]
        row = place - 1 if place > 0 else len(context.slate) + place
        if 0 <= row < len(context.slate):
            found.append(Pointer(match.start(), match.end(), (context.slate[row],), True))
    return found


def _described(folded: str, context: Context, spans: Sequence[Span], catalogue: Catalogue) -> list[Pointer]:
    """ "the western one", "the Kubrick one": items on screen that have the named facet."""
    found = []
    for span in spans:
        lead, tail = re.search(r"\bthe $", folded[: span.start]), re.match(r" one\b", folded[span.end :])
        if span.kind == "item" or span.name.direction or not (lead and tail):
            continue
        having = [i for i in context.slate if span.name.value in catalogue.values(catalogue.get(i), span.kind)]
        if having:
            found.append(Pointer(lead.start(), span.end + tail.end(), tuple(having[:1]), True))
    return found
