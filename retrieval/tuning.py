"""Learning changes to the upper layers of a BERT encoder, kept as low-rank matrices, as retrieval/bert.py adds them.

The weights are learnt in full; of each change the best approximation of a given rank is kept (Eckart and Young 1936),
which takes a few megabytes in place of the whole network. On the dialogue acts this was better than learning the
low-rank matrices themselves (Hu et al. 2021, LoRA).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


class TunedEncoder:
    """A BERT in torch whose last `layers` layers learn; biases, norms and everything below stay as they were.

    Raises OSError where `path` holds no model.
    """

    def __init__(self, path: Path, layers: int) -> None:
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        self.tokenizer: Any = AutoTokenizer.from_pretrained(str(path), local_files_only=True)
        self.network: Any = AutoModel.from_pretrained(str(path), local_files_only=True)
        for weights in self.network.parameters():
            weights.requires_grad = False
        count = len(self.network.encoder.layer)
        self._linear = {index: _linear(self.network.encoder.layer[index]) for index in range(count - layers, count)}
        for parts in self._linear.values():
            for weights in (weights for joint in parts.values() for weights in joint):
                weights.requires_grad = True
        self._before = {
            index: {name: _joined(joint) for name, joint in parts.items()} for index, parts in self._linear.items()
        }

    def parameters(self) -> list[torch.nn.Parameter]:
        """What is learnt."""
        return [weights for parts in self._linear.values() for joint in parts.values() for weights in joint]

    def states(self, texts: list[str], most: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Token vectors (n, tokens, d) of texts cut to `most` tokens, and which tokens are real (n, tokens)."""
        read = self.tokenizer(texts, padding=True, truncation=True, max_length=most, return_tensors="pt")
        return self.network(**read).last_hidden_state, read["attention_mask"]

    def offsets(self, text: str, most: int) -> list[tuple[int, int]]:
        """Where each token of a text stands in it."""
        read = self.tokenizer(text, truncation=True, max_length=most, return_offsets_mapping=True)
        return [(start, end) for start, end in read["offset_mapping"]]

    def deltas(self, rank: int) -> dict[str, NDArray[np.float16]]:
        """What was learnt, of that rank, named as Bert.changed expects it."""
        kept: dict[str, NDArray[np.float16]] = {}
        for index, parts in self._linear.items():
            for name, joint in parts.items():
                left, sizes, right = np.linalg.svd(_joined(joint) - self._before[index][name], full_matrices=False)
                root = np.sqrt(sizes[:rank])
                kept[f"{index}.{name}.down"] = (root[:, None] * right[:rank]).astype(np.float16)
                kept[f"{index}.{name}.up"] = (left[:, :rank] * root).astype(np.float16)
        return kept


def _linear(layer: Any) -> dict[str, list[torch.nn.Parameter]]:
    """The weights of one layer, by the names of retrieval.bert.LINEAR."""
    own = layer.attention.self
    return {
        "qkv": [own.query.weight, own.key.weight, own.value.weight],
        "out": [layer.attention.output.dense.weight],
        "up": [layer.intermediate.dense.weight],
        "down": [layer.output.dense.weight],
    }


def _joined(weights: list[torch.nn.Parameter]) -> NDArray[np.float32]:
    return np.concatenate([one.detach().numpy() for one in weights])
