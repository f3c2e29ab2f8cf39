"""Facts of items as phrases with the claims they make: "was directed by Agnès Varda", "runs 97 minutes"."""

from __future__ import annotations

import re

import numpy as np

from bot.phrasing import can_say, filled, joined, listed, say
from bot.plan import Claim
from bot.text import sentences
from retrieval.catalogue import Catalogue, inferred
from retrieval.domain import SCALES, FacetConfig
from retrieval.records import Item, Reason, Record

_PROPER_ROLES = {"person", "award", "place", "era", "country", "language", "series"}
_TELLING = {"theme": 1.5, "person": 1.2, "mood": 1.0, "series": 1.5}
_TELLING_SHARE = 0.3
_SMALL_WORDS = {"of", "and", "the", "in", "a"}
_NAMES_SHARE = 0.3  # a sentence with more capitals is a cast list
_SPOKEN_ROLES = {"genre", "theme", "mood", "pace"}
_VOWELS = "aeiou"


class Phrase(Record):
    """A predicate about one item, with what it claims and names. `topic` keeps two phrases from saying one thing."""

    text: str
    topic: str
    claims: list[Claim] = []
    titles: list[str] = []
    people: list[str] = []
    numbers: list[float] = []
    quotes: list[str] = []


def head(item: Item) -> str:
    """A title with its year: "Arrival (2016)"."""
    return f"{item.title} ({item.year})" if item.year else item.title


def hook(item: Item, limit: int = 190) -> str:
    """One concrete sentence of an item's own text: the first that is no list of names and neither repeats the title
    nor runs long; empty when there is none."""
    for sentence in sentences(item.text)[:5]:
        words = sentence.split()
        names = sum(word[:1].isupper() for word in words[1:])
        told = item.title.lower() in sentence.lower()
        ends = sentence.endswith((".", "!", "?"))
        if ends and not told and 30 <= len(sentence) <= limit and names < _NAMES_SHARE * len(words):
            return sentence
    return ""


def facet_phrase(catalogue: Catalogue, item: Item, facet: str, limit: int = 3) -> Phrase | None:
    """What an item has for a facet, as a predicate; None when the record has nothing or the domain never says it."""
    config = catalogue.domain.facets.get(facet)
    if config is None or config.phrases.fact is None:
        return None
    values = [value for value in catalogue.values(item, facet) if value not in config.unsaid]
    values = ([value for value in values if sayable(value, config, catalogue)] or values)[:limit]
    if not values:
        return None
    return _hedged(catalogue, Phrase(
        text=_predicate(config, values, item, catalogue), topic=facet,
        claims=[Claim(item_id=item.id, facet=facet, value=value) for value in values],
        people=values if config.role == "person" else [], numbers=_digits(" ".join(values)),
        quotes=values if config.role in {"award", "era", "place"} else [],
    ))  # fmt: skip


def value_phrase(catalogue: Catalogue, item: Item, facet: str, value: str) -> Phrase | None:
    """That an item has one value of a facet or role; None when it does not."""
    names = [facet] if facet in catalogue.domain.facets else catalogue.domain.facets_of(facet)
    for name in names:
        meant = catalogue.meant(item, name, value)
        if not meant:
            continue
        value = meant[0]
        config = catalogue.domain.facets[name]
        if config.phrases.fact is None:
            return None
        if value in config.unsaid:
            text = say(catalogue.domain.language, "as_asked", values=config.names.get(value, value))
        else:
            text = _predicate(config, [value], item, catalogue)
        return _hedged(catalogue, Phrase(
            text=text, topic=f"{name}:{value}", claims=[Claim(item_id=item.id, facet=name, value=value)],
            people=[value] if config.role == "person" else [], numbers=_digits(value),
        ))  # fmt: skip
    return None


def _predicate(config: FacetConfig, values: list[str], item: Item, catalogue: Catalogue) -> str:
    language = catalogue.domain.language
    if config.role == "genre" and can_say(language, "genre"):
        return say(language, "genre", values=_genre(values, catalogue, config))
    said = joined([in_sentence(value, catalogue, config) for value in values], language)
    return filled(config.phrases.fact or "", language, value=said, title=item.title)


def sayable(value: str, config: FacetConfig, catalogue: Catalogue) -> bool:
    """Whether a sentence of the person's language can hold a value: kinds and moods need a name in it, names do not."""
    return catalogue.in_own_language or config.role not in _SPOKEN_ROLES or value in config.names


