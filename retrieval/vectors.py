"""VectorCache: vectors of texts on disk, so that no text is encoded twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_PAGE = 500


class VectorCache:
    """A SQLite table from (model, text) to a float32 vector.

    Every batch is one transaction: what was put before a crash or a kill is there afterwards, which lets an
    interrupted index build go on where it stopped. The connection is opened anew for each call, so an instance
    may be used from any thread.
    """

    def __init__(self, path: Path, model: str) -> None:
        self.path = path
        self.model = model
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._create()
        except sqlite3.OperationalError:  # locked, or the disk is full: the cache itself is sound
            raise
        except sqlite3.DatabaseError:  # not a database: worth no more than an empty one
            path.unlink()
            self._create()

    def get_many(self, texts: Sequence[str]) -> dict[int, NDArray[np.float32]]:
        """The vectors that are known: index in `texts` -> (d,)."""
        keys = [self._key(text) for text in texts]
        blobs: dict[bytes, bytes] = {}
        with closing(self._connect()) as connection:
            for start in range(0, len(keys), _PAGE):
                page = keys[start : start + _PAGE]
                marks = ",".join("?" * len(page))
                blobs.update(connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", page))
        return {i: np.frombuffer(blobs[key], dtype=np.float32) for i, key in enumerate(keys) if key in blobs}

    def put_many(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep one vector a text, (len(texts), d); on disk when this returns."""
        rows = [
            (self._key(text), vector.astype(np.float32).tobytes()) for text, vector in zip(texts, vectors, strict=True)
        ]
        with closing(self._connect()) as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self.model}\0{text}".encode("utf-8", "surrogatepass")).digest()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30)

    def _create(self) -> None:
        with closing(self._connect()) as connection, connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB)")
