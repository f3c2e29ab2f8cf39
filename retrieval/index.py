"""Index: the vectors and words of a catalogue, kept under the home folder and rebuilt when they do not fit.

Chroma is the durable store, local or a server. For serving, its vectors are read into one matrix, which is exact
and faster than querying below some hundred thousand items. Reading 36,000 takes about a second and a half, so no
copy of the matrix is kept beside the store.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from retrieval.catalogue import Catalogue, Progress
from retrieval.encoder import DocumentEncoder, resolve_model
from retrieval.errors import IndexMissingError
from retrieval.lexical import Lexical
from retrieval.portraits import Portraits, bare, draw, load
from retrieval.records import Item, Record
from retrieval.vectors import VectorCache

_log = logging.getLogger(__name__)
_VERSION = 3  # of the layout, of `document_text` and of portraits
_EMBED_CHUNK = 1_024
_STORE_BATCH = 2_000
_READ_PAGE = 5_000
_PORTRAITS = "portraits.npz"
_UNFINISHED = ".building-"
_KEPT = 4  # indexes under one home
# An encoder reads 128 tokens; whole cast lists would leave no room for the prose.
_LISTED = {"genre": 6, "mood": 6, "theme": 10, "person": 6}
_ensuring = threading.Lock()

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Index:
    """matrix: unit rows in catalogue order, (n, d), of all that is on record; portraits: what each item is like; model:
    name of the encoder that made them; folder: where it is."""

    matrix: Floats
    portraits: Portraits
    model: str
    lexical: Lexical
    folder: Path


class _Manifest(Record):
    """What an index was built for. Written last, so a folder that has one is whole.

    `vectors` is the folder of the local store. No two builds share its name, because Chroma remembers for the
    life of a process what it met at a path, a store that was broken or has been replaced included.
    """

    version: int
    digest: str
    model: str
    items: int
    store: str
    vectors: str

    def fits(self, other: _Manifest) -> bool:
        return self.model_copy(update={"vectors": other.vectors}) == other


def document_text(catalogue: Catalogue, item: Item) -> str:
    """What is encoded of an item: title (year). genres. moods. themes. people. text; of values, those on record."""
    title = f"{item.title} ({item.year})" if item.year is not None else item.title
    lists = (catalogue.recorded(item, role)[:most] for role, most in _LISTED.items())
    return ". ".join(part for part in (title, *(", ".join(values) for values in lists), item.text) if part)


def ensure_index(
    catalogue: Catalogue,
    home: Path,
    model_name: str,
    threads: int,
    chroma_url: str | None = None,
    progress: Progress | None = None,
) -> Index:
    """Open the index of a catalogue under `home`, or build it where it is absent or does not fit.

    A build that was interrupted goes on from the vectors already made. After a build, all but the most recently
    used indexes of the home are deleted. One process may own a home at a time.
    Stages of `progress`: embed, store, lexical. Raises EncoderError when the model is missing, and
    IndexMissingError when neither opening nor building works (a full disk, a server that is down).
    """
    slug = re.sub(r"[^a-z0-9]+", "-", Path(model_name).name.lower()).strip("-")[:60]
    name = f"{catalogue.digest}-{slug}"
    folder = home / "indexes" / name
    wanted = _Manifest(
        version=_VERSION,
        digest=catalogue.digest,
        model=model_name,
        items=len(catalogue),
        store=chroma_url or "local",
        vectors=f"chroma-{secrets.token_hex(4)}",
    )
    with _ensuring:
        found = _manifest(folder)
        if found and found.fits(wanted):
            try:
                return _open(catalogue, folder, name, found, chroma_url)
            except IndexMissingError as error:
                _log.warning("The index is built again: %s", error)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            for stale in folder.parent.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(stale, ignore_errors=True)
            index = _build(catalogue, home, folder, name, wanted, threads, chroma_url, progress)
            _prune(folder)
            return index
        except OSError as error:
            raise IndexMissingError(f"The index {folder} cannot be written: {error}. Free space or rights.") from error


def _manifest(folder: Path) -> _Manifest | None:
    try:
        return _Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    except (OSError, ValidationError):
        return None


def _open(catalogue: Catalogue, folder: Path, name: str, manifest: _Manifest, url: str | None) -> Index:
    with _client(folder / manifest.vectors, url) as client:
        matrix = _stored(client, name, catalogue)
    if matrix is None:
        raise IndexMissingError(f"The vector store of {folder} does not hold exactly the {len(catalogue)} items.")
    lexical = Lexical.load(folder / "lexical")
    if lexical.size != len(catalogue):
        raise IndexMissingError(f"The lexical index in {folder} holds {lexical.size} items, not {len(catalogue)}.")
    portraits = load(folder / _PORTRAITS, catalogue) or bare(matrix)
    # A home on a disk that is full or read-only can still be used.
    with suppress(OSError):
        os.utime(folder / "manifest.json")
    return Index(matrix=matrix, portraits=portraits, model=manifest.model, lexical=lexical, folder=folder)


def _build(
    catalogue: Catalogue,
    home: Path,
    folder: Path,
    name: str,
    manifest: _Manifest,
    threads: int,
    url: str | None,
    progress: Progress | None,
) -> Index:
    building = folder.with_name(f"{_UNFINISHED}{os.getpid()}")
    building.mkdir()
    with _client(building / manifest.vectors, url) as client:
        # Another machine may have filled a shared server already.
        matrix = _stored(client, name, catalogue) if url else None
        if matrix is None:
            texts = [document_text(catalogue, item) for item in catalogue.items]
            matrix = text_vectors(texts, manifest.model, home, threads, progress)
            _store(client, name, catalogue, matrix, progress)
    portraits = draw(catalogue, matrix, lambda texts: text_vectors(texts, manifest.model, home, threads, progress))
    if portraits is not None:
        portraits.save(building / _PORTRAITS, catalogue)
    if progress:
        progress("lexical", 0, len(catalogue))
    lexical = Lexical.build(catalogue)
    lexical.save(building / "lexical")
    (building / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")
    if folder.exists():
        discarded = folder.with_name(f"{_UNFINISHED}{os.getpid()}-discarded")
        folder.rename(discarded)
        building.rename(folder)
        shutil.rmtree(discarded, ignore_errors=True)
    else:
        building.rename(folder)
    if progress:
        progress("lexical", len(catalogue), len(catalogue))
    return Index(
        matrix=matrix, portraits=portraits or bare(matrix), model=manifest.model, lexical=lexical, folder=folder
    )


def _prune(newest: Path) -> None:
    """Delete all but the most recently used index folders beside `newest`, which stays whatever the clock says."""
    others = [folder for folder in newest.parent.iterdir() if folder.is_dir() and folder != newest]
    for folder in sorted(others, key=_last_used, reverse=True)[_KEPT - 1 :]:
        # A folder that is deleted in part must not pass for an index; the next build removes what is left.
        doomed = folder.with_name(f"{_UNFINISHED}{folder.name}-discarded")
        try:
            folder.rename(doomed)
        except OSError as error:
            _log.warning("The old index %s cannot be deleted: %s", folder, error)
            continue
        shutil.rmtree(doomed, ignore_errors=True)


def _last_used(folder: Path) -> float:
    """Seconds since the epoch; 0 for a folder without a manifest, which is no whole index."""
    try:
        return (folder / "manifest.json").stat().st_mtime
    except OSError:
        return 0.0


def text_vectors(
    texts: Sequence[str], model: str, home: Path, threads: int, progress: Progress | None = None
) -> Floats:
    """Unit rows, (n, d); what the cache of the home lacks is encoded, longest first, and cached chunk by chunk.

    Raises EncoderError when something is missing and the model cannot be had.
    """
    cache = VectorCache(home / "vectors.sqlite3", model)
    known = cache.get_many(texts)
    missing = sorted({text for i, text in enumerate(texts) if i not in known}, key=lambda text: (-len(text), text))
    if missing:
        encoder = DocumentEncoder(resolve_model(model), threads)
        for start in range(0, len(missing), _EMBED_CHUNK):
            chunk = missing[start : start + _EMBED_CHUNK]
            cache.put_many(chunk, encoder.encode(chunk))
            if progress:
                progress("embed", len(texts) - len(missing) + start + len(chunk), len(texts))
        known = cache.get_many(texts)
    return np.stack([known[i] for i in range(len(texts))])


# ---------------------------------------------------------------- Chroma


@contextmanager
def _client(folder: Path, url: str | None) -> Iterator[Any]:
    """A Chroma client, closed at the end. What Chroma raises in between becomes IndexMissingError."""
    import chromadb
    import httpx
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    # Without _env_file=None, Chroma reads settings from a .env in the working directory.
    settings = Settings(anonymized_telemetry=False, _env_file=None)
    client: Any = None
    try:
        if url:
            parts = urlsplit(url)
            secure = parts.scheme == "https"
            port = parts.port or (443 if secure else 8000)
            client = chromadb.HttpClient(host=parts.hostname or url, port=port, ssl=secure, settings=settings)
        else:
            client = chromadb.PersistentClient(path=folder, settings=settings)
        yield client
    except (ChromaError, httpx.HTTPError, ValueError) as error:
        advice = "Check that the server runs." if url else "Delete the folder, and the next start builds it again."
        raise IndexMissingError(f"The vector store {url or folder} cannot be used: {error}. {advice}") from error
    finally:
        if client is not None:
            client.close()


def _stored(client: Any, name: str, catalogue: Catalogue) -> Floats | None:
    """The vectors of a collection in catalogue order, (n, d), or None when it does not hold exactly the items."""
    from chromadb.errors import NotFoundError

    try:
        collection = client.get_collection(name, embedding_function=None)
    except NotFoundError:
        return None
    total = len(catalogue)
    if collection.count() != total:
        return None
    matrix: Floats | None = None
    rows_seen = np.zeros(total, dtype=bool)
    for offset in range(0, total, _READ_PAGE):
        page = collection.get(include=["embeddings"], limit=_READ_PAGE, offset=offset)
        rows = [catalogue.row.get(item_id, -1) for item_id in page["ids"]]
        if not rows or min(rows) < 0:
            return None
        if matrix is None:
            matrix = np.empty((total, page["embeddings"].shape[1]), dtype=np.float32)
        matrix[rows] = page["embeddings"]
        rows_seen[rows] = True
    return matrix if rows_seen.all() else None


def _store(client: Any, name: str, catalogue: Catalogue, matrix: Floats, progress: Progress | None) -> None:
    if name in [collection.name for collection in client.list_collections()]:
        client.delete_collection(name)
    collection = client.create_collection(name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None)
    for start in range(0, len(catalogue), _STORE_BATCH):
        items = catalogue.items[start : start + _STORE_BATCH]
        collection.add(
            ids=[item.id for item in items],
            embeddings=matrix[start : start + len(items)],
            metadatas=[_metadata(item) for item in items],
        )
        if progress:
            progress("store", start + len(items), len(catalogue))


def _metadata(item: Item) -> dict[str, Any]:
    """What other readers of the store may filter by. Chroma refuses None and empty lists."""
    fields = {"title": item.title, "year": item.year, "genres": item.genres, "people": item.people}
    return {"popularity": float(item.popularity), **{key: value for key, value in fields.items() if value}}
