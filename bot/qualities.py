"""Qualities that are numbers, and what is meant by a word for one: a move from what is on screen, or a bound."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from bot.gazetteer import Name
from bot.lexicon import Degree
from bot.phrasing import say
from bot.quantities import canonical
from bot.records import Critique, Preference
from retrieval.domain import SCALES, DomainConfig


class Quality(NamedTuple):
    """A word for one end of a number, and the degree word before it ("a bit darker")."""

    name: Name
    word: str
    degree: Degree | None


_PAST_CHILDHOOD = 12.0  # the age from which what suits somebody is "not for kids"


def read_quality(
    said: Quality, relation: str, none_at_all: bool, quote: str, domain: DomainConfig
) -> Critique | Preference | None:
    """A quality is a move from what is on screen when it is graded, else a bound of its own.

    `relation`: what the words around it say of it; `none_at_all`: they allow nothing of it. None where it is let pass.
    """
    name, word, degree = said
    config = domain.numbers[name.kind]
    negative = relation in {"exclude", "dislike"}
    if degree and degree.bounds and config.role == "level":
        degree, negative = None, True
    if name.comparative or degree:
        sign = degree.direction if degree else (-1 if negative else 1)
        direction: Literal[-1, 1] = 1 if name.direction * sign > 0 else -1
        if not name.comparative or sign < 0:
            word = say(domain.language, "less_than_word" if sign < 0 else "more_than_word", word=word)
        amount = degree.amount if degree else 1.0
        return Critique(number=name.kind, direction=direction, amount=amount, word=word, quote=quote)
    pole: Literal[-1, 1] = 1 if (name.direction > 0) != negative else -1
    low, high = quality_bounds(config.role, config.step, pole)
    if config.role == "level" and high is not None and none_at_all:
        high = 0.0
    if config.role == "age" and negative and pole > 0:
        low = _PAST_CHILDHOOD
    hard = (negative and config.role in {"level", *SCALES}) or config.role == "age"
    return Preference(
        facet=name.kind, value=canonical(low, high), strength=0.8, hard=hard, excludes=hard,
        scope="person" if relation in {"like", "dislike"} else "session", low=low, high=high, pole=pole, word=word,
        quote=quote,
    )  # fmt: skip


def quality_bounds(role: str, step: float, direction: int) -> tuple[float | None, float | None]:
    """What a bare quality asks for, by the role of its number and its end: "short" is at most 95 minutes."""
    low = direction < 0
    match role:
        case "axis":
            return (None, 0.45) if low else (0.55, None)
        case "fame":
            return (None, 0.5) if low else (0.7, None)
        case "level":
            return (None, 1.0) if low else (3.0, None)
        case "age":
            return (None, 8.0) if low else (15.0, None)
        case "year":
            return (None, 1980.0) if low else (date.today().year - 8.0, None)
        case "length":
            return (None, 95.0) if low else (140.0, None)
        case _:
            return (None, step) if low else (step, None)


def scale_of(facet: str, value: str, direction: int, domain: DomainConfig) -> tuple[str, int] | None:
    """The number that a word is about, and which end of it: the word's own, or one with an end of that name (the mood
    funny)."""
    if facet in domain.numbers:
        return (facet, direction) if direction else None
    said = value.casefold()
    for number, config in domain.numbers.items():
        for pole, end in ((config.low, -1), (config.high, 1)):
            if pole is not None and said in {pole.name, *pole.words}:
                return number, end
    return None
