"""Facts of items as phrases with the claims they make: "was directed by Agnès Varda", "runs 97 minutes"."""

from __future__ import annotations

import numpy as np

from bot.plan import Claim
from bot.text import join_words
from retrieval.catalogue import Catalogue
from retrieval.records import Item, Reason, Record


class Phrase(Record):
    """A predicate about one item, with what it claims and names. `topic` keeps two phrases from saying one thing."""

    text: str
    topic: str
    claims: list[Claim] = []
    titles: list[str] = []
    people: list[str] = []
    numbers: list[float] = []


def head(item: Item) -> str:
    """A title with its year: "Arrival (2016)"."""
    return f"{item.title} ({item.year})" if item.year else item.title


def facet_phrase(catalogue: Catalogue, item: Item, facet: str, limit: int = 3) -> Phrase | None:
    """What an item has for a facet, as a predicate; None when the record has nothing or the domain never says it."""
    config = catalogue.domain.facets.get(facet)
    values = catalogue.values(item, facet)[:limit]
    if config is None or not values or config.phrases.fact is None:
        return None
    said = (
        values
        if config.role in {"person", "award", "place", "country", "language", "series"}
        else [_low(v) for v in values]
    )
    return Phrase(
        text=config.phrases.fact.format(value=join_words(said), title=item.title), topic=facet,
        claims=[Claim(item_id=item.id, facet=facet, value=value) for value in values],
        people=values if config.role == "person" else [],
        numbers=_digits(" ".join(values)),
    )  # fmt: skip


def value_phrase(catalogue: Catalogue, item: Item, facet: str, value: str) -> Phrase | None:
    """That an item has one value of a facet or role; None when it does not."""
    names = [facet] if facet in catalogue.domain.facets else catalogue.domain.facets_of(facet)
    for name in names:
        if value not in catalogue.values(item, name):
            continue
        config = catalogue.domain.facets[name]
        if config.phrases.fact is None:
            return None
        if config.role == "genre":
            text = f"is {_article(_low(value))} {_genre_noun(_low(value), catalogue.domain.noun.one)}"
        else:
            proper = config.role in {"person", "award", "place", "country", "language", "series"}
            text = config.phrases.fact.format(value=value if proper else _low(value), title=item.title)
        return Phrase(
            text=text, topic=f"{name}:{value}", claims=[Claim(item_id=item.id, facet=name, value=value)],
            people=[value] if config.role == "person" else [], numbers=_digits(value),
        )  # fmt: skip
    return None


def number_phrase(catalogue: Catalogue, item: Item, number: str) -> Phrase | None:
    """What an item has for a number, as a predicate in its unit or its level's name."""
    config = catalogue.domain.numbers.get(number)
    value = catalogue.number(item, number)
    if config is None or value is None:
        return None
    claims = [Claim(item_id=item.id, facet=number, number=value)]
    if config.role == "axis":
        pole = config.low if value < 0.4 else config.high if value > 0.6 else None
        if pole is None:
            if config.low is None or config.high is None:
                return None
            text = f"sits between {config.low.name} and {config.high.name}"
        else:
            text = f"is {'very ' if abs(value - 0.5) > 0.35 else 'rather '}{pole.name}"
        return Phrase(text=text, topic=number, claims=claims)
    if config.phrases.fact is None:
        return None
    if config.levels:
        level = config.levels[min(len(config.levels) - 1, max(0, round(value)))]
        text = config.phrases.fact.format(value=level).replace("has none ", "has no ")
        return Phrase(text=text, topic=number, claims=claims)
    unit = ""
    if config.unit:
        unit = f" {config.unit.one if value == 1 else config.unit.many}"
    return Phrase(
        text=config.phrases.fact.format(value=f"{value:g}{unit}"), topic=number, claims=claims, numbers=[value]
    )


def comparison_phrase(catalogue: Catalogue, item: Item, other: Item, number: str) -> Phrase | None:
    """How an item's number compares with another item's ("is lighter than Arrival"), or None when it does not differ."""
    config = catalogue.domain.numbers[number]
    mine, theirs = catalogue.number(item, number), catalogue.number(other, number)
    if mine is None or theirs is None or mine == theirs:
        return None
    pole = config.low if mine < theirs else config.high
    if pole is None:
        pole, word = config.high, "less "
    else:
        word = ""
    if pole is None:
        return None
    adjective = word + pole.name if word else (pole.comparatives[0] if pole.comparatives else f"more {pole.name}")
    return Phrase(
        text=f"is {adjective} than {other.title}", topic=number, titles=[other.title],
        claims=[Claim(item_id=item.id, facet=number, number=-1.0 if mine < theirs else 1.0, than=other.id)],
    )  # fmt: skip


