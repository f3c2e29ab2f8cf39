"""Lessons of dialogues, the file that keeps them, and what another catalogue makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.errors import ModelFileError
from retrieval.lessons import LESSONS, Dialogue, Lessons, Recommended, item_key, learn_lessons
from retrieval.records import Item
from retrieval.taught import Taught

TITLES = ["Heat", "Ronin", "Amélie", "Paddington", "Alien", "Alien"]
YEARS = [1995, 1998, 2001, 2014, 1979, None]


def catalogue_of(*rows: tuple[str, str, int | None]) -> Catalogue:
    items = [Item(id=one, title=title, year=year) for one, title, year in rows]
    return Catalogue(load_domain("movies"), items, "d")


@pytest.fixture(scope="module")
def home() -> Catalogue:
    return catalogue_of(*((str(n), title, year) for n, (title, year) in enumerate(zip(TITLES, YEARS, strict=True))))


@pytest.fixture(scope="module")
def lessons(home: Catalogue) -> Lessons:
    heist, gentle = np.eye(3, dtype=np.float32)[:2]
    dialogues = [
        Dialogue(("0", "1"), "robbers and a heist in rain", (Recommended(heist, ("1",), (), False),)),
        Dialogue(("0", "1", "4"), "a heist please", (Recommended(heist, ("0",), ("4",), True),)),
        Dialogue(("2", "3"), "gentle and warm", (Recommended(gentle, ("3",), (), False),)),
        Dialogue(("2", "3", "gone"), "something warm and gentle", (Recommended(None, ("3", "gone"), (), True),)),
        Dialogue(("5",), "heist or warm and gentle", ()),
    ] + [Dialogue((), "so what", ())] * 6
    return learn_lessons(home, dialogues, "small-encoder")


@pytest.mark.parametrize(("one", "other"), [("Amélie", "AMELIE"), ("WALL·E", "Wall-E"), ("Heat ", "heat")])
def test_titles_are_folded(one: str, other: str) -> None:
    assert item_key(one, 1990) == item_key(other, 1990) != item_key(other, 1991)


def test_together_is_what_the_dialogues_say(home: Catalogue, lessons: Lessons) -> None:
    taught = Taught(home, lessons, "small-encoder")
    assert taught.named.tolist() == [2, 2, 2, 2, 1, 1]
    assert taught.known == 6
    assert taught.beside(0) == pytest.approx([0, 2 / 12, 0, 0, 1 / 12, 0])
    both = np.array([1, 0, 1, 0, 0, 0], dtype=np.float32)
    assert taught.together(both) == pytest.approx(taught.beside(0) + taught.beside(2))


def test_words_and_vectors_lead_to_the_items_of_such_dialogues(home: Catalogue, lessons: Lessons) -> None:
    taught = Taught(home, lessons, "small-encoder")
    for scores in (taught.alike("a heist"), taught.worded("a heist"), taught.answered(np.eye(3, dtype=np.float32)[0])):
        assert min(scores[0], scores[1]) > max(scores[2], scores[3])
    assert not taught.alike("zzz").any()


def test_vectors_of_another_encoder_say_nothing(home: Catalogue, lessons: Lessons) -> None:
    assert not Taught(home, lessons, "another").answered(np.ones(3, dtype=np.float32)).any()


def test_smoothing_keeps_what_goes_together(home: Catalogue, lessons: Lessons) -> None:
    scores = Taught(home, lessons).smoothed(np.eye(6, dtype=np.float32)[2])
    assert int(np.argmax(scores)) == 3


def test_another_catalogue_is_matched_by_title_and_year(lessons: Lessons) -> None:
    other = catalogue_of(("a", "AMELIE", 2001), ("b", "Paddington", None), ("c", "Heat", 1986), ("d", "Ronin", 1998))
    taught = Taught(other, lessons)
    assert taught.named.tolist() == [2, 2, 0, 2], "Heat of another year is another item"
    assert taught.beside(0)[1] == pytest.approx(2 / 12)


def test_an_undated_item_counts_for_the_only_one_of_its_title(lessons: Lessons) -> None:
    one = Taught(catalogue_of(("a", "Alien", 1979)), lessons)
    assert one.named.tolist() == [2]
    two = Taught(catalogue_of(("a", "Alien", 1979), ("b", "Alien", 1986)), lessons)
    assert two.named.tolist() == [1, 0]


def test_a_file_gives_back_what_was_learnt(home: Catalogue, lessons: Lessons, tmp_path: Path) -> None:
    lessons.save(tmp_path)
    before, after = Taught(home, lessons, "small-encoder"), Taught(home, Lessons.load(tmp_path), "small-encoder")
    vector = np.ones(3, dtype=np.float32)
    for name, given in (("beside", 0), ("alike", "a heist"), ("worded", "warm"), ("answered", vector)):
        np.testing.assert_allclose(getattr(after, name)(given), getattr(before, name)(given), atol=2e-3)


@pytest.mark.parametrize("content", [b"", b"PK not a zip", None])
def test_a_broken_file_is_named(content: bytes | None, lessons: Lessons, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / LESSONS).write_bytes(content)
    with pytest.raises(ModelFileError, match=LESSONS):
        Lessons.load(tmp_path)
