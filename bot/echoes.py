"""Words that mean somebody or something spoken of before: "by the same director", "not with him", "one like that"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from bot.cues import Cue
from bot.lexicon import Lexicon, turn_pattern
from bot.records import Preference
from bot.references import Context
from bot.text import fold
from retrieval.catalogue import Catalogue


class Made(NamedTuple):
    """An item by offsets of its title and its id, and the person meant by it; `led`: where the words for that begin."""

    led: int
    start: int
    end: int
    item_id: str
    person: Preference


class Echoes(NamedTuple):
    """What echoes say. `wanted`, `unwanted`: values of an item or a person spoken of; `similar`: the id of an example;
    `made`: whoever made an item that is named for that alone ("by the director of Heat"), with where its title stands.

    `words`: where they stand; `taken`: those that exclude somebody, which say nothing else.
    """

    wanted: list[Preference]
    unwanted: list[Preference]
    similar: str | None
    words: list[Cue]
    taken: list[Cue]
    made: Made | None = None

    def covers(self, start: int, end: int) -> bool:
        """Whether a span runs into words that exclude somebody."""
        return any(start < cue.end and cue.start < end for cue in self.taken)


def find_echoes(
    text: str,
    folded: str,
    named: Sequence[tuple[int, int, str]],
    context: Context,
    lexicon: Lexicon,
    catalogue: Catalogue,
) -> Echoes:  # fmt: skip
    """The echoes of a part of an utterance. `named`: the items that it names, each with the offsets of its name."""
    quote = text.strip()
    outright = turn_pattern(lexicon.language, "not_them").search(folded)
    taken = _cues(outright)
    unwanted = []
    if outright:
        about = context.liked or context.focus or next(iter(context.slate), None)
        said = outright.groupdict()
        facets = _facets_of_people(catalogue, said) if said.get("by") or said.get("with") else []
        person = _person(context, about, facets, catalogue)
        unwanted = [
            Preference(
                facet="person", value=person, polarity=-1.0, strength=1.0, hard=True, quote=quote,
                role=facets[0] if facets and person != context.person else None,
            )
        ] if person else []  # fmt: skip
    made, led = _made(quote, folded, named, lexicon, catalogue)
    match = turn_pattern(lexicon.language, "same").search(folded) if made is None else None
    if match and any(cue.start < match.end() and match.start() < cue.end for cue in taken):
        match = None
    wanted = _same(match.groupdict(), quote, context, catalogue) if match else []
    example = turn_pattern(lexicon.language, "like_that").search(folded)
    before = [item_id for _, end, item_id in named if example and end <= example.start()]
    similar = (before[-1] if before else context.liked or context.focus) if example else None
    return Echoes(wanted, unwanted, similar, [*taken, *_cues(match), *_cues(example), *_cues(led)], taken, made)


def _made(
    quote: str, folded: str, named: Sequence[tuple[int, int, str]], lexicon: Lexicon, catalogue: Catalogue
) -> tuple[Made | None, re.Match[str] | None]:
    """Whoever made an item that is named for it, and the words that say so."""
    pattern = turn_pattern(lexicon.language, "maker")
    facets = catalogue.domain.facets_of("person")[:1]
    for start, end, item_id in named:
        match = pattern.search(folded[:start])
        person = next((value for facet in facets for value in catalogue.values(catalogue.get(item_id), facet)), None)
        if match and person:
            wish = Preference(facet="person", value=person, strength=0.9, role=facets[0], quote=quote)
            return Made(match.start(), start, end, item_id, wish), match
    return None, None


def _cues(match: re.Match[str] | None) -> list[Cue]:
    return [Cue("echo", "echo", match.start(), match.end(), match.group())] if match else []


def _same(said: dict[str, str | None], quote: str, context: Context, catalogue: Catalogue) -> list[Preference]:
    """A value of the item last spoken of."""
    domain = catalogue.domain
    item_id = context.liked or context.focus or next(iter(context.slate), None)
    if item_id is None:
        return []
    people = domain.facets_of("person")
    if said.get("kind"):
        facets = [
            name for name, config in domain.facets.items() if config.noun and fold(config.noun.one) == said["kind"]
        ]
    else:
        facets = _facets_of_people(catalogue, said)
    found = []
    for facet in facets:
        values = catalogue.values(catalogue.get(item_id), facet)
        meant = context.person if facet in people and context.person in values else next(iter(values), None)
        found += [(facet, meant)] if meant else []
    return [
        Preference(
            facet="person" if facet in people else facet, value=value, strength=0.9,
            role=facet if facet in people else None, quote=quote,
        )
        for facet, value in found
    ]  # fmt: skip


def _facets_of_people(catalogue: Catalogue, said: dict[str, str | None]) -> list[str]:
    """Whom "by" and "with" mean: the first facet of people, and the second where there is one."""
    people = catalogue.domain.facets_of("person")
    return people[:1] if said.get("by") else people[1:2] or people[:1]


def _person(context: Context, item_id: str | None, facets: Sequence[str], catalogue: Catalogue) -> str | None:
    """Who a pronoun means: somebody wished for before, unless another item is spoken of, then somebody of that item."""
    item = catalogue.get(item_id) if item_id else None
    own = catalogue.values(item, "person") if item else ()
    if context.person and (context.focus is context.liked is None or context.person in own):
        return context.person
    ways = [*facets, *catalogue.domain.facets_of("person")]
    return next((value for facet in ways for value in (catalogue.values(item, facet) if item else ())), None)
