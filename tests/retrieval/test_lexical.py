"""BM25 over the words of the items."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.errors import IndexMissingError
from retrieval.lexical import Lexical
from retrieval.records import Item


def catalogue(*items: Item) -> Catalogue:
    return Catalogue(load_domain("movies"), items, "test")


@pytest.fixture(scope="module")
def four() -> Catalogue:
    return catalogue(
        Item(id="a", title="The Long Heist", text="A crew robs a casino."),
        Item(id="b", title="Casino Nights", people=["Amélie Dubois"], text="A pianist remembers."),
        Item(id="c", title="Quiet Water", genres=["Drama"], facets={"themes": ["grief"]}, text="A heist is mentioned."),
        Item(id="d", title="It", text=""),
    )


def best(lexical: Lexical, four: Catalogue, text: str) -> str:
    return four.items[int(lexical.scores(text).argmax())].id


def test_title_counts_more_than_prose(four: Catalogue) -> None:
    scores = Lexical.build(four).scores("heist")
    assert scores[0] > scores[2] > 0
    assert scores[1] == scores[3] == 0


@pytest.mark.parametrize(
    ("text", "expected"), [("AMELIE", "b"), ("amélie dubois", "b"), ("grief", "c"), ("drama", "c")]
)
def test_people_genres_and_themes_are_searched_without_case_or_accents(
    four: Catalogue, text: str, expected: str
) -> None:
    assert best(Lexical.build(four), four, text) == expected


@pytest.mark.parametrize("text", ["", "   ", "the of and", "zyxwv", "!?", "\ud800"])
def test_nothing_known_gives_zeros(four: Catalogue, text: str) -> None:
    scores = Lexical.build(four).scores(text)
    assert scores.shape == (4,)
    assert scores.dtype == "float32"
    assert not scores.any()


def test_a_catalogue_of_stop_words_can_be_built(tmp_path: Path) -> None:
    Lexical.build(catalogue(Item(id="d", title="It"))).save(tmp_path)
    assert Lexical.load(tmp_path).scores("it").tolist() == [0]


def test_saved_and_loaded_scores_are_equal(four: Catalogue, tmp_path: Path) -> None:
    built = Lexical.build(four)
    built.save(tmp_path)
    loaded = Lexical.load(tmp_path)
    assert loaded.size == 4
    for text in ("casino heist", "pianist", "dubois grief"):
        assert loaded.scores(text).tolist() == built.scores(text).tolist()


def test_a_damaged_folder_is_named(four: Catalogue, tmp_path: Path) -> None:
    Lexical.build(four).save(tmp_path)
    (tmp_path / "vocab.index.json").write_text('{"hei')
    with pytest.raises(IndexMissingError, match=str(tmp_path)):
        Lexical.load(tmp_path)
    with pytest.raises(IndexMissingError, match="nowhere"):
        Lexical.load(tmp_path / "nowhere")
