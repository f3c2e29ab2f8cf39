"""Free descriptions: what somebody would like, told at length, in which words may name what is not asked for."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from bot.lexicon import NEVER, load_lexicon
from bot.phrasing import listed
from bot.querying import PLAIN_STRENGTH
from bot.records import Entity, Preference, Understanding
from bot.text import fold
from retrieval.domain import DomainConfig

_DESCRIBED = 3  # telling words that nothing else explains, from which an utterance describes something
_LONG = 9  # words from which one such word is enough
_IN_PASSING = {"theme", "genre"}


def describes(understanding: Understanding) -> bool:
    """Whether an utterance describes freely what is wanted, beside whatever it names."""
    unexplained = len(understanding.search.split())
    return unexplained >= (1 if len(understanding.text.split()) >= _LONG else _DESCRIBED)


def loosened(understanding: Understanding, domain: DomainConfig) -> Understanding:
    """The understanding, where what a description tells in passing only guides.

    "A family everybody takes for losers" is no wish for the kind that is called Family; "something for the family" is.
    A kind is asked for outright behind an article, or before a word for items or for what they are about; one whose
    name needs such a word only there, or right between the two ("some action with ...").
    """
    if not describes(understanding):
        return understanding
    folded = fold(understanding.text)
    passing = {
        (entity.kind, entity.value) for entity in understanding.entities
        if entity.kind in domain.facets and domain.facets[entity.kind].role in _IN_PASSING
        and not (domain.facets[entity.kind].role == "genre" and _outright(folded, entity, domain))
    }  # fmt: skip
    preferences = [_loose(wish, passing) for wish in understanding.preferences]
    return understanding.model_copy(update={"preferences": preferences})


def _loose(wish: Preference, passing: Collection[tuple[str, str | None]]) -> Preference:
    if wish.polarity < 0 or wish.scope != "session" or (wish.facet, wish.value) not in passing:
        return wish
    return wish.model_copy(update={"strength": min(wish.strength, PLAIN_STRENGTH)})


def _outright(folded: str, entity: Entity, domain: DomainConfig) -> bool:
    before, right_before, behind, noun = _around(domain.language, domain.item_words)
    lead = folded[: entity.start]
    if alone := listed(domain.language, "genre_alone"):
        said = folded[entity.start : entity.end].removesuffix("s")
        if not said.endswith((*alone, *domain.item_words)):
            between = right_before.search(lead) and behind.match(folded, entity.end)
            return bool(between or noun.match(folded, entity.end))
    return bool(before.search(lead) or behind.match(folded, entity.end))


@lru_cache(maxsize=8)
def _around(language: str, nouns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """What stands before a kind that is asked for, and right before it; what behind it, and a word for items there."""
    said = load_lexicon(language).linking
    items = "|".join(re.escape(noun.lower()) for noun in nouns)
    asked = "|".join(said.kind_leads) or NEVER
    follows = "|".join([items, *said.about, *said.kind_follows])
    return (
        re.compile(rf"(?<![\w'])(?:{asked})\s+(?:\w+\s+){{0,2}}$"), re.compile(rf"(?<![\w'])(?:{asked})\s+$"),
        re.compile(rf"\s*(?:$|[.!?]|(?:{follows})\b)"), re.compile(rf"\s*(?:{items})\b"),
    )  # fmt: skip
