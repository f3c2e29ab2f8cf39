"""Short readable names of beliefs and of what they ask for: "no Horror", "before 1990", "by Stanley Kubrick".

They are in the language of the domain they are given, and a belief keeps the one it was made with.
"""

from __future__ import annotations

from bot.phrasing import filled, say
from retrieval.domain import SCALES, DomainConfig, NumberConfig


def range_label(
    domain: DomainConfig, number: str, low: float | None, high: float | None, negative: bool = False
) -> str:
    """A bound in words, by the role of its number. Bounds are inclusive, in the catalogue's unit."""
    config = domain.numbers.get(number)
    language = domain.language
    role = config.role if config else "other"
    if role == "year":
        text = _year_label(low, high, language)
    elif role == "age":
        name, age = ("label_age_to", high) if high is not None else ("label_age_from", low)
        text = say(language, name, age=f"{age:g}")
    elif role == "level":
        text = _level_label(number, config, high, language)
    elif role in SCALES and config:
        pole = config.low if high is not None else config.high
        text = pole.name if pole else number
    else:
        text = _plain_label(low, high, config.unit.many if config and config.unit else "", language)
    return say(language, "label_not", label=text) if negative else text


def _year_label(low: float | None, high: float | None, language: str) -> str:
    if low is not None and high is not None:
        if low == high:
            return say(language, "label_year", year=f"{low:g}")
        if low % 10 == 0 and high == low + 9:
            return say(language, "label_decade", decade=f"{low:g}")
        return say(language, "label_years", low=f"{low:g}", high=f"{high:g}")
    if high is not None:
        return say(language, "label_before", year=f"{high + 1:g}")
    return say(language, "label_since", year=f"{low:g}")


def _level_label(number: str, config: NumberConfig | None, high: float | None, language: str) -> str:
    pole = config.high if config else None
    word = (pole.words[0] if pole and pole.words else number).replace("_", " ")
    if high is None:
        return word
    noun = config.unit.many if config and config.unit else number
    return say(language, "label_none" if high == 0 else "label_little", number=noun, word=word)


def _plain_label(low: float | None, high: float | None, unit: str, language: str) -> str:
    name = "label_at_least" if high is None else "label_at_most" if low is None else "label_between"
    least, most = ("" if bound is None else f"{bound:g}" for bound in (low, high))
    return say(language, name, low=least, high=most, unit=unit).strip()


def value_label(domain: DomainConfig, facet: str, value: str, polarity: float, role: str | None = None) -> str:
    """A facet value as a wish: "Comedy", "with Tom Hanks", "by Akira Kurosawa", "no Horror", "not in French"."""
    if facet == "item":
        return value
    config, language = domain.facets.get(facet), domain.language
    said = config.names.get(value, value) if config else value
    origin = config is not None and config.role in {"country", "language"}
    if polarity <= 0 and not origin:
        return say(language, "label_no", value=said)
    if facet == "person" or (config and config.role == "person"):
        wish = domain.facets[role].phrases.wish if role in domain.facets else None
        return filled(wish, language, value=value) if wish else say(language, "label_with", value=value)
    wished = config.phrases.wish if config and value not in config.unsaid else None
    label = filled(wished or "{value}", language, value=said)
    return label if polarity > 0 else say(language, "label_not", label=label)