def number_phrase(catalogue: Catalogue, item: Item, number: str) -> Phrase | None:
    """What an item has for a number, as a predicate in its unit or its level's name."""
    config = catalogue.domain.numbers.get(number)
    value = catalogue.number(item, number)
    if config is None or value is None:
        return None
    claims = [Claim(item_id=item.id, facet=number, number=value)]
    language = catalogue.domain.language
    if config.role in SCALES:
        pole = config.low if value < 0.4 else config.high if value > 0.6 else None
        if pole is not None:
            text = say(language, "strongly" if abs(value - 0.5) > 0.35 else "rather", pole=pole.name)
        elif config.low is not None and config.high is not None:
            text = say(language, "between", low=config.low.name, high=config.high.name)
        else:
            return None
        return _hedged(catalogue, Phrase(text=text, topic=number, claims=claims))
    if config.phrases.fact is None:
        return None
    if config.levels:
        level = config.levels[min(len(config.levels) - 1, max(0, round(value)))]
        text = filled(config.phrases.fact, language, value=level)
        return _hedged(catalogue, Phrase(text=text, topic=number, claims=claims))
    said = f"{value:g}"
    if config.unit is not None:
        said = say(language, "measure", number=said, unit=config.unit.one if value == 1 else config.unit.many)
    text = filled(config.phrases.fact, language, value=said)
    return _hedged(catalogue, Phrase(text=text, topic=number, claims=claims, numbers=[value]))


def comparative(catalogue: Catalogue, item: Item, other: Item, number: str) -> Phrase | None:
    """How an item's number compares with another item's, in a word ("lighter"); None when they are equal."""
    config, language = catalogue.domain.numbers[number], catalogue.domain.language
    mine, theirs = catalogue.number(item, number), catalogue.number(other, number)
    if mine is None or theirs is None or mine == theirs:
        return None
    pole = config.low if mine < theirs else config.high
    if pole is not None:
        word = pole.comparatives[0] if pole.comparatives else say(language, "more_than_word", word=pole.name)
    elif config.high is not None:
        word = say(language, "less_than_word", word=config.high.name)
    else:
        return None
    claim = Claim(item_id=item.id, facet=number, number=-1.0 if mine < theirs else 1.0, than=other.id)
    return Phrase(text=word, topic=number, claims=[claim])


def comparison_phrase(catalogue: Catalogue, item: Item, other: Item, number: str, short: bool = False) -> Phrase | None:
    """The comparison of two items by a number as a predicate ("is lighter than Arrival"); None when they are equal."""
    word = comparative(catalogue, item, other, number)
    if word is None:
        return None
    text = _between(catalogue, "compared", 0, short, adjective=word.text, other=other.title)
    return _hedged(catalogue, word.model_copy(update={"text": text, "titles": [] if short else [other.title]}))


def kin_phrase(catalogue: Catalogue, item: Item, other: Item, variant: int = 0, short: bool = False) -> Phrase | None:
    """What the catalogue itself says of the kinship of `other` with `item`, if it names it in the person's language."""
    why = catalogue.kin(other).get(item.id)
    if not why or not catalogue.in_own_language:
        return None
    return Phrase(
        text=_between(catalogue, "kin", variant, short, other=other.title, why=why), topic=f"kin:{other.id}",
        titles=[] if short else [other.title], quotes=[why],
    )  # fmt: skip


def shared_phrase(
    catalogue: Catalogue, item: Item, other: Item, taken: set[str], variant: int = 0, short: bool = False
) -> Phrase | None:
    """The most telling facet values that two items share, leaving out `taken` ones.

    A value that a large part of the catalogue has tells nothing. None when they share nothing telling.
    """
    telling: list[tuple[float, str, str]] = []
    for name, config in catalogue.domain.facets.items():
        if config.similar <= 0 or config.phrases.fact is None:
            continue
        mine = catalogue.values(item, name)
        for value in catalogue.values(other, name):
            if value in config.unsaid or not sayable(value, config, catalogue):
                continue
            if config.role == "theme" and value.lower() in catalogue.domain.kind_words:
                continue
            share = len(catalogue.postings(name)[value]) / len(catalogue)
            if value in mine and share < _TELLING_SHARE and f"{name}:{value}" not in taken:
                weight = config.similar * -float(np.log(share)) * _TELLING.get(config.role, 0.5)
                telling.append((weight, name, value))
    if not telling:
        return None
    telling.sort(reverse=True)
    name = telling[0][1]
    config, language = catalogue.domain.facets[name], catalogue.domain.language
    role = config.role
    values = [value for _, facet, value in telling if facet == name][: 2 if role in {"theme", "mood"} else 1]
    seam = say(language, "and", first="", last="")
    if any(seam in in_sentence(value, catalogue, config) for value in values) or _begin_alike(values):
        values = values[:1]
    said = joined([in_sentence(value, catalogue, config) for value in values], language)
    slots = {"other": other.title, "values": _genre(values, catalogue, config) if role == "genre" else said}
    kind = f"shared_{role}" if role in {"theme", "mood", "genre"} else "shared_fact"
    if kind == "shared_fact":
        slots["fact"] = filled(config.phrases.fact or "", language, value=said, title=item.title)
    return _hedged(catalogue, Phrase(
        text=_between(catalogue, kind, variant, short, **slots), topic=f"{name}:{values[0]}",
        claims=[Claim(item_id=i, facet=name, value=value) for value in values for i in (item.id, other.id)],
        titles=[] if short else [other.title], people=values if role == "person" else [],
        numbers=_digits(" ".join(values)),
    ))  # fmt: skip


