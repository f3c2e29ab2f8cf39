"""Items as features: which words count, which are left out, and that two catalogues with their own words meet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrieval.catalogue import Catalogue
from retrieval.features import BLOCKS, FROM_TEXT, Clues, FeatureSpace, Floats, View, learnt_fields, text_to_encode
from retrieval.index import document_text
from retrieval.records import Item
from tests.retrieval.tales import TALES


def view(*items: Item) -> View:
    return View(Catalogue(TALES, items, ""), list(items), np.eye(len(items), 5, dtype=np.float32))


def flat(texts: Sequence[str]) -> Floats:
    """Every text to the same vector."""
    return np.ones((len(texts), 5), dtype=np.float32) / np.sqrt(np.float32(5))


def tale(item_id: str, title: str = "A Tale", text: str = "", kinds: Sequence[str] = (), **facets: list[str]) -> Item:
    named = {name.replace("_", "."): values for name, values in facets.items()}
    return Item(id=item_id, title=title, text=text, genres=list(kinds), facets={"kinds": list(kinds), **named})


def test_two_catalogues_mean_the_same_genre() -> None:
    items = view(*(tale(str(n), kinds=[kind]) for n, kind in enumerate(["Ghost Story", "SPOOKY", "ghosts", "Drama"])))
    space = FeatureSpace([items])
    genres = space.rows(items)[:, space.columns(["genres"])]
    assert (genres[0] == genres[1]).all()
    assert (genres[0] == genres[2]).all()
    assert (genres[0] != genres[3]).any()


def test_what_is_to_be_inferred_is_no_feature() -> None:
    bare = [tale(str(n), text="the sea the sea", tellers=["Ann"], tags=["old"]) for n in range(4)]
    items = view(*bare)
    marked = view(*(item.model_copy(update={"facets": {**item.facets, "feel.moods": ["sad"], "colour": ["red"]},
                                            "numbers": {"feel.weight": 0.9}}) for item in bare))  # fmt: skip
    space = FeatureSpace([items, marked])
    assert np.array_equal(space.rows(items), space.rows(marked))
    assert learnt_fields(TALES) == ["feel.moods", "colour", "feel.weight", "age"]


def test_people_and_keywords_are_features_and_places_are_not() -> None:
    items = view(
        tale("a", tellers=["Ann"]), tale("b", tellers=["ann"]), tale("c", tags=["old"]), tale("d", tags=["old"]),
        tale("e", places=["Rome"]), tale("f", places=["Rome"]), tale("g"),
    )  # fmt: skip
    items = items._replace(vectors=np.zeros((7, 5), dtype=np.float32))
    rows = FeatureSpace([items]).rows(items)
    assert (rows[0] == rows[1]).all()
    assert (rows[0] != rows[6]).any()
    assert (rows[2] != rows[6]).any()
    assert (rows[4] == rows[6]).all()


def test_a_title_does_not_count_as_text() -> None:
    rest = [tale(f"r{n}", title="Grief", text="the harbour at night") for n in range(5)]
    items = view(*rest, tale("x", title="Grief", text="Grief and a harbour Grief"), tale("y", title="It", text="Italy"))
    items = items._replace(vectors=np.zeros((7, 5), dtype=np.float32))
    clues = Clues(TALES, {"mood": ["grief", "italy"]}, flat).rows(items)["mood"]
    assert clues[5, :, 1].tolist() == [0, 0]
    assert clues[6, :, 1].tolist() == [0, 1]


def test_blocks_have_columns_of_their_own() -> None:
    items = view(*(tale(str(n), text=f"word{n} sea of glass", kinds=["Drama"], tellers=["Ann"]) for n in range(12)))
    items = items._replace(vectors=np.eye(12, 5, dtype=np.float32))
    space = FeatureSpace([items])
    columns = [space.columns([block]) for block in BLOCKS]
    assert (sum(one.astype(int) for one in columns) == 1).all()
    assert len(columns[0]) == space.rows(items).shape[1]
    textless = view(tale("0", kinds=["Drama"]))._replace(vectors=np.zeros((1, 5), dtype=np.float32))
    assert not space.rows(textless)[:, space.columns(FROM_TEXT)].any()
    assert np.array_equal(space.columns(iter(FROM_TEXT)), space.columns(FROM_TEXT))


def test_clues_are_other_ways_to_say_a_value_in_the_text_or_among_keywords() -> None:
    items = view(
        tale("a", text="A mournful song."), tale("b", tags=["Sad"]), tale("c", text="A saddle."),
        tale("d", feel_moods=["sad"]), tale("e", text="Jolly and tearful people."),
    )  # fmt: skip
    found = Clues(TALES, {"mood": ["sad", "merry"]}, flat).rows(items)["mood"]
    assert found[:, 0, 1].tolist() == [1, 1, 0, 0, 1]
    assert found[:, 1, 1].tolist() == [0, 0, 0, 0, 1]


def test_values_without_a_letter_are_never_found() -> None:
    items = view(tale("a", text="*** and ???"))
    assert not Clues(TALES, {"colour": ["***", "???"]}, flat).rows(items)["colour"][:, :, 1].any()


def test_the_encoded_text_is_that_of_the_index_without_what_is_to_be_inferred() -> None:
    plain = tale("a", text="The sea.", kinds=["Drama"], tags=["old"])
    marked = plain.model_copy(update={"facets": {**plain.facets, "feel.moods": ["sad"]}})
    catalogue = Catalogue(TALES, [plain, marked], "")
    assert text_to_encode(catalogue, plain) == document_text(catalogue, plain)
    assert text_to_encode(catalogue, marked) == document_text(catalogue, plain) != document_text(catalogue, marked)
