"""Descriptions: what they tell in passing is no condition, what they ask for outright is one."""

from __future__ import annotations

import pytest

from bot.describing import describes, loosened
from bot.querying import PLAIN_STRENGTH
from bot.records import Understanding
from bot.understand import Understander

IN_PASSING = [
    ("family everybody takes for losers pulls off something brilliantly complicated", "Family"),
    ("investigating a killing, he falls for her portrait above the mantelpiece and courage deserts him", "courage"),
    ("white shorts, roadside lust that curdles, dance halls and fate catching up", "dance"),
]
OUTRIGHT = [
    ("a family film where everybody takes them for losers and they pull off something complicated", "Family"),
    ("some action with collapsing bridges, sweaty heroes and impossible jumps", "Action"),
]


def strengths(found: Understanding) -> dict[str, float]:
    return {wish.value: wish.strength for wish in (*found.preferences, *found.constraints) if wish.polarity > 0}


@pytest.mark.parametrize(("text", "value"), IN_PASSING)
def test_what_is_told_in_passing_only_guides(text: str, value: str, understander: Understander) -> None:
    found = understander.understand(text)
    assert describes(found)
    assert strengths(found)[value] <= PLAIN_STRENGTH


@pytest.mark.parametrize(("text", "value"), OUTRIGHT)
def test_a_kind_that_is_asked_for_outright_binds(text: str, value: str, understander: Understander) -> None:
    found = understander.understand(text)
    assert describes(found)
    assert strengths(found)[value] > PLAIN_STRENGTH


def test_a_short_wish_is_no_description(understander: Understander) -> None:
    found = understander.understand("a film about courage")
    assert not describes(found)
    assert loosened(found, understander.domain) == found
    assert strengths(found)["courage"] > PLAIN_STRENGTH
