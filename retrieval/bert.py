"""The forward pass of a BERT encoder in numpy, and low-rank changes to its upper layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LINEAR = ("qkv", "out", "up", "down")
"""The linear layers of one layer of BERT that a change may be learnt for; qkv is query, key and value in one."""


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


class Bert:
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

    def changed(self, deltas: Mapping[str, NDArray[Any]]) -> Bert:
        """This encoder with low-rank changes added to some of its weights; what is not changed is shared.

        deltas: for each changed linear layer "<layer>.<name>.down" (rank, in) and "<layer>.<name>.up" (out, rank), with
        a name of LINEAR (retrieval/tuning.py learns them). Raises KeyError where one of the two is missing.
        """
        other = copy(self)
        other._layers = [
            layer._replace(**{  # type: ignore[arg-type]
                name: _Dense(_plus(getattr(layer, name).weight, deltas, f"{index}.{name}"), getattr(layer, name).bias)
                for name in LINEAR
                if f"{index}.{name}.down" in deltas
            })
            for index, layer in enumerate(self._layers)
        ]  # fmt: skip
        return other

    def pooled(self, tokens: Sequence[Sequence[int]]) -> Floats:
        """Mean of the last layer over each text's tokens, (n, hidden). No text may be without tokens."""
        return np.stack([states.mean(axis=1) for states in self.states(tokens)])

    def states(self, tokens: Sequence[Sequence[int]]) -> list[Floats]:
        """The last layer of each text, (hidden, tokens of that text). No text may be without tokens."""
        ends = np.cumsum([len(ids) for ids in tokens])
        spans = [slice(int(end) - len(ids), int(end)) for end, ids in zip(ends, tokens, strict=True)]
        positions = np.concatenate([np.arange(len(ids)) for ids in tokens])
        embedded = self._words[np.concatenate([np.asarray(ids) for ids in tokens])] + self._positions[positions]
        x = self._norm(np.ascontiguousarray(embedded.T))
        for layer in self._layers:
            x = layer.out_norm(x + layer.out(self._attention(layer.qkv(x), spans)))
            x = layer.down_norm(x + layer.down(_gelu(layer.up(x))))
        return [x[:, span] for span in spans]

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


def _plus(weight: Floats, deltas: Mapping[str, NDArray[Any]], name: str) -> Floats:
    down, up = (np.asarray(deltas[f"{name}.{part}"], dtype=np.float32) for part in ("down", "up"))
    return np.ascontiguousarray(weight + up @ down)


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
