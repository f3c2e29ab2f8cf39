"""Facts of items as phrases with the claims they make: "was directed by Agnès Varda", "runs 97 minutes"."""

from __future__ import annotations

import re

import numpy as np

from bot.plan import Claim
from bot.text import join_words, sentences
from prompts.loader import load_templates
from retrieval.catalogue import Catalogue
from retrieval.records import Item, Reason, Record

_PROPER_ROLES = {"person", "award", "place", "era", "country", "language", "series"}
_TELLING = {"theme": 1.5, "person": 1.2, "mood": 1.0, "series": 1.5}
_TELLING_SHARE = 0.3
_SMALL_WORDS = {"of", "and", "the", "in", "a"}
_NAMES_SHARE = 0.3  # a sentence with more capitals is a cast list
_GENRE_STANDS = (
    "comedy", "drama", "thriller", "western", "musical", "documentary", "satire", "mystery", "biography", "noir",
    "romance", "fantasy",
)  # fmt: skip


class Phrase(Record):
    """A predicate about one item, with what it claims and names. `topic` keeps two phrases from saying one thing."""

    text: str
    topic: str
    claims: list[Claim] = []
    titles: list[str] = []
    people: list[str] = []
    numbers: list[float] = []
    quotes: list[str] = []


def phrase_text(name: str, variant: int, short: bool = False, **slots: str) -> str:
    """A wording of prompts/<language>/phrases.yaml; `short` leaves the other item out, `variant` picks a wording."""
    wordings = load_templates("en", "phrases").templates[f"{name}_short" if short else name]
    return wordings[variant % len(wordings)].format_map(slots)


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
    values = [value for value in catalogue.values(item, facet) if config is None or value not in config.unsaid][:limit]
    if config is None or not values or config.phrases.fact is None:
        return None
    if config.role == "genre":
        text = phrase_text("genre", 0, values=_genre(values[-1:], catalogue, values[:-1]))
    else:
        said = values if config.role in _PROPER_ROLES else [in_sentence(value, catalogue) for value in values]
        text = config.phrases.fact.format(value=join_words(said), title=item.title)
    return Phrase(
        text=text, topic=facet, claims=[Claim(item_id=item.id, facet=facet, value=value) for value in values],
        people=values if config.role == "person" else [], numbers=_digits(" ".join(values)),
        quotes=values if config.role in {"award", "era", "place"} else [],
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
        if value in config.unsaid:
            text = phrase_text("as_asked", 0, values=value)
        elif config.role == "genre":
            text = phrase_text("genre", 0, values=_genre([value], catalogue))
        else:
            said = value if config.role in _PROPER_ROLES else in_sentence(value, catalogue)
            text = config.phrases.fact.format(value=said, title=item.title)
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
        if pole is not None:
            text = phrase_text("strongly" if abs(value - 0.5) > 0.35 else "rather", 0, pole=pole.name)
        elif config.low is not None and config.high is not None:
            text = phrase_text("between", 0, low=config.low.name, high=config.high.name)
        else:
            return None
        return Phrase(text=text, topic=number, claims=claims)
    if config.phrases.fact is None:
        return None
    if config.levels:
        level = config.levels[min(len(config.levels) - 1, max(0, round(value)))]
        text = config.phrases.fact.format(value=level)
        return Phrase(text=text, topic=number, claims=claims)
    unit = f" {config.unit.one if value == 1 else config.unit.many}" if config.unit else ""
    text = config.phrases.fact.format(value=f"{value:g}{unit}")
    return Phrase(text=text, topic=number, claims=claims, numbers=[value])


def comparison_phrase(catalogue: Catalogue, item: Item, other: Item, number: str, short: bool = False) -> Phrase | None:
    """How an item's number compares with another item's ("is lighter than Arrival"); None when they are equal."""
    config = catalogue.domain.numbers[number]
    mine, theirs = catalogue.number(item, number), catalogue.number(other, number)
    if mine is None or theirs is None or mine == theirs:
        return None
    pole = config.low if mine < theirs else config.high
    if pole is not None:
        adjective = pole.comparatives[0] if pole.comparatives else f"more {pole.name}"
    elif config.high is not None:
        adjective = f"less {config.high.name}"
    else:
        return None
    return Phrase(
        text=phrase_text("compared", 0, short, adjective=adjective, other=other.title), topic=number,
        titles=[] if short else [other.title],
        claims=[Claim(item_id=item.id, facet=number, number=-1.0 if mine < theirs else 1.0, than=other.id)],
    )  # fmt: skip


def kin_phrase(catalogue: Catalogue, item: Item, other: Item, variant: int = 0, short: bool = False) -> Phrase | None:
    """What the catalogue itself says of the kinship of `other` with `item`, if it names it."""
    why = catalogue.kin(other).get(item.id)
    if not why:
        return None
    return Phrase(
        text=phrase_text("kin", variant, short, other=other.title, why=why), topic=f"kin:{other.id}",
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
            if value in config.unsaid or (config.role == "theme" and value.lower() in catalogue.domain.kind_words):
                continue
            share = len(catalogue.postings(name)[value]) / len(catalogue)
            if value in mine and share < _TELLING_SHARE and f"{name}:{value}" not in taken:
                weight = config.similar * -float(np.log(share)) * _TELLING.get(config.role, 0.5)
                telling.append((weight, name, value))
    if not telling:
        return None
    telling.sort(reverse=True)
    name = telling[0][1]
    role = catalogue.domain.facets[name].role
    values = [value for _, facet, value in telling if facet == name][: 2 if role in {"theme", "mood"} else 1]
    if any(" and " in value for value in values) or (len(values) > 1 and values[0][:4] == values[1][:4]):
        values = values[:1]
    slots = {"other": other.title, "values": join_words([in_sentence(value, catalogue) for value in values])}
    if role == "genre":
        slots["values"] = _genre(values, catalogue)
    kind = f"shared_{role}" if role in {"theme", "mood", "genre"} else "shared_fact"
    if kind == "shared_fact":
        slots["fact"] = (catalogue.domain.facets[name].phrases.fact or "").format(value=values[0], title=item.title)
    return Phrase(
        text=phrase_text(kind, variant, short, **slots), topic=f"{name}:{values[0]}",
        claims=[Claim(item_id=i, facet=name, value=value) for value in values for i in (item.id, other.id)],
        titles=[] if short else [other.title], people=values if role == "person" else [],
        numbers=_digits(" ".join(values)),
    )  # fmt: skip


def reason_phrases(
    catalogue: Catalogue, item: Item, reason: Reason, taken: set[str], variant: int = 0, short: bool = False
) -> list[Phrase]:
    """The facts behind one part of a score, as predicates; empty when there is nothing the record can vouch for."""
    other = catalogue.get(reason.item_id) if reason.item_id and reason.item_id in catalogue.row else None
    phrase: Phrase | None = None
    if reason.kind in {"similar", "liked"} and other is not None:
        brief = short and reason.kind == "similar"
        found = [
            kin_phrase(catalogue, item, other, variant, brief),
            shared_phrase(catalogue, item, other, taken, variant, brief),
        ]
        return [phrase for phrase in found if phrase is not None and phrase.topic not in taken]
    if reason.kind == "facet" and reason.facet and reason.value:
        phrase = value_phrase(catalogue, item, reason.facet, reason.value)
    elif reason.kind == "number" and reason.facet:
        if other is not None:
            phrase = comparison_phrase(catalogue, item, other, reason.facet, short)
        phrase = phrase or number_phrase(catalogue, item, reason.facet)
    return [phrase] if phrase is not None and phrase.topic not in taken else []


def in_sentence(value: str, catalogue: Catalogue) -> str:
    """A catalogue value as it reads inside a sentence: "Science Fiction" -> "science fiction"; "DNA" and names stay."""
    words = value.split()
    titled = all(word[:1].isupper() or word in _SMALL_WORDS for word in words)
    if not titled or any(word.isupper() and len(word) > 1 for word in words):
        return value
    return catalogue.with_names(value.lower())


def _genre(values: list[str], catalogue: Catalogue, before: list[str] | None = None) -> str:
    """Genres as a noun phrase: "a comedy", or with the domain's noun where a genre cannot stand alone."""
    noun = catalogue.domain.noun.one
    said = join_words([in_sentence(value, catalogue) for value in [*(before or []), *values]])
    if not said.endswith((*_GENRE_STANDS, noun)):
        said = f"{said} {noun}"
    return f"{'an' if said[:1] in 'aeiou' else 'a'} {said}"


def _digits(text: str) -> list[float]:
    return [float(word) for word in re.findall(r"\d+", text)]
