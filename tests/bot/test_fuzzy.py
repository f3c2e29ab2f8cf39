"""Typo-tolerant lookup: it finds what a search through all keys finds, and does not slow down with their number."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from bot.fuzzy import Near, WordIndex, allowance, closest

KEYS = ["finding nemo", "pulp fiction", "sigourney weaver", "the godfather", "scarface", "zodiac", "zoolander"]
INDEX = WordIndex(KEYS)


def found(said: str, loose: bool = True) -> list[Near]:
    words = said.split()
    return closest(words, [loose] * len(words), INDEX.near, set(KEYS).__contains__)


@pytest.mark.parametrize(
    ("said", "key", "slips"),
    [
        ("fidning nemo", "finding nemo", 1),
        ("findng nemmo", "finding nemo", 2),
        ("sigorney weever", "sigourney weaver", 2),
        ("scarfce", "scarface", 1),
        ("zodaic", "zodiac", 1),
    ],
)
def test_slips_are_forgiven(said: str, key: str, slips: int) -> None:
    assert found(said) == [Near(key, slips)]


@pytest.mark.parametrize(
    "said", ["finding memory", "pulp", "weaver", "scar face", "zodiax zodiax", "ebay", "nemo finding"]
)
def test_other_words_are_not_bent_into_a_name(said: str) -> None:
    assert found(said) == []


def test_words_that_must_stay_stay() -> None:
    assert closest(["the", "godfahter"], [False, True], INDEX.near, set(KEYS).__contains__) == [
        Near("the godfather", 1)
    ]
    assert closest(["teh", "godfather"], [False, True], INDEX.near, set(KEYS).__contains__) == []


def test_names_equally_near_are_all_given() -> None:
    keys = {"aladin", "aladdin"}
    index = WordIndex(keys)
    assert {near.key for near in closest(["alaadin"], [True], index.near, keys.__contains__)} == keys


@given(st.text("abcde", min_size=1, max_size=9))
def test_near_words_are_those_a_search_through_all_words_finds(word: str) -> None:
    words = ["abc", "abcd", "bcade", "aabbc", "cabcabca", "cabcabcad", "edcba", "abcdeabc"]
    expected = {
        (one, OSA.distance(one, word))
        for one in words
        if one[0] == word[0] and OSA.distance(one, word) <= allowance(word) and allowance(word)
    }
    near = {(one.key, one.distance) for one in WordIndex(words).near(word)}
    assert {one for one in near if allowance(word)} == expected


def test_few_words_are_compared_however_many_names_there_are() -> None:
    """A hundred times the names over the same words leave the words that are looked through as they are."""
    rng = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randint(4, 9))) for _ in range(300)]
    few = WordIndex(f"{rng.choice(words)} {rng.choice(words)}" for _ in range(1_000))
    many = WordIndex(f"{rng.choice(words)} {rng.choice(words)}" for _ in range(100_000))
    assert few.size <= many.size <= len(set(words))
