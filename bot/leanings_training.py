"""Learning what free descriptions lean towards: `rapport train needs`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from bot.leanings import ACROSS, leanings_file
from retrieval.bert import Floats
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig
from retrieval.encoder import QueryEncoder
from retrieval.errors import InputError
from retrieval.records import Record

_FOLDS = 5
_OF_ITEMS, _OF_VOCABULARY = 0.3, 0.3  # what a text of an item, and one of the vocabulary, weighs beside a need
_RIDGE = 2.0
_BLEND = 0.8  # of the cosine with definitions, both in standard deviations
_STEPS, _RATE = 300, 20.0
_ROLES = ("theme", "mood")


class Need(NamedTuple):
    """What somebody would like, and the values ("facet:value") that fit it; unwanted ones begin with a minus."""

    text: str
    values: tuple[str, ...]


class NeedsReport(Record):
    """What was learnt. average_precision: mean over needs not learnt from; by_definitions: that of cosines alone."""

    needs: int
    values: int
    average_precision: float
    by_definitions: float


class Vocabulary(NamedTuple):
    """names: k values. texts: their definitions, names and synonyms; owners: the place in `names` of each text."""

    names: list[str]
    texts: list[str]
    owners: list[int]


def read_needs(path: Path, vocabulary: Vocabulary) -> list[Need]:
    """The needs of a file of `text<TAB>values`. Raises InputError naming the line of an unknown value."""
    known, needs = set(vocabulary.names), []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        text, _, said = line.partition("\t")
        values = tuple(value.strip() for value in said.split(";") if value.strip())
        strange = next((value for value in values if value.removeprefix("-") not in known), None)
        if strange is not None:
            raise InputError(
                f"{path.name}, line {number}: '{strange}' is no value of the domain; expected facet:value."
            )
        needs.append(Need(text, values))
    return needs


def vocabulary_of(domain: DomainConfig) -> Vocabulary:
    """The values that needs may lean towards: defined themes and moods."""
    names: list[str] = []
    texts: list[str] = []
    owners: list[int] = []
    for facet in (name for role in _ROLES for name in domain.facets_of(role)):
        config = domain.facets[facet]
        for value, definition in config.definitions.items():
            ways = (definition, value, *config.synonyms.get(value, ()))
            texts += ways
            owners += [len(names)] * len(ways)
            names.append(f"{facet}{ACROSS}{value}")
    return Vocabulary(names, texts, owners)


def train_needs(domain: DomainConfig, catalogue: Catalogue, encoder: QueryEncoder, seed: int = 0) -> NeedsReport:
    """Learn from <domain>.needs.tsv, the vocabulary and the items' own texts; writes <domain>.needs.npz.

    Ridge regression from sentence vectors to values, added to the cosine with each value's definition; a logistic
    function over the scores of needs that were not learnt from makes them likelihoods. Raises InputError.
    """
    vocabulary = vocabulary_of(domain)
    path = leanings_file(domain)
    needs = read_needs(path.with_suffix(".tsv"), vocabulary)
    place = {name: k for k, name in enumerate(vocabulary.names)}
    wanted = np.zeros((len(needs), len(place)), dtype=np.float32)
    for row, need in enumerate(needs):
        wanted[row, [place[value] for value in need.values if not value.startswith("-")]] = 1.0
    said = encoder.encode([need.text for need in needs])
    support, labels, weights = _support(vocabulary, domain, catalogue, encoder, place)
    definitions = _definitions(vocabulary, encoder)
    scores, cosines = np.zeros_like(wanted), said @ definitions
    folds = np.random.default_rng(seed).integers(0, _FOLDS, len(needs))
    for fold in range(_FOLDS):
        held = folds == fold
        scores[held] = said[held] @ _ridge(said[~held], wanted[~held], support, labels, weights)
    spread, reach = float(scores.std()), float(cosines.std())
    joined = scores / spread + _BLEND * cosines / reach
    scale, offset = _calibrated(joined, wanted)
    learnt = _ridge(said, wanted, support, labels, weights) / spread + _BLEND * definitions / reach
    np.savez_compressed(path, names=np.array(vocabulary.names), weights=learnt.astype(np.float16),
                        constants=np.array([scale, offset]))  # fmt: skip
    return NeedsReport(
        needs=len(needs), values=len(place), average_precision=_average_precision(joined, wanted),
        by_definitions=_average_precision(cosines, wanted),
    )  # fmt: skip


def _support(
    vocabulary: Vocabulary, domain: DomainConfig, catalogue: Catalogue, encoder: QueryEncoder, place: dict[str, int]
) -> tuple[Floats, Floats, Floats]:
    """Vectors, values and weights of the texts that are no needs: the vocabulary's, and those of items."""
    texts, owners = list(vocabulary.texts), [[owner] for owner in vocabulary.owners]
    facets = [name for role in _ROLES for name in domain.facets_of(role)]
    for item in catalogue.items:
        values = [f"{facet}{ACROSS}{value}" for facet in facets for value in catalogue.values(item, facet)]
        praise = str(item.source.get(domain.praise or "") or "")
        for text in filter(None, (item.text, praise)):
            texts.append(text)
            owners.append([place[value] for value in values if value in place])
    labels = np.zeros((len(texts), len(place)), dtype=np.float32)
    for row, found in enumerate(owners):
        labels[row, found] = 1.0
    weights = np.full(len(texts), _OF_ITEMS, dtype=np.float32)
    weights[: len(vocabulary.texts)] = _OF_VOCABULARY
    return encoder.encode(texts), labels, weights


def _definitions(vocabulary: Vocabulary, encoder: QueryEncoder) -> Floats:
    """(d, k) the unit mean of the vectors of each value's texts."""
    vectors = encoder.encode(vocabulary.texts)
    means = np.zeros((len(vocabulary.names), vectors.shape[1]), dtype=np.float32)
    np.add.at(means, vocabulary.owners, vectors)
    unit: Floats = (means / np.linalg.norm(means, axis=1, keepdims=True)).T
    return unit


def _ridge(said: Floats, wanted: Floats, support: Floats, labels: Floats, weights: Floats) -> Floats:
    """(d, k) weights of a ridge regression over needs, each of weight 1, and supporting texts."""
    rows = np.vstack([said, support])
    weighed = rows * np.concatenate([np.ones(len(said), dtype=np.float32), weights])[:, None]
    found: Floats = np.linalg.solve(
        weighed.T @ rows + _RIDGE * np.eye(rows.shape[1]), weighed.T @ np.vstack([wanted, labels])
    )
    return found


def _calibrated(scores: Floats, wanted: Floats) -> tuple[float, float]:
    """Scale and offset of the logistic function that fits scores to what was wanted (Platt 1999)."""
    mean, spread = float(scores.mean()), float(scores.std())
    z = (scores - mean) / spread
    scale, offset = 1.0, -4.0
    for _ in range(_STEPS):
        off = 1.0 / (1.0 + np.exp(-(scale * z + offset))) - wanted
        scale -= _RATE * float((off * z).mean())
        offset -= _RATE * float(off.mean())
    return scale / spread, offset - scale * mean / spread


def _average_precision(scores: Floats, wanted: Floats) -> float:
    found: list[float] = []
    for row, goal in zip(scores, wanted, strict=True):
        if goal.any():
            hits = goal[np.argsort(-row)]
            found.append(float((np.cumsum(hits) / np.arange(1, len(hits) + 1) * hits).sum() / hits.sum()))
    return float(np.mean(found))