def _hedged(catalogue: Catalogue, phrase: Phrase) -> Phrase:
    """The phrase with "probably" in it when something that it claims is inferred and not on record."""
    items = [(catalogue.get(one), claim) for claim in phrase.claims for one in (claim.item_id, claim.than) if one]
    if not any(inferred(item, claim.facet, claim.value) for item, claim in items):
        return phrase
    language = catalogue.domain.language
    verb = next((verb for verb in listed(language, "guess_after") if phrase.text.startswith(f"{verb} ")), "")
    guess = say(language, "guess", fact=phrase.text.removeprefix(verb).lstrip())
    return phrase.model_copy(update={"text": f"{verb} {guess}".lstrip()})


def _begin_alike(values: list[str]) -> bool:
    return len(values) > 1 and values[0][:4] == values[1][:4]


def _between(catalogue: Catalogue, name: str, variant: int, short: bool, **slots: str) -> str:
    """A phrase about an item and another; `short` leaves the other out."""
    return say(catalogue.domain.language, f"{name}_short" if short else name, variant, **slots)


def reason_phrases(
    catalogue: Catalogue, item: Item, reason: Reason, taken: set[str], variant: int = 0, short: bool = False
) -> list[Phrase]:
    """The facts behind one part of a score, as predicates; empty when there is nothing the record can vouch for."""
    other = catalogue.get(reason.item_id) if reason.item_id and reason.item_id in catalogue.row else None
    said: Phrase | None = None
    if reason.kind in {"similar", "liked", "looked", "chosen"} and other is not None:
        brief = short and reason.kind == "similar"
        found = [
            kin_phrase(catalogue, item, other, variant, brief),
            shared_phrase(catalogue, item, other, taken, variant, brief),
        ]
        return [one for one in found if one is not None and one.topic not in taken]
    if reason.kind == "facet" and reason.facet and reason.value:
        said = value_phrase(catalogue, item, reason.facet, reason.value)
    elif reason.kind == "number" and reason.facet:
        if other is not None:
            said = comparison_phrase(catalogue, item, other, reason.facet, short)
        said = said or number_phrase(catalogue, item, reason.facet)
    return [said] if said is not None and said.topic not in taken else []


def in_sentence(value: str, catalogue: Catalogue, config: FacetConfig | None = None) -> str:
    """A catalogue value or a label as it reads inside a sentence: "Science Fiction" -> "science fiction"; "DNA" stays.

    `config`: the facet it is a value of. Names stay as they are, and so does what the language has no name for.
    """
    if config is not None and value in config.names:
        return config.names[value]
    if not catalogue.in_own_language or (config is not None and config.role in _PROPER_ROLES):
        return value
    words = value.split()
    titled = all(word[:1].isupper() or word in _SMALL_WORDS for word in words)
    if not titled or any(word.isupper() and len(word) > 1 for word in words):
        return value
    return catalogue.with_names(value.lower())


def _genre(values: list[str], catalogue: Catalogue, config: FacetConfig) -> str:
    """Genres in a sentence; where the language needs one, as a noun phrase: "a comedy"."""
    language, noun = catalogue.domain.language, catalogue.domain.noun.one
    said = joined([in_sentence(value, catalogue, config) for value in values], language)
    if not can_say(language, "genre_noun"):
        return said
    if not said.endswith((*listed(language, "genre_alone"), noun, *catalogue.domain.called)):
        said = say(language, "genre_noun", values=said, noun=noun)
    return say(language, "an_genre" if said[:1] in _VOWELS else "a_genre", values=said)


def _digits(text: str) -> list[float]:
    return [float(word) for word in re.findall(r"\d+", text)]
