"""Text to unit vectors: sentence-transformers for documents, a light forward pass in numpy for queries.

Importing torch and sentence-transformers costs seconds and hundreds of megabytes, which is fine for building an
index and not for answering the first utterance; both encoders compute the same function.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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

Floats = NDArray[np.float32]


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
            self._bert = _Bert(config, load_file(path / "model.safetensors"))
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


# ---------------------------------------------------------------- BERT


class _Dense(NamedTuple):
    """A linear layer: weight (out, in) and bias (out, 1)."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        """(in, tokens) to (out, tokens)."""
        product: Floats = self.weight @ x
        product += self.bias
        return product


class _Norm(NamedTuple):
    """Layer normalisation over the features; gain and bias are (features, 1)."""

    gain: Floats
    bias: Floats
    eps: np.float32

    def __call__(self, x: Floats) -> Floats:
        x = x - x.mean(axis=0)
        variance = np.einsum("ij,ij->j", x, x) / np.float32(len(x))
        normed: Floats = x / np.sqrt(variance + self.eps) * self.gain + self.bias
        return normed


class _Layer(NamedTuple):
    """One layer of BERT; query, key and value are one linear layer."""

    qkv: _Dense
    out: _Dense
    out_norm: _Norm
    up: _Dense
    down: _Dense
    down_norm: _Norm


class _Bert:
    """Inference of a BERT encoder over texts of different lengths without padding.

    The tokens of all texts form one (hidden, tokens) matrix, which the linear layers take whole; only attention
    goes text by text. Features come first because OpenBLAS multiplies weight @ x a third faster than x @ weight
    when there are few tokens.
    """

    def __init__(self, config: dict[str, Any], weights: dict[str, NDArray[Any]]) -> None:
        if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
            raise ValueError(f"model_type {config.get('model_type')!r}, hidden_act {config.get('hidden_act')!r}")
        prefix = "" if "embeddings.word_embeddings.weight" in weights else "bert."
        eps = np.float32(config["layer_norm_eps"])

        def get(name: str) -> Floats:
            return np.ascontiguousarray(weights[prefix + name], dtype=np.float32)

        def dense(*names: str) -> _Dense:
            weight, bias = (np.concatenate([get(f"{name}.{part}") for name in names]) for part in ("weight", "bias"))
            return _Dense(weight, bias[:, None])

        def norm(name: str) -> _Norm:
            return _Norm(get(f"{name}.LayerNorm.weight")[:, None], get(f"{name}.LayerNorm.bias")[:, None], eps)

        def layer(at: str) -> _Layer:
            return _Layer(
                qkv=dense(*(f"{at}.attention.self.{part}" for part in ("query", "key", "value"))),
                out=dense(f"{at}.attention.output.dense"),
                out_norm=norm(f"{at}.attention.output"),
                up=dense(f"{at}.intermediate.dense"),
                down=dense(f"{at}.output.dense"),
                down_norm=norm(f"{at}.output"),
            )

        self._words = get("embeddings.word_embeddings.weight")
        # Every token is of type 0, so its vector can be added to the positions once.
        types = get("embeddings.token_type_embeddings.weight")
        self._positions = get("embeddings.position_embeddings.weight") + types[0]
        self._norm = norm("embeddings")
        self._layers = [layer(f"encoder.layer.{index}") for index in range(config["num_hidden_layers"])]
        self._heads: int = config["num_attention_heads"]

    def pooled(self, tokens: Sequence[Sequence[int]]) -> Floats:
        """Mean of the last layer over each text's tokens, (n, hidden). No text may be without tokens."""
        ends = np.cumsum([len(ids) for ids in tokens])
        spans = [slice(int(end) - len(ids), int(end)) for end, ids in zip(ends, tokens, strict=True)]
        positions = np.concatenate([np.arange(len(ids)) for ids in tokens])
        embedded = self._words[np.concatenate([np.asarray(ids) for ids in tokens])] + self._positions[positions]
        x = self._norm(np.ascontiguousarray(embedded.T))
        for layer in self._layers:
            x = layer.out_norm(x + layer.out(self._attention(layer.qkv(x), spans)))
            x = layer.down_norm(x + layer.down(_gelu(layer.up(x))))
        return np.stack([x[:, span].mean(axis=1) for span in spans])

    def _attention(self, qkv: Floats, spans: list[slice]) -> Floats:
        """(3 * hidden, tokens) to (hidden, tokens)."""
        rows, total = qkv.shape
        parts = qkv.reshape(3, self._heads, -1, total)
        scale = np.float32(1 / np.sqrt(parts.shape[2]))
        attended = np.empty((self._heads, parts.shape[2], total), dtype=np.float32)
        for span in spans:
            query, key, value = parts[..., span]
            scores = query.transpose(0, 2, 1) @ key * scale
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            scores /= scores.sum(axis=-1, keepdims=True)
            attended[..., span] = value @ scores.transpose(0, 2, 1)
        return attended.reshape(rows // 3, total)


def _gelu(x: Floats) -> Floats:
    """x * Phi(x), with erf from Abramowitz and Stegun 7.1.26 (absolute error below 1.5e-7)."""
    z = np.abs(x)
    z *= np.float32(0.7071067811865476)
    t = 1 / (1 + np.float32(0.3275911) * z)
    tail = np.float32(1.061405429) * t  # becomes 1 - Phi(|x|), in place: this loop is a tenth of a query's time
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail += np.float32(coefficient)
        tail *= t
    tail *= np.exp(-z * z)
    tail *= np.float32(0.5)
    weighted: Floats = x * np.where(x < 0, tail, 1 - tail)
    return weighted
