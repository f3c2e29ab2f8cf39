"""What something is wanted for, where it is said in passing: a date, the holidays, the end of a hard week."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from bot.hints import hints_of
from bot.lexicon import any_of, load_lexicon
from bot.records import Entity, Occasion, Understanding
from bot.text import tokens
from retrieval.domain import DomainConfig

_OTHERWISE = {
    "ask_item", "why", "why_not", "compare", "accept", "undo", "reset", "forget", "show_profile", "help", "remove",
}  # fmt: skip
_UNHEARD = {"unclear", "off_topic", "ask_catalogue"}
_TELLING = {"like", "dislike", "seen"}
_WANTING = {"request", "constrain", "critique", "similar", "more"}
_JUDGING = {"like", "dislike", "seen", "reject", "accept", "similar"}
Place = tuple[int, int]
"""Offsets of the first character and behind the last."""


def with_occasions(heard: Understanding, folded: str, domain: DomainConfig) -> Understanding:
    """What was understood, with the occasions in it; `folded` is its text as the patterns of the language see it.

    What else the words of an occasion were taken for (the title "Halloween" in "for Halloween") is dropped. A question
    or a command is about something else.
    """
    told = heard.acts & _TELLING and not heard.acts & _WANTING  # "I saw it with my mother"
    if not domain.occasions or heard.acts & _OTHERWISE or told:
        return heard
    named = [(entity.start, entity.end) for entity in heard.entities]
    found = _found(folded, domain)
    places = {place: name for place, name in found.items() if not any(_cuts(place, other) for other in named)}
    if not places:
        return heard
    inside = [e for e in heard.entities if any(_within((e.start, e.end), place) for place in places)]
    covered = {token.word for token in tokens(folded) if any(_within((token.start, token.end), p) for p in places)}
    kept: dict[str, Any] = {
        "entities": [entity for entity in heard.entities if entity not in inside],
        "preferences": [one for one in heard.preferences if not _names(inside, one.facet, one.value, one.item_id)],
        "constraints": [one for one in heard.constraints if not _names(inside, one.facet, one.value, one.item_id)],
        "mentions": [one for one in heard.mentions if not _names(inside, "item", "", one.item_id)],
    }
    acts = heard.acts - (_JUDGING - {mention.relation for mention in kept["mentions"]} if inside else set())
    plain = not (kept["preferences"] or kept["constraints"] or kept["mentions"] or heard.critiques)
    said = {name: Occasion(name=name, quote=heard.text[start:end]) for (start, end), name in places.items()}
    return heard.model_copy(update={
        **kept, "acts": (acts - (_UNHEARD if plain else set())) | {"disclose"}, "occasions": list(said.values()),
        "targets": [target for target in heard.targets if target not in {entity.item_id for entity in inside}],
        "search": " ".join(word for word in heard.search.split() if word not in covered),
    })  # fmt: skip


def _found(folded: str, domain: DomainConfig) -> dict[Place, str]:
    """Occasions by where they are said, but for those that are none ("not with my parents") and what an item is to be
    about ("about a break-up"). Where one is part of another the longer holds."""
    patterns = _patterns(domain.language, tuple((name, config.said) for name, config in domain.occasions.items()))
    found = {match.span(): name for name, said in patterns for match in said.finditer(folded)}
    hints, refused = hints_of(domain.language, domain), _refused(domain.language)
    return {
        place: name for place, name in found.items()
        if not any(_within(place, other) for other in found if other != place)
        and not hints.about(folded, place[0]) and not refused.search(folded[: place[0]].rstrip())
    }  # fmt: skip


@lru_cache(maxsize=8)
def _refused(language: str) -> re.Pattern[str]:
    return re.compile(f"(?:{load_lexicon(language).turns.not_so})$")


@lru_cache(maxsize=32)
def _patterns(language: str, said: tuple[tuple[str, tuple[str, ...]], ...]) -> list[tuple[str, re.Pattern[str]]]:
    spaced = load_lexicon(language).spaced
    return [(name, any_of(list(ways), spaced)) for name, ways in said]


def _within(inner: Place, outer: Place) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _cuts(place: Place, named: Place) -> bool:
    """Whether a name goes on behind or before the words of an occasion: "for Halloween Town"."""
    return place[0] < named[1] and named[0] < place[1] and (named == place or not _within(named, place))


def _names(entities: list[Entity], facet: str, value: str, item_id: str | None) -> bool:
    """Whether what is said of a value or an item was read from one of some names."""
    if facet == "item":
        return any(entity.item_id == item_id for entity in entities if entity.item_id)
    return any((entity.kind, entity.value) == (facet, value) for entity in entities)
