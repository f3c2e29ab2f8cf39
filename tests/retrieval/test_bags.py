"""Bags of words: what counts as a word, and what it weighs."""

import numpy as np
import pytest

from retrieval.bags import learn_vocabulary, words_of

TEXTS = ["a cosy comedy", "a cosy thriller", "a dark thriller", "cosy and dark"] + ["the rain"] * 6


def test_words_are_folded_and_numbers_left_out() -> None:
    assert words_of("Amélie (2001), a GEM!") == ["amelie", "gem"]


def test_only_words_that_several_and_not_most_texts_have_are_kept() -> None:
    assert learn_vocabulary(TEXTS).words == ("cosy",)


def test_rows_have_length_one_or_none() -> None:
    vocabulary = learn_vocabulary([*TEXTS, "dark dark", "thriller"])
    bags = vocabulary.bag(["cosy dark dark", "nothing known"]).toarray()
    assert np.linalg.norm(bags, axis=1) == pytest.approx([1, 0])
    dark, cosy = (bags[0, vocabulary.words.index(word)] for word in ("dark", "cosy"))
    assert dark > cosy, "what is said twice weighs more"
