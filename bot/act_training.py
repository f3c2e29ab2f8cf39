"""Training the act model from utterances kept in the repository: `rapport train acts`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bot.act_model import FOLDER, Floats, Signs, features
from bot.api import STARTER
from bot.records import PERSON_ACTS
from bot.references import Context
from bot.settings import Settings
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.encoder import QueryEncoder, resolve_model
from retrieval.errors import InputError
from retrieval.importer import import_file
from retrieval.records import Record

_FOLDS = 5
_PAIRS = 0.6  # joined pairs for each single utterance: people say several things at once
_STRENGTHS = (1.0, 3.0)
_LONELY = {"unclear"}  # nothing else is said with it


class Utterance(Record):
    """A text with its acts and what was on before it."""

    text: str
    acts: frozenset[str]
    shown: bool = False
    asked: bool = False


class TrainingReport(Record):
    """What was learnt: macro-F1 over acts by cross-validation, F1 and support by act."""

    language: str
    utterances: int
    macro_f1: float
    by_act: dict[str, tuple[float, int]]


def read_utterances(path: Path, catalogue: Catalogue, seed: int = 0) -> list[Utterance]:
    """The utterances of a file, placeholders filled from the catalogue.

    Raises InputError naming the line that does not fit, or a missing file.
    """
    rng = random.Random(seed)
    fillings = _fillings(catalogue)
    found: list[Utterance] = []
    if not path.is_file():
        raise InputError(f"No utterances at {path}. Write one a line: acts, context, text, separated by tabs.")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        acts = frozenset(act.strip() for act in parts[0].split(","))
        if len(parts) != 3 or acts - set(PERSON_ACTS):
            raise InputError(
                f"{path}, line {number}: expected acts, context and text with tabs between: {line[:80]!r}."
            )
        text = parts[2].strip()
        for name, values in fillings.items():
            text = text.replace(f"{{{name}}}", rng.choice(values))
        found.append(Utterance(text=text, acts=acts, shown="shown" in parts[1], asked="asked" in parts[1]))
    return found


def _fillings(catalogue: Catalogue) -> dict[str, list[str]]:
    known = sorted(catalogue.items, key=lambda item: -item.popularity)[:200]
    titles = [item.title for item in known]
    people = [person for item in known for person in item.people[:2]]
    fillings = {"item": titles, "item2": titles[::-1], "person": people}
    for name, config in catalogue.domain.facets.items():
        values = [said[0] for said in config.synonyms.values() if said] or list(catalogue.postings(name))
        fillings[name] = values or [name]
    return fillings


def with_pairs(utterances: Sequence[Utterance], seed: int) -> list[Utterance]:
    """The utterances and joined pairs of them, with the acts of both."""
    rng = random.Random(seed)
    single = [one for one in utterances if not one.acts & _LONELY]
    pairs = []
    for _ in range(int(_PAIRS * len(utterances))):
        one, two = rng.sample(single, 2)
        joint = rng.choice([". ", ", ", " - ", " and ", "! ", " "])
        if one.asked == two.asked:
            pairs.append(Utterance(
                text=one.text.rstrip(".!") + joint + two.text, acts=one.acts | two.acts,
                shown=one.shown or two.shown, asked=one.asked,
            ))  # fmt: skip
    return [*utterances, *pairs]


def in_both_contexts(utterances: Sequence[Utterance]) -> list[Utterance]:
    """The utterances, and again with items on the screen those that need none: people say them then as well."""
    return [
        *utterances,
        *(one.model_copy(update={"shown": True}) for one in utterances if not (one.shown or one.asked)),
    ]


def train_acts(
    language: str, utterances: Sequence[Utterance], signs_of: Callable[[Utterance], Signs],
    encode: Callable[[Sequence[str]], Floats], seed: int = 0,
) -> TrainingReport:  # fmt: skip
    """Learn and save the model of a language; thresholds and figures come from cross-validation over utterances."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(seed)
    fold = rng.integers(0, _FOLDS, len(utterances))
    groups = [
        in_both_contexts(with_pairs([one for one, place in zip(utterances, fold, strict=True) if place == k], seed + k))
        for k in range(_FOLDS)
    ]
    rows = [one for group in groups for one in group]
    folds = np.concatenate([np.full(len(group), k) for k, group in enumerate(groups)])
    signs = [signs_of(one) for one in rows]
    known = sorted({name for one in signs for name in one.names} | {"shown", "asked"})
    places = {name: place for place, name in enumerate(known)}
    texts = [one.text for one in rows]
    matrix = csr_matrix(features(texts, signs, encode(texts), places))
    wanted = np.array([[act in one.acts for act in PERSON_ACTS] for one in rows])
    weights = np.zeros((len(PERSON_ACTS), matrix.shape[1]), dtype=np.float32)
    bias = np.full(len(PERSON_ACTS), -9.0, dtype=np.float32)
    thresholds = np.full(len(PERSON_ACTS), 0.5, dtype=np.float32)
    by_act: dict[str, tuple[float, int]] = {}
    for place, act in enumerate(PERSON_ACTS):
        said = wanted[:, place]
        if said.sum() < _FOLDS:
            continue
        best = (-1.0, 1.0, 0.5)
        for strength in _STRENGTHS:
            predicted = np.zeros(len(rows))
            for k in range(_FOLDS):
                model = LogisticRegression(C=strength, max_iter=200, solver="liblinear", class_weight="balanced")
                model.fit(matrix[folds != k], said[folds != k])
                predicted[folds == k] = model.predict_proba(matrix[folds == k])[:, 1]
            for least in np.arange(0.2, 0.9, 0.05):
                given = predicted >= least
                f1 = 2 * (given & said).sum() / max(1, given.sum() + said.sum())
                if f1 > best[0]:
                    best = (float(f1), strength, float(least))
        model = LogisticRegression(C=best[1], max_iter=200, solver="liblinear", class_weight="balanced")
        model.fit(matrix, said)
        weights[place], bias[place], thresholds[place] = model.coef_[0], model.intercept_[0], best[2]
        by_act[act] = (round(best[0], 3), int(said.sum()))
    np.savez_compressed(
        FOLDER / f"{language}.npz", weights=weights.astype(np.float16), bias=bias, thresholds=thresholds,
        signs=np.array(known),
    )  # fmt: skip
    macro = float(np.mean([f1 for f1, _ in by_act.values()]))
    return TrainingReport(language=language, utterances=len(utterances), macro_f1=round(macro, 3), by_act=by_act)


def spoken_languages() -> list[str]:
    """The languages that there are utterances of."""
    return sorted(path.stem for path in FOLDER.glob("*.tsv"))


def train_language(language: str, settings: Settings, seed: int = 0) -> TrainingReport:
    """Learn the act model of a language from bot/utterances, on the starter catalogue; minutes on two cores.

    Raises InputError for a broken file of utterances, EncoderError without the embedding model.
    """
    catalogue, _ = import_file(STARTER, load_domain(settings.domain))
    listener = Understander(catalogue).listener(language)
    encoder = QueryEncoder(resolve_model(settings.embedder))
    screen = [item.id for item in sorted(catalogue.items, key=lambda item: -item.popularity)[:3]]

    def signs_of(one: Utterance) -> Signs:
        context = Context(slate=screen if one.shown else [], pending="" if one.asked else None, language=language)
        return listener.signs(one.text, context)

    def encode(texts: Sequence[str]) -> Floats:
        if language != "en":
            return np.zeros((len(texts), encoder.dimension), dtype=np.float32)
        return np.vstack([encoder.encode(texts[start : start + 64]) for start in range(0, len(texts), 64)])

    return train_acts(language, read_utterances(FOLDER / f"{language}.tsv", catalogue, seed), signs_of, encode, seed)
