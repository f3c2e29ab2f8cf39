"""Text to unit vectors: sentence-transformers for documents, a light forward pass in numpy for queries.

Importing torch and sentence-transformers costs seconds and hundreds of megabytes, which is fine for building an
index and not for answering the first utterance; both encoders compute the same function.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.bert import Bert, Floats
from retrieval.catalogue import Progress
from retrieval.errors import EncoderError

MAX_TOKENS = 128
_MODEL_FILES = ("config.json", "tokenizer.json", "model.safetensors")
_BATCH = 64
_CHUNK = 8 * _BATCH
_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}


def resolve_model(name: str) -> Path:
    """The folder of a model: a local folder, or one inside an installed package (found without running its code).

    Raises EncoderError when there is neither, or when the folder lacks a file that an encoder needs.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _packaged(name)
    missing = [file for file in _MODEL_FILES if not (folder / file).is_file()]
    if missing:
        raise EncoderError(f"Embedding model {folder} lacks {', '.join(missing)}. Give a complete model folder.")
    return folder


def _packaged(name: str) -> Path:
    try:
        files = metadata.distribution(name).files or []
    except (metadata.PackageNotFoundError, ValueError) as error:
        raise EncoderError(
            f"No embedding model '{name}': neither a folder nor an installed package. "
            "Install the packages of requirements.txt, or set RAPPORT_EMBEDDER to a model folder."
        ) from error
    found = next((file for file in files if file.name == "model.safetensors"), None)
    if found is None:
        raise EncoderError(f"The package '{name}' is installed but holds no model.safetensors. Name another package.")
    return Path(str(found.locate())).parent


class ReadText(NamedTuple):
    """A text as the encoder sees it: the last layer (d, tokens), and where each token stands in the text."""

    states: Floats
    offsets: list[tuple[int, int]]


class DocumentEncoder:
    """The reference encoder, in bfloat16: twice to three times as fast as float32 at a cosine above .999.

    `threads` is set for all of torch in this process.
    """

    def __init__(self, path: Path, threads: int) -> None:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        torch.set_num_threads(threads)
        try:
            self._model = SentenceTransformer(
                str(path), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.bfloat16}
            )
        except Exception as error:  # the loaders raise all kinds, some of them plain Exception
            raise EncoderError(f"Embedding model {path} cannot be loaded: {error}") from error
        self._model.max_seq_length = MAX_TOKENS

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """Unit rows, (n, d), in the order of `texts`. Texts of like length go together, so little is padding."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        rows: list[Floats] = []
        for start in range(0, len(order), _CHUNK):
            chunk = [_clean(texts[i]) for i in order[start : start + _CHUNK]]
            found = self._model.encode(chunk, batch_size=_BATCH, convert_to_numpy=True, show_progress_bar=False)
            rows.append(np.asarray(found, dtype=np.float32))
            if progress:
                progress("embed", start + len(chunk), len(order))
        if not rows:
            return np.empty((0, self._model.get_embedding_dimension() or 0), dtype=np.float32)
        sorted_rows = np.concatenate(rows)
        matrix = np.empty_like(sorted_rows)
        matrix[order] = sorted_rows
        return unit_rows(matrix)


class QueryEncoder:
    """The same BERT, mean pooling and normalisation, in numpy with float32 weights. Thread-safe.

    Vectors agree with sentence-transformers in float32 to a cosine above .9999. The last `cache_size` texts are
    kept, since a turn asks for the vector of its text more than once. Raises EncoderError for another
    architecture or pooling.
    """

    def __init__(self, path: Path, cache_size: int = 512) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        try:
            config = json.loads((path / "config.json").read_text(encoding="utf-8"))
            self._tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
            self._bert = Bert(config, load_file(path / "model.safetensors"))
        except Exception as error:  # tokenizers raises plain Exception
            raise EncoderError(f"Embedding model {path} cannot be loaded: {error!r}. Expected a BERT.") from error
        pooling = path / "1_Pooling" / "config.json"
        if pooling.is_file() and not json.loads(pooling.read_text(encoding="utf-8")).get("pooling_mode_mean_tokens"):
            raise EncoderError(f"Embedding model {path} does not use mean pooling, the only one supported.")
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self.dimension: int = config["hidden_size"]
        self._cache: OrderedDict[str, Floats] = OrderedDict()
        self._cache_size = cache_size
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Floats:
        """Unit rows, (n, d), in the order of `texts`."""
        known = {text: vector for text in texts if (vector := self._cached(text)) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            tokens = [self._tokenizer.encode(_clean(text)).ids for text in missing]
            vectors = unit_rows(self._bert.pooled(tokens))
            known.update(zip(missing, vectors, strict=True))
            self._keep({text: known[text] for text in missing})
        return np.stack([known[text] for text in texts]) if texts else np.empty((0, self.dimension), dtype=np.float32)

    def read(self, texts: Sequence[str], bert: Bert | None = None) -> list[ReadText]:
        """The tokens of each text, by this encoder or by a changed one (see `changed`)."""
        tokens = [self._tokenizer.encode(_clean(text)) for text in texts]
        states = (bert or self._bert).states([one.ids for one in tokens])
        return [ReadText(state, one.offsets) for state, one in zip(states, tokens, strict=True)]

    def changed(self, deltas: Mapping[str, NDArray[Any]]) -> Bert:
        """The network of this encoder with low-rank changes (Bert.changed)."""
        return self._bert.changed(deltas)

    def encode_one(self, text: str) -> Floats:
        """The unit vector of one text, (d,)."""
        vector: Floats = self.encode([text])[0]
        return vector

    def _cached(self, text: str) -> Floats | None:
        with self._lock:
            if text in self._cache:
                self._cache.move_to_end(text)
            return self._cache.get(text)

    def _keep(self, vectors: dict[str, Floats]) -> None:
        with self._lock:
            self._cache.update(vectors)
            while len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)


def unit_rows(matrix: Floats) -> Floats:
    """Rows scaled to length 1; a row of zeros stays zeros."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    scaled: Floats = (matrix / np.maximum(lengths, 1e-12)).astype(np.float32, copy=False)
    return scaled


def _clean(text: str) -> str:
    """Half a surrogate pair cannot be tokenised; it becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
