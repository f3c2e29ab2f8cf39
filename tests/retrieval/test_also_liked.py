"""What people who liked one item liked too: the closed form, the file, and what another catalogue makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.also_liked import ALSO_LIKED, AlsoLiked, Liked, ease, foretold, learn_liked
from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.errors import InputError, ModelFileError
from retrieval.lessons import item_key
from retrieval.records import Item
from retrieval.sparse import ones

TITLES = ["Heat", "Ronin", "Thief", "Amélie", "Paddington", "Babe", "Seen by few"]


def catalogue_of(*titles: str) -> Catalogue:
    items = [Item(id=str(n), title=title, year=1990) for n, title in enumerate(titles)]
    return Catalogue(load_domain("movies"), items, "d")


@pytest.fixture(scope="module")
def liked() -> Liked:
    """Sixty people: half like the first three, half the next three, and everybody leaves one of theirs out."""
    keys = [item_key(title, 1990) for title in TITLES]
    heists = [[key for n, key in enumerate(keys[:3]) if n != person % 3] for person in range(30)]
    gentle = [[key for n, key in enumerate(keys[3:6]) if n != person % 3] for person in range(30)]
    return learn_liked([*heists, *gentle, [keys[6], keys[0]], [keys[6]]])


def test_the_closed_form_is_the_best_ridge_regression_without_the_item_itself() -> None:
    table = np.random.default_rng(0).random((40, 6)) < 0.4
    weights = ease(ones([np.flatnonzero(row).tolist() for row in table], 6), ridge=3.0)
    for item in range(6):
        others = np.delete(table, item, axis=1).astype(float)
        best = np.linalg.solve(others.T @ others + 3.0 * np.eye(5), others.T @ table[:, item])
        assert np.delete(weights[:, item], item) == pytest.approx(best, abs=1e-5)
        assert weights[item, item] == 0


def test_what_is_liked_leads_to_what_such_people_liked(liked: Liked) -> None:
    found = AlsoLiked(catalogue_of(*TITLES), liked)
    for row, kin in ((0, (1, 2)), (4, (3, 5))):
        scores = found.beside(row)
        assert scores[row] == 0
        assert set(np.argsort(-scores)[:2]) == set(kin)
        assert min(scores[list(kin)]) > 0


def test_likes_add_up(liked: Liked) -> None:
    found = AlsoLiked(catalogue_of(*TITLES), liked)
    weights = np.array([1, 0, 0, 0.5, 0, 0, 0], dtype=np.float32)
    assert found.together(weights) == pytest.approx(found.beside(0) + 0.5 * found.beside(3), abs=1e-6)
    assert not found.together(np.zeros(7, dtype=np.float32)).any()


def test_what_few_people_liked_teaches_nothing(liked: Liked) -> None:
    found = AlsoLiked(catalogue_of(*TITLES), liked)
    assert found.known == 6
    assert not found.beside(6).any()
    with pytest.raises(InputError, match="too few to learn from"):
        learn_liked([[item_key("Heat", 1995)], [item_key("Ronin", 1998)]])


def test_another_catalogue_is_matched_by_title_and_year(liked: Liked) -> None:
    found = AlsoLiked(catalogue_of("AMELIE", "Something Else", "Babe"), liked)
    assert found.known == 2
    assert found.beside(0)[2] > 0
    assert found.beside(0)[1] == 0


def test_the_last_like_is_foretold_where_there_is_a_pattern() -> None:
    keys = [item_key(f"Tale {n}", None) for n in range(40)]
    rng = np.random.default_rng(0)
    halves = (keys[:20], keys[20:])
    told = foretold([[half[n] for n in rng.permutation(20)[:12]] for half in halves for _ in range(80)])
    assert told["hr@10"] == 1.0, "eight of the twenty are left, and ten are shown"
    noise = foretold([[keys[n] for n in rng.permutation(40)[:12]] for _ in range(160)])
    assert noise["hr@10"] < 0.5


def test_a_file_gives_back_what_was_learnt(liked: Liked, tmp_path: Path) -> None:
    liked.save(tmp_path)
    again = Liked.load(tmp_path)
    assert again is not None
    assert again.keys == liked.keys
    assert again.weights == pytest.approx(liked.weights, abs=1e-3)
    assert Liked.load(tmp_path / "elsewhere") is None


@pytest.mark.parametrize("content", [b"", b"PK not a zip"])
def test_a_broken_file_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / ALSO_LIKED).write_bytes(content)
    with pytest.raises(ModelFileError, match=ALSO_LIKED):
        Liked.load(tmp_path)


def test_a_table_of_another_size_is_refused(liked: Liked, tmp_path: Path) -> None:
    Liked(liked.keys[:2], liked.weights).save(tmp_path)
    with pytest.raises(ModelFileError, match="2 items"):
        Liked.load(tmp_path)
