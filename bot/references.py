"""Pointing at items: "the second one", "that", "both", "the western one"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.cues import cue_finder
from bot.lexicon import Lexicon, any_of, turn_pattern
from bot.linking import Span
from bot.text import fold
from retrieval.catalogue import Catalogue
from retrieval.records import Record

_MIDDLE = 0  # the ordinal of what stands in the middle


class Context(Record):
    """What an utterance may point at: items on screen in order, the item last spoken of, the one last liked if none was
    spoken of since, the person last wished for, the items that the same utterance named before, the facet of a question
    asked; and the language spoken last, if any."""

    slate: list[str] = []
    focus: str | None = None
    liked: str | None = None
    person: str | None = None
    named: list[str] = []
    pending: str | None = None
    language: str = ""


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
    found = [
        *_ordinals(folded, context, spans, lexicon, catalogue),
        *_described(folded, context, spans, lexicon, catalogue),
    ]
    taken = [(span.start, span.end) for span in spans]
    found = [p for p in found if not any(p.start < end and p.end > start for start, end in taken) or p.exact]
    for match in any_of(lexicon.pointers.all, lexicon.spaced).finditer(folded):
        several = _several(match.start(), found, spans, catalogue) or context.named or context.slate
        if several:
            found.append(Pointer(match.start(), match.end(), tuple(several), False))
    for match in any_of(lexicon.pointers.focus, lexicon.spaced).finditer(folded):
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
    titles = [(span.start, span.end) for span in spans if span.kind == "item"]
    found = [p for p in found if p.exact or not any(p.start < end and start < p.end for start, end in titles)]
    found.sort(key=lambda pointer: (not pointer.exact, pointer.start - pointer.end))
    kept: list[Pointer] = []
    for pointer in found:
        if all(pointer.end <= old.start or pointer.start >= old.end for old in kept):
            kept.append(pointer)
    return sorted(kept)


def _several(end: int, pointers: Sequence[Pointer], spans: Sequence[Span], catalogue: Catalogue) -> list[str]:
    """The two items or more that an utterance names or points at before a place: "A and B, loved them both"."""
    named = [catalogue.items[span.name.row].id for span in spans if span.kind == "item" and span.end <= end]
    pointed = [item_id for pointer in pointers if pointer.exact and pointer.end <= end for item_id in pointer.item_ids]
    return next((ids for ids in (named, pointed) if len(ids) > 1), [])


def _ordinals(
    folded: str, context: Context, spans: Sequence[Span], lexicon: Lexicon, catalogue: Catalogue
) -> list[Pointer]:
    domain = catalogue.domain
    nouns = (domain.noun.one, *domain.called)
    named = [(span.end, catalogue.items[span.name.row].id) for span in spans if span.kind == "item"]
    found = []
    for name in ("some_of", "place", "number_of", "numbered"):
        for match in turn_pattern(lexicon.language, name, nouns).finditer(folded):
            said = match.groupdict()
            # "I saw A and B, loved the first": places count among what the sentence itself names.
            inside = [item_id for end, item_id in named if end <= match.start()]
            listed = inside if len(inside) > 1 else context.slate
            chosen = _placed(said, listed, lexicon)
            if chosen:
                found.append(Pointer(match.start(), match.end(), tuple(chosen), True))
    return [*(_all_but(folded, pointer, context, lexicon) or pointer for pointer in found),
            *_others(folded, found, context, lexicon)]  # fmt: skip


def _all_but(folded: str, left_out: Pointer, context: Context, lexicon: Lexicon) -> Pointer | None:
    """ "All but the last": what is on screen without what a pointer points at."""
    lead = turn_pattern(lexicon.language, "all_but").search(folded[: left_out.start])
    chosen = tuple(item_id for item_id in context.slate if item_id not in left_out.item_ids)
    return Pointer(lead.start(), left_out.end, chosen, True) if lead and chosen else None


def _others(folded: str, pointed: Sequence[Pointer], context: Context, lexicon: Lexicon) -> Iterator[Pointer]:
    """ "The other two": what is on screen beside what was pointed at before, or spoken of last."""
    for match in turn_pattern(lexicon.language, "others").finditer(folded):
        before = {item_id for pointer in pointed if pointer.end <= match.start() for item_id in pointer.item_ids}
        before = before or ({context.focus} if context.focus else set())
        chosen = tuple(item_id for item_id in context.slate if item_id not in before)
        if chosen and before:
            yield Pointer(match.start(), match.end(), chosen, True)


def _placed(said: dict[str, str | None], listed: Sequence[str], lexicon: Lexicon) -> Sequence[str]:
    """The items of a list that an ordinal, a number or "the first two" picks out."""
    if many := said.get("many"):
        count = int(lexicon.numbers.get(many) or many)
        return listed[:count] if lexicon.ordinals.get(said["some"] or "", 1) > 0 else listed[-count:]
    if name := said.get("name"):
        place = lexicon.ordinals[name]
    else:
        count_said = said.get("count") or "0"
        place = int(lexicon.numbers.get(count_said) or count_said)
    if place == _MIDDLE:
        return listed[len(listed) // 2 : len(listed) // 2 + 1] if len(listed) % 2 else ()
    if second := said.get("second"):
        return [listed[row] for row in (place - 1, int(second) - 1) if row < len(listed)]
    row = place - 1 if place > 0 else len(listed) + place
    return listed[row : row + 1] if 0 <= row < len(listed) else ()


def _described(
    folded: str, context: Context, spans: Sequence[Span], lexicon: Lexicon, catalogue: Catalogue
) -> list[Pointer]:
    """ "the western one", "the one with her name", "the older one": items on screen that fit the description."""
    found = []
    before, behind, longer, closes, several = (
        turn_pattern(lexicon.language, name)
        for name in ("described_lead", "described_tail", "which", "closes", "several")
    )
    for span in spans:
        lead, tail = before.search(folded[: span.start]), behind.match(folded[span.end :])
        which = longer.search(folded[: span.start])
        bare = bool(lead and lead.group()) and closes.match(folded[span.end :]) is not None  # "let's do the western"
        said = folded[span.start : span.end]
        bare = bare and not (_has_article(said, span, catalogue) or several.search(said))
        bare = bare and (span.name.comparative or not span.name.direction)  # "the older", not "the violence"
        bare = bare and not _is_banned(folded, lead.start() if lead else span.start, lexicon)
        if span.kind == "item" or not ((lead and tail) or which or bare) or not context.slate:
            continue
        if span.name.direction:
            known = [
                (value, i)
                for i in context.slate
                if (value := catalogue.number(catalogue.get(i), span.kind)) is not None
            ]
            having = [(min(known) if span.name.direction < 0 else max(known))[1]] if known else []
        else:
            having = [i for i in context.slate if catalogue.has(catalogue.get(i), span.kind, span.name.value)]
        if having and (which or tail or len(having) == 1):
            start = which.start() if which else lead.start() if lead else span.start
            end = span.end + (tail.end() if tail and not which else 0)
            found.append(Pointer(start, end, tuple(having[:1]), True))
    return found


def _is_banned(folded: str, start: int, lexicon: Lexicon) -> bool:
    """Whether a ban ends right before a place: "skip the drama" is of a kind, and takes in the one on screen."""
    cues = cue_finder(lexicon.language).relations(folded)
    return any(cue.name == "exclude" and cue.start < start <= cue.end + 1 for cue in cues)


def _has_article(said: str, span: Span, catalogue: Catalogue) -> bool:
    """Whether the article before a name may be the name's own: "the United States"."""
    config = catalogue.domain.facets.get(span.kind)
    return config is not None and config.role == "country" and said == fold(span.name.value)
