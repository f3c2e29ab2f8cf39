"""Learning which items answer a need: `rapport train answers`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.answers import Learnt, answers_file
from retrieval.catalogue import Catalogue, Progress
from retrieval.encoder import resolve_model, unit_rows
from retrieval.errors import InputError
from retrieval.lessons import item_key
from retrieval.portraits import Portraits
from retrieval.records import Record
from retrieval.tuning import TunedEncoder

_LAYERS = 3
_RANK = 64
_EPOCHS = 4
_BATCH = 32
_TOKENS = 48
_WARM_UP = 0.05  # of the steps
_RATES = (1e-4, 1e-3)  # of the encoder, and of the items' vectors
_SHARP = 12.0  # what a cosine is worth in the softmax over items
_OF_NEED = 2.0  # what a need counts beside a saying, which names one item of the many that would do
_FOLDS = 4
_SHOWN, _FITTING = 5, 3

Floats = NDArray[np.float32]


class Need(NamedTuple):
    """What somebody would like, and the rows of the items that answer it."""

    text: str
    rows: tuple[int, ...]


class AnswersReport(Record):
    """Of needs that were not learnt from: the share of the first five that answer them, and of fives with at least
    three that do, by what was learnt; the same by portraits."""

    needs: int
    sayings: int
    fitting: float
    good: float
    fitting_by_portraits: float
    good_by_portraits: float


def read_answers(path: Path, catalogue: Catalogue) -> list[Need]:
    """The needs of a file of `text<TAB>ids`. Raises InputError naming the line of an item that is not there."""
    needs = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        text, _, said = line.partition("\t")
        strange = next((one for one in said.split() if one not in catalogue.row), None)
        if strange is not None or not said.strip():
            raise InputError(f"{path.name}, line {number}: '{strange or ''}' is no item; expected ids after a tab.")
        needs.append(Need(text, tuple(catalogue.row[one] for one in said.split())))
    return needs


def train_answers(
    catalogue: Catalogue, portraits: Portraits, model: str, seed: int = 0, progress: Progress | None = None
) -> AnswersReport:
    """Learn from <domain>.answers.tsv and from what people might say who want an item; writes <domain>.answers.npz.

    Softmax over all items, with the answers of a need as equal targets; items begin as their portraits. What is
    reported was not learnt from, each need once. Raises InputError.
    """
    path = answers_file(catalogue.domain)
    needs = read_answers(path.with_suffix(".tsv"), catalogue)
    field = catalogue.domain.asked_for or ""
    sayings = [
        Need(str(text), (row,)) for row, item in enumerate(catalogue.items) for text in item.source.get(field) or ()
    ]
    every = [*needs, *sayings]
    folds = np.random.default_rng(seed).permutation(len(needs)) % _FOLDS
    scores = np.zeros((len(needs), len(catalogue)), dtype=np.float32)
    for fold in range(_FOLDS):
        held = np.flatnonzero(folds == fold)
        learnt_from = [need for place, need in enumerate(needs) if folds[place] != fold] + sayings
        network, rows = _fit(learnt_from, portraits.rows, len(catalogue), model, seed)
        scores[held] = _vectors(network, [needs[int(place)].text for place in held]) @ rows.T
        if progress:
            progress("checking", fold + 1, _FOLDS)
    network, rows = _fit(every, portraits.rows, len(catalogue), model, seed)
    if progress:
        progress("learning", 1, 1)
    keys = tuple(item_key(item.title, item.year) for item in catalogue.items)
    Learnt(keys, rows, network.deltas(_RANK), model).save(path)
    ours, theirs = _figures(scores, needs), _figures(_by_portraits(portraits, needs, model), needs)
    return AnswersReport(
        needs=len(needs), sayings=len(sayings), fitting=ours[0], good=ours[1], fitting_by_portraits=theirs[0],
        good_by_portraits=theirs[1],
    )  # fmt: skip


def _fit(needs: Sequence[Need], start: Floats, count: int, model: str, seed: int) -> tuple[TunedEncoder, Floats]:
    """An encoder tuned on needs, and a unit vector of each of `count` items, which begin as `start`."""
    import torch

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    encoder = TunedEncoder(resolve_model(model), _LAYERS)
    items = torch.nn.Parameter(torch.tensor(start))
    optimiser = torch.optim.AdamW(
        [{"params": encoder.parameters(), "lr": _RATES[0]}, {"params": [items], "lr": _RATES[1], "weight_decay": 0.0}],
        weight_decay=0.01,
    )
    steps = _EPOCHS * math.ceil(len(needs) / _BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, step / (_WARM_UP * steps)) * max(0.0, 1.0 - step / steps)
    )
    encoder.network.train()
    for _ in range(_EPOCHS):
        for batch in _batches([need.text for need in needs], rng):
            wanted = torch.zeros(len(batch), count)
            for place, at in enumerate(batch):
                wanted[place, list(needs[at].rows)] = 1.0 / len(needs[at].rows)
            worth = torch.tensor([_OF_NEED if len(needs[at].rows) > 1 else 1.0 for at in batch])
            vectors = _pooled(encoder, [needs[at].text for at in batch])
            likely = (_SHARP * vectors @ torch.nn.functional.normalize(items, dim=1).T).log_softmax(dim=1)
            loss = (-(wanted * likely).sum(dim=1) * worth).mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    encoder.network.eval()
    return encoder, unit_rows(items.detach().numpy())


def _pooled(encoder: TunedEncoder, texts: list[str]) -> Any:
    """Unit vectors of texts, (n, d), in torch."""
    from torch.nn.functional import normalize

    states, real = encoder.states(texts, _TOKENS)
    mask = real.unsqueeze(-1).to(states.dtype)
    return normalize((states * mask).sum(dim=1) / mask.sum(dim=1), dim=1)


def _vectors(encoder: TunedEncoder, texts: list[str]) -> Floats:
    import torch

    with torch.no_grad():
        found = [_pooled(encoder, texts[at : at + _BATCH]).numpy() for at in range(0, len(texts), _BATCH)]
    return np.vstack(found)


def _batches(texts: Sequence[str], rng: np.random.Generator) -> list[list[int]]:
    """All texts in random batches of like length, so that little is padding."""
    mixed = rng.permutation(len(texts))
    batches = []
    for start in range(0, len(mixed), 20 * _BATCH):
        heap = sorted(mixed[start : start + 20 * _BATCH].tolist(), key=lambda at: len(texts[at]))
        batches += [heap[at : at + _BATCH] for at in range(0, len(heap), _BATCH)]
    return [batches[int(at)] for at in rng.permutation(len(batches))]


def _by_portraits(portraits: Portraits, needs: Sequence[Need], model: str) -> Floats:
    from retrieval.encoder import QueryEncoder

    encoder = QueryEncoder(resolve_model(model))
    return np.stack([portraits.closeness(encoder.encode_one(need.text)) for need in needs])


def _figures(scores: Floats, needs: Sequence[Need]) -> tuple[float, float]:
    """The share of the first five that answer, and the share of fives of which three do."""
    first = np.argsort(-scores, axis=1)[:, :_SHOWN]
    right = np.array([len(set(rows.tolist()) & set(need.rows)) for rows, need in zip(first, needs, strict=True)])
    return round(float(right.mean() / _SHOWN), 3), round(float((right >= _FITTING).mean()), 3)
