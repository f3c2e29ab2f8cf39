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
    found = [*_ordinals(folded, context, spans, lexicon, catalogue), *_described(folded, context, spans, catalogue)]
    taken = [(span.start, span.end) for span in spans]
    found = [p for p in found if not any(p.start < end and p.end > start for start, end in taken) or p.exact]
    for match in any_of(lexicon.pointers.all).finditer(folded):
        if context.slate:
            found.append(Pointer(match.start(), match.end(), tuple(context.slate), False))
    for match in any_of(lexicon.pointers.focus).finditer(folded):
        named = [(span.end, catalogue.items[span.name.row].id) for span in spans if span.kind == "item"]
        placed = [(pointer.end, pointer.item_ids[-1]) for pointer in found if pointer.exact]
        antecedents = sorted(place for place in (*named, *placed) if place[0] <= match.start())
        if antecedents:
            target = antecedents[-1][1]
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


def _ordinals(
    folded: str, context: Context, spans: Sequence[Span], lexicon: Lexicon, catalogue: Catalogue
) -> list[Pointer]:
    names = "|".join(sorted(lexicon.ordinals, key=len, reverse=True))
    domain = catalogue.domain
    nouns = "|".join(map(re.escape, ["one", "pick", "option", "suggestion", domain.noun.one, *domain.called]))
    numbers = "|".join(lexicon.numbers)
    named = [(span.end, catalogue.items[span.name.row].id) for span in spans if span.kind == "item"]
    pattern = re.compile(
        rf"(?:\bthe |^)(?P<some>first|last) (?P<many>{numbers})\b|"
        rf"(?:\bthe |^)(?P<name>{names})(?:(?: (?:{nouns})| of (?:them|these|those))\b|\b{_NEXT_OK})|"
        rf"(?:\bnumber |#|\bno\. ?|\boption )(?P<count>\d|{numbers})\b"
    )
    found = []
    for match in pattern.finditer(folded):
        # "I saw A and B, loved the first": places count among what the sentence itself names.
        inside = [item_id for end, item_id in named if end <= match.start()]
        listed = inside if len(inside) > 1 else context.slate
        if match["many"]:
            count = lexicon.numbers[match["many"]]
            chosen = listed[:count] if match["some"] == "first" else listed[-count:]
            if chosen:
                found.append(Pointer(match.start(), match.end(), tuple(chosen), True))
            continue
        if match["name"]:
            place = lexicon.ordinals[match["name"]]
        else:
            place = int(match["count"]) if match["count"].isdigit() else lexicon.numbers[match["count"]]
        row = place - 1 if place > 0 else len(listed) + place
        if 0 <= row < len(listed):
            found.append(Pointer(match.start(), match.end(), (listed[row],), True))
    return found


def _described(folded: str, context: Context, spans: Sequence[Span], catalogue: Catalogue) -> list[Pointer]:
    """ "the western one", "the one with her name", "the older one": items on screen that fit the description."""
    found = []
    for span in spans:
        lead, tail = re.search(r"\bthe $", folded[: span.start]), re.match(r" one\b", folded[span.end :])
        which = re.search(r"\bthe one (?:with|by|from|about|starring|in) $", folded[: span.start])
        if span.kind == "item" or not ((lead and tail) or which) or not context.slate:
            continue
        if span.name.direction:
            known = [
                (value, i)
                for i in context.slate
                if (value := catalogue.number(catalogue.get(i), span.kind)) is not None
            ]
            having = [(min(known) if span.name.direction < 0 else max(known))[1]] if known else []
        else:
            having = [i for i in context.slate if span.name.value in catalogue.values(catalogue.get(i), span.kind)]
        if having:
            start = which.start() if which else lead.start() if lead else span.start
            end = span.end + (tail.end() if tail and not which else 0)
            found.append(Pointer(start, end, tuple(having[:1]), True))
    return found
