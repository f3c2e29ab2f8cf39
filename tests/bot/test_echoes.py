"""Pronouns and "like that": who and what they mean, and that a negation before them is heard."""

from __future__ import annotations

import pytest

from bot.references import Context
from bot.understand import Understander
from retrieval.catalogue import Catalogue

SHOWN = ["misery-1990", "heat-1995"]


def excluded(text: str, context: Context, understander: Understander) -> set[str]:
    return {one.value for one in understander.understand(text, context).constraints if one.polarity < 0}


@pytest.mark.parametrize(
    "text",
    [
        "so was in der Richtung, nur nicht von ihm", "quelque chose dans le même esprit mais pas de lui",
        "something in the same vein, but not by him", "algo parecido, pero nada de él", "类似的,但不要他拍的",
    ],
)  # fmt: skip
def test_something_like_that_but_not_by_him(text: str, understander: Understander, starter: Catalogue) -> None:
    liked = next(item for item in starter.items if item.title == "Rear Window")
    found = understander.understand(text, Context(slate=SHOWN, liked=liked.id))
    assert [(m.item_id, m.relation) for m in found.mentions] == [(liked.id, "similar")]
    out = [(one.value, one.role, one.polarity) for one in found.constraints]
    assert out == [("Alfred Hitchcock", "director", -1.0)]
    assert not [one for one in found.preferences if one.facet == "person"]


@pytest.mark.parametrize(
    "text", ["a western without him", "un western sans lui alors", "nen Western ohne ihn", "不是他演的西部片呢"]
)
def test_a_person_wished_for_is_ruled_out_by_a_pronoun(text: str, understander: Understander) -> None:
    context = Context(slate=SHOWN, person="Clint Eastwood")
    assert excluded(text, context, understander) == {"Clint Eastwood"}
    found = understander.understand(text, context)
    assert ("genre", "Western", 1.0) in {(p.facet, p.value, p.polarity) for p in found.preferences}


def test_by_him_means_who_made_the_item_spoken_of(understander: Understander) -> None:
    context = Context(slate=SHOWN, focus="heat-1995", person="Al Pacino")
    (found,) = understander.understand("anything else by him?", context).preferences
    assert (found.value, found.role) == ("Michael Mann", "director")
    (found,) = understander.understand("anything else with him?", context).preferences
    assert (found.value, found.role) == ("Al Pacino", "actor")


def test_like_that_with_nothing_spoken_of_is_no_example(understander: Understander) -> None:
    assert understander.understand("something similar", Context(slate=SHOWN)).mentions == []
