"""The vector cache: what was put is there afterwards, whatever happened in between."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.vectors import VectorCache

ROOT = Path(__file__).parents[2]


def vectors(n: int, offset: float = 0) -> np.ndarray:  # type: ignore[type-arg]
    return (np.arange(n * 4, dtype=np.float32).reshape(n, 4) + offset) / 7


def test_nothing_is_known_at_first(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "new" / "cache.sqlite3", "m")
    assert cache.get_many(["a", "b"]) == {}
    assert cache.get_many([]) == {}


def test_vectors_come_back_exactly_and_by_position(tmp_path: Path) -> None:
    VectorCache(tmp_path / "c", "m").put_many(["a", "b"], vectors(2))
    found = VectorCache(tmp_path / "c", "m").get_many(["x", "b", "a", "b"])
    assert sorted(found) == [1, 2, 3]
    np.testing.assert_array_equal(found[2], vectors(2)[0])
    np.testing.assert_array_equal(found[1], found[3])
    assert found[1].dtype == np.float32


def test_models_do_not_share_vectors(tmp_path: Path) -> None:
    VectorCache(tmp_path / "c", "m").put_many(["a"], vectors(1))
    assert VectorCache(tmp_path / "c", "other").get_many(["a"]) == {}


def test_the_last_vector_of_a_text_counts(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "c", "m")
    cache.put_many(["a"], vectors(1))
    cache.put_many(["a"], vectors(1, offset=1))
    np.testing.assert_array_equal(cache.get_many(["a"])[0], vectors(1, offset=1)[0])


def test_unequal_lengths_store_nothing(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "c", "m")
    with pytest.raises(ValueError, match="shorter"):
        cache.put_many(["a", "b"], vectors(1))
    assert cache.get_many(["a", "b"]) == {}


def test_more_texts_than_one_page(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "c", "m")
    texts = [f"text {n}" for n in range(1201)]
    cache.put_many(texts, vectors(1201))
    found = cache.get_many(texts[::-1])
    np.testing.assert_array_equal(np.stack([found[i] for i in range(1201)]), vectors(1201)[::-1])


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.text(st.characters(exclude_categories=()), max_size=6), st.integers(0, 99), max_size=6))
def test_any_text_can_be_a_key(numbers: dict[str, int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = VectorCache(Path(folder) / "c", "m")
        cache.put_many(list(numbers), np.array([[n] for n in numbers.values()], dtype=np.float32).reshape(-1, 1))
        found = cache.get_many(list(numbers))
        assert [int(found[i][0]) for i in range(len(numbers))] == list(numbers.values())


def test_threads_may_share_a_cache(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "c", "m")

    def work(n: int) -> None:
        cache.put_many([f"{n} {i}" for i in range(20)], vectors(20, offset=n))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(12)))
    assert len(cache.get_many([f"{n} {i}" for n in range(12) for i in range(20)])) == 240


def test_a_killed_process_loses_no_acknowledged_batch(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path; from retrieval.vectors import VectorCache\n"
        "cache = VectorCache(Path(sys.argv[1]), 'm')\n"
        "for n in range(100000):\n"
        "    cache.put_many([f'{n} {i}' for i in range(50)], np.full((50, 4), n, dtype=np.float32))\n"
        "    print(n, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "c")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    for line in process.stdout:
        if int(line) >= 8:
            break
    os.kill(process.pid, signal.SIGKILL)
    acknowledged = max([8, *(int(line) for line in process.stdout if line.strip())])
    process.wait()
    texts = [f"{n} {i}" for n in range(acknowledged + 1) for i in range(50)]
    found = VectorCache(tmp_path / "c", "m").get_many(texts)
    assert len(found) == len(texts)
    assert all(found[i][0] == i // 50 for i in found)


def test_a_file_that_is_no_database_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"no database " * 500)
    cache = VectorCache(tmp_path / "c", "m")
    cache.put_many(["a"], vectors(1))
    assert list(cache.get_many(["a"])) == [0]


def test_a_sound_cache_is_never_thrown_away(tmp_path: Path) -> None:
    VectorCache(tmp_path / "c", "m").put_many(["a"], vectors(1))
    (tmp_path / "folder").mkdir()
    with pytest.raises(sqlite3.OperationalError):
        VectorCache(tmp_path / "folder", "m")
    assert (tmp_path / "folder").is_dir()
    assert list(VectorCache(tmp_path / "c", "m").get_many(["a"])) == [0]