def shared_phrase(catalogue: Catalogue, item: Item, other: Item, taken: set[str]) -> Phrase | None:
    """The most telling facet values that two items share, leaving out `taken` ones; None when they share none."""
    telling: list[tuple[float, str, str]] = []
    for name, config in catalogue.domain.facets.items():
        if config.similar <= 0:
            continue
        common = [v for v in catalogue.values(item, name) if v in catalogue.values(other, name)]
        for value in common:
            rarity = float(np.log1p(len(catalogue) / len(catalogue.postings(name)[value])))
            # A shared theme says more to a person than a shared crew member does, whatever the arithmetic.
            weight = config.similar * rarity * {"theme": 1.5, "mood": 1.0, "person": 1.2}.get(config.role, 0.6)
            if f"{name}:{value}" not in taken:
                telling.append((weight, name, value))
    if not telling:
        return None
    telling.sort(reverse=True)
    name = telling[0][1]
    role = catalogue.domain.facets[name].role
    values = [value for _, facet, value in telling if facet == name][: 2 if role in {"theme", "mood"} else 1]
    claims = [Claim(item_id=i, facet=name, value=value) for value in values for i in (item.id, other.id)]
    topic = f"{name}:{values[0]}"
    said = join_words([_low(value) for value in values])
    if role == "person":
        noun = catalogue.domain.facets[name].noun
        text = f"shares its {noun.one if noun else name}, {values[0]}, with {other.title}"
        return Phrase(text=text, topic=topic, claims=claims, titles=[other.title], people=values)
    if role == "mood":
        text = f"feels as {said} as {other.title}" if len(values) == 1 else f"feels {said}, like {other.title}"
    elif role == "theme":
        if any(" and " in value for value in values):
            said = _low(values[0])
        text = f"has {said} in common with {other.title}"
    elif role == "genre":
        text = f"is {_article(said)} {_genre_noun(said, catalogue.domain.noun.one)} like {other.title}"
    elif role == "series":
        text = f"belongs with {other.title} to the {values[0]} series"
    else:
        noun = catalogue.domain.facets[name].noun
        text = f"has its {noun.one if noun else name} in common with {other.title}: {values[0]}"
    return Phrase(text=text, topic=topic, claims=claims, titles=[other.title])


def reason_phrase(catalogue: Catalogue, item: Item, reason: Reason, taken: set[str]) -> Phrase | None:
    """The fact behind one part of a score, as a predicate; None when there is nothing the record can vouch for."""
    if reason.kind in {"similar", "liked"} and reason.item_id and reason.item_id in catalogue.row:
        return shared_phrase(catalogue, item, catalogue.get(reason.item_id), taken)
    if reason.kind == "facet" and reason.facet and reason.value:
        return value_phrase(catalogue, item, reason.facet, reason.value)
    if reason.kind == "number" and reason.facet:
        if reason.item_id and reason.item_id in catalogue.row:
            compared = comparison_phrase(catalogue, item, catalogue.get(reason.item_id), reason.facet)
            if compared:
                return compared
        return number_phrase(catalogue, item, reason.facet)
    return None


def _low(value: str) -> str:
    """Lower case for a value inside a sentence, unless it holds a proper name or an abbreviation."""
    small = {"of", "and", "the", "in", "a"}
    words = value.split()
    if all(word[:1].isupper() or word in small for word in words) and not any(
        w.isupper() and len(w) > 1 for w in words
    ):
        return value.lower()
    return value


def _article(phrase: str) -> str:
    return "an" if phrase[:1] in "aeiou" else "a"


def _genre_noun(genre: str, noun: str) -> str:
    stands_alone = (
        "comedy",
        "drama",
        "thriller",
        "western",
        "musical",
        "documentary",
        "satire",
        "mystery",
        "biography",
        noun,
        "noir",
        "movie",
    )
    return genre if genre.endswith(stands_alone) else f"{genre} {noun}"


def _digits(text: str) -> list[float]:
    return [float(word) for word in "".join(char if char.isdigit() else " " for char in text).split()]
