"""Learning SentenceActs: changes to the encoder, and for each act what it looks at and what it takes of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.act_examples import Examples, Learnt, SpanExamples
from bot.act_model import known_signs, places, sign_features
from bot.records import PERSON_ACTS
from bot.span_relations import RELATIONS, Said, covered, possible, span_features
from retrieval.bert import Floats
from retrieval.catalogue import Progress
from retrieval.tuning import TunedEncoder

_LAYERS = 3
_RANK = 64
_EPOCHS = 3
_BATCH = 32
_TOKENS = 64
_WARM_UP = 0.05  # of the steps
_RATES = (2e-4, 3e-3)  # of the changes, and of what reads them
_DROPPED = 0.1
_HEAVIEST = 6.0  # how much more than its absence a rare act may weigh
_TESTED_FOLD = 0


def learn_sentences(
    examples: Examples, folds: NDArray[np.int64], seed: int, names: SpanExamples, path: Path,
    progress: Progress | None = None,
) -> Learnt:  # fmt: skip
    """What SentenceActs needs, learnt from all folds but one; and what it says of that one."""
    learnt, tested = np.flatnonzero(folds != _TESTED_FOLD), np.flatnonzero(folds == _TESTED_FOLD)
    known = known_signs(examples.signs)
    flags, name_flags = (sign_features(signs, places(known)) for signs in (examples.signs, names.signs))
    model = _fit(examples, flags, learnt, names, name_flags, seed, path, progress)
    predicted = model.probabilities([examples.texts[i] for i in tested], flags[tested])
    return Learnt({**model.saved(), "signs": np.array(known)}, tested, predicted.astype(np.float64))


def _fit(
    examples: Examples, flags: Floats, rows: NDArray[np.int64], names: SpanExamples, name_flags: Floats, seed: int,
    path: Path, progress: Progress | None,
) -> Any:  # fmt: skip
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = _network(path, flags.shape[1])
    wanted = torch.tensor(examples.wanted.astype(np.float32))
    share = wanted[rows].mean(dim=0).clamp(min=1e-3)
    weight = ((1 - share) / share).sqrt().clamp(1.0, _HEAVIEST)
    optimiser = torch.optim.AdamW(
        [{"params": model.encoder.parameters(), "lr": _RATES[0]}, {"params": model.readers(), "lr": _RATES[1]}],
        weight_decay=0.01,
    )
    every = np.arange(len(names.texts))
    steps = _EPOCHS * (math.ceil(len(rows) / _BATCH) + math.ceil(len(every) / _BATCH))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, step / (_WARM_UP * steps)) * max(0.0, 1.0 - step / steps)
    )
    model.train()
    done = 0
    for _ in range(_EPOCHS):
        batches = [(batch, False) for batch in _batches(examples.texts, rows, rng)]
        batches += [(batch, True) for batch in _batches(names.texts, every, rng)]
        for place in rng.permutation(len(batches)):
            batch, of_names = batches[place]
            if of_names:
                loss = model.name_loss(
                    [names.texts[i] for i in batch],
                    torch.from_numpy(name_flags[batch]),
                    [names.spans[i] for i in batch],
                )
            else:
                scores = model([examples.texts[i] for i in batch], torch.from_numpy(flags[batch]))
                loss = binary_cross_entropy_with_logits(scores, wanted[batch], pos_weight=weight)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], 1.0)
            optimiser.step()
            schedule.step()
            done += 1
            if progress:
                progress("Learning acts", done, steps)
    model.eval()
    return model


def _batches(texts: list[str], rows: NDArray[np.int64], rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """All rows in random batches whose texts are of like length, so that little is padding."""
    mixed = rng.permutation(rows)
    heaps = [mixed[start : start + 20 * _BATCH] for start in range(0, len(mixed), 20 * _BATCH)]
    batches = []
    for heap in heaps:
        ordered = heap[np.argsort([len(texts[i]) for i in heap])]
        batches += [ordered[start : start + _BATCH] for start in range(0, len(ordered), _BATCH)]
    return [batches[i] for i in rng.permutation(len(batches))]


def _network(path: Path, signs: int) -> Any:
    import torch

    encoder = TunedEncoder(path, _LAYERS)
    width, acts = encoder.network.config.hidden_size, len(PERSON_ACTS)

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.bert = encoder, encoder.network
            self.look = torch.nn.Linear(width, acts, bias=False)
            self.say = torch.nn.Linear(width, acts, bias=False)
            self.heed = torch.nn.Linear(signs, acts)
            self.tell = torch.nn.Linear(width, len(RELATIONS))
            self.trust = torch.nn.Linear(span_features([]).shape[1], len(RELATIONS), bias=False)
            self.infer = torch.nn.Linear(acts, len(RELATIONS), bias=False)
            self.drop = torch.nn.Dropout(_DROPPED)

        def readers(self) -> list[torch.nn.Parameter]:
            parts = (self.look, self.say, self.heed, self.tell, self.trust, self.infer)
            return [weights for part in parts for weights in part.parameters()]

        def forward(self, texts: list[str], flags: torch.Tensor) -> torch.Tensor:
            return self.acts(*self.encoder.states(texts, _TOKENS), flags)

        def acts(self, states: torch.Tensor, real: torch.Tensor, flags: torch.Tensor) -> torch.Tensor:
            looked = self.look(states).masked_fill(real.unsqueeze(-1) == 0, -1e4).softmax(dim=1)
            spoken: torch.Tensor = (looked * self.say(self.drop(states))).sum(dim=1)
            heeded: torch.Tensor = self.heed(self.drop(flags))
            return spoken + heeded

        def name_loss(self, texts: list[str], flags: torch.Tensor, spans: list[list[tuple[Said, str]]]) -> torch.Tensor:
            states, real = self.encoder.states(texts, _TOKENS)
            likely = self.acts(states, real, flags).sigmoid()
            vectors, inferred, said, wanted = [], [], [], []
            for row, found in enumerate(spans):
                offsets = self.encoder.offsets(texts[row], _TOKENS)
                for span, relation in found:
                    if tokens := covered(span, offsets):
                        vectors.append(states[row, tokens].mean(dim=0))
                        inferred.append(likely[row])
                        said.append(span)
                        wanted.append(RELATIONS.index(relation))
            rules = torch.from_numpy(span_features(said))
            scores = self.tell(self.drop(torch.stack(vectors))) + self.trust(self.drop(rules))
            scores = scores + self.infer(torch.stack(inferred))
            impossible = torch.from_numpy(~np.stack([possible(span.kind) for span in said]))
            return torch.nn.functional.cross_entropy(scores.masked_fill(impossible, -1e4), torch.tensor(wanted))

        def probabilities(self, texts: list[str], flags: NDArray[np.float32]) -> NDArray[np.float32]:
            found = []
            with torch.no_grad():
                for start in range(0, len(texts), _BATCH):
                    part = slice(start, start + _BATCH)
                    found.append(self(texts[part], torch.from_numpy(flags[part])).sigmoid().numpy())
            return np.vstack(found)

        def saved(self) -> dict[str, NDArray[Any]]:
            arrays = {
                "look": self.look.weight,
                "say": self.say.weight,
                "sign_weights": self.heed.weight,
                "tell": self.tell.weight,
                "rule_weights": self.trust.weight,
                "act_weights": self.infer.weight,
            }
            kept: dict[str, NDArray[Any]] = {
                name: weights.detach().numpy().astype(np.float16) for name, weights in arrays.items()
            }
            kept["bias"], kept["tell_bias"] = self.heed.bias.detach().numpy(), self.tell.bias.detach().numpy()
            return kept | {f"delta.{name}": change for name, change in encoder.deltas(_RANK).items()}

    return Network()
