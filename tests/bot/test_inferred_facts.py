"""What was inferred of an item is said as a guess, in every language; what is on record is said as it is."""

from __future__ import annotations

from typing import Any

import pytest

from bot.facts import comparison_phrase, facet_phrase, number_phrase, shared_phrase, value_phrase
from prompts.loader import languages
from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.records import Item

GUESSES: dict[str, Any] = {"mood": {"tense": 0.8}, "theme": {"grief": 0.6}, "pace": {"slow": 0.6}, "light_dark": 0.7,
                           "violence": 0.7, "suitable_from": 0.7}  # fmt: skip
FACETS = {"moods": ["tense"], "themes": ["grief"], "pace": ["slow"], "directors": ["Ann Poole"]}
NUMBERS = {"tone.light_dark": 0.75, "content.violence": 1.0, "suitable_from": 12.0, "minutes": 97.0}


def item(item_id: str, inferred: dict[str, Any] | None = None, **numbers: float) -> Item:
    return Item(id=item_id, title=f"Number {item_id}", year=1990, facets=FACETS, numbers={**NUMBERS, **numbers},
                inferred=inferred or {})  # fmt: skip


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    others = [Item(id=str(n), title=f"Other {n}", facets={"moods": ["cosy"]}) for n in range(10)]
    items = [item("guessed", GUESSES), item("known"), item("lighter", **{"tone.light_dark": 0.2}), *others]
    return Catalogue(load_domain("movies"), items, "")


@pytest.mark.parametrize(
    ("facet", "guess", "fact"),
    [
        ("mood", "probably feels tense", "feels tense"),
        ("theme", "is probably about grief", "is about grief"),
        ("pace", "probably moves at a slow pace", "moves at a slow pace"),
        ("director", "was directed by Ann Poole", "was directed by Ann Poole"),
    ],
)
def test_facets(catalogue: Catalogue, facet: str, guess: str, fact: str) -> None:
    for item_id, said in (("guessed", guess), ("known", fact)):
        phrase = facet_phrase(catalogue, catalogue.get(item_id), facet)
        assert phrase is not None
        assert phrase.text == said
        value = phrase.claims[0].value
        assert value is not None
        one = value_phrase(catalogue, catalogue.get(item_id), facet, value)
        assert one is not None
        assert one.text == said


@pytest.mark.parametrize(
    ("number", "guess", "fact"),
    [
        ("light_dark", "is probably rather dark", "is rather dark"),
        ("violence", "probably has mild violence", "has mild violence"),
        ("suitable_from", "probably suits viewers from about 12 years", "suits viewers from about 12 years"),
        ("minutes", "runs 97 minutes", "runs 97 minutes"),
    ],
)
def test_numbers(catalogue: Catalogue, number: str, guess: str, fact: str) -> None:
    for item_id, said in (("guessed", guess), ("known", fact)):
        phrase = number_phrase(catalogue, catalogue.get(item_id), number)
        assert phrase is not None
        assert phrase.text == said


def test_a_comparison_is_as_sure_as_the_less_sure_of_the_two(catalogue: Catalogue) -> None:
    guessed, known, lighter = (catalogue.get(name) for name in ("guessed", "known", "lighter"))
    said = [comparison_phrase(catalogue, *pair, "light_dark", short=True) for pair in (
        (guessed, lighter), (lighter, guessed), (known, lighter),
    )]  # fmt: skip
    assert [phrase and phrase.text for phrase in said] == [
        "is probably darker", "is probably lighter", "is darker",
    ]  # fmt: skip


def test_what_two_items_share_is_a_guess_when_it_is_one_of_either(catalogue: Catalogue) -> None:
    guessed, known, lighter = (catalogue.get(name) for name in ("guessed", "known", "lighter"))
    for pair in ((guessed, known), (known, guessed)):
        phrase = shared_phrase(catalogue, *pair, {"director:Ann Poole"})
        assert phrase is not None
        assert "probably" in phrase.text
    phrase = shared_phrase(catalogue, known, lighter, {"director:Ann Poole"})
    assert phrase is not None
    assert "probably" not in phrase.text


@pytest.mark.parametrize("language", languages())
def test_every_language_can_guess(catalogue: Catalogue, language: str) -> None:
    view = catalogue.in_language(language)
    for number in ("light_dark", "violence", "suitable_from"):
        guess, fact = (number_phrase(view, view.get(name), number) for name in ("guessed", "known"))
        assert guess is not None
        assert fact is not None
        assert guess.text != fact.text
        assert guess.claims[0].number == fact.claims[0].number


def test_a_mix_of_record_and_guess_is_a_guess(catalogue: Catalogue) -> None:
    mixed = item("guessed", {"mood": {"tense": 0.8}}).model_copy(update={"facets": {"moods": ["tense", "bleak"]}})
    view = Catalogue(catalogue.domain, [mixed], "")
    phrase = facet_phrase(view, mixed, "mood")
    assert phrase is not None
    assert phrase.text == "probably feels tense and bleak"
    alone = value_phrase(view, mixed, "mood", "bleak")
    assert alone is not None
    assert alone.text == "feels bleak"
