"""Names that the catalogue does not have: kept as they were said, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from bot.understand import Understander


def unknown(understander: Understander, text: str) -> list[tuple[str, str]]:
    entities = understander.understand(text).entities
    return [(one.kind, one.surface) for one in entities if one.value is None and one.item_id is None]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I loved Xylophone Heroes of Zanzibar", ("item", "Xylophone Heroes of Zanzibar")),
        ("something with Zebediah Quackenbush", ("person", "Zebediah Quackenbush")),
        ("a film directed by zebediah quackenbush", ("person", "zebediah quackenbush")),
        ("something like zanzibar quux but shorter", ("item", "zanzibar quux")),
        ("algo con Zebedías Quackenbush", ("person", "Zebedías Quackenbush")),
    ],
)
def test_a_name_nobody_has_is_kept(text: str, name: tuple[str, str], understander: Understander) -> None:
    assert name in unknown(understander, text)


@pytest.mark.parametrize(
    "text",
    [
        "I loved Alien",
        "I'd like something funny",
        "OK, but no TV shows",
        "I'm looking for a comedy",
        "something with a good story",
        "HELLO THERE",
        "J'ai adoré Alien",
    ],
)
def test_what_is_known_or_ordinary_is_no_unknown_name(text: str, understander: Understander) -> None:
    assert unknown(understander, text) == []
