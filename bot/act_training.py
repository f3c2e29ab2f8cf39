"""Training the act model from utterances kept in the repository: `rapport train acts`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.act_examples import (
    Examples,
    Learn,
    Learnt,
    MarkedUtterance,
    SpanExamples,
    Utterance,
    aligned,
    implied,
    in_any_context,
    read_marked,
    read_utterances,
    with_pairs,
)
from bot.act_model import FOLDER, Signs, known_signs, places, word_features
from bot.act_tuning import learn_sentences
from bot.api import STARTER
from bot.lexicon import languages
from bot.records import PERSON_ACTS
from bot.references import Context
from bot.settings import Settings
from bot.span_relations import Said
from bot.understand import Understander
from retrieval.catalogue import Progress
from retrieval.domain import load_domain
from retrieval.encoder import resolve_model
from retrieval.importer import import_file
from retrieval.records import Record

_FOLDS = 10
_OFTEN = 2  # times that a marked utterance is read, where one whose marks follow from its acts is read once
_STRENGTH = 2.0
_LEAST = np.arange(0.2, 0.9, 0.05)


class TrainingReport(Record):
    """What was learnt: macro-F1 over acts on utterances not learnt from, F1 and support by act."""

    language: str
    utterances: int
    macro_f1: float
    by_act: dict[str, tuple[float, int]]


def train_acts(
    language: str, utterances: Sequence[Utterance], signs_of: Callable[[Utterance], Signs], learn: Learn, seed: int = 0
) -> TrainingReport:
    """Learn and save the model of a language; thresholds and figures come from folds that were not learnt from."""
    rng = np.random.default_rng(seed)
    fold = rng.integers(0, _FOLDS, len(utterances))
    groups = [
        in_any_context(
            with_pairs([one for one, place in zip(utterances, fold, strict=True) if place == k], seed + k), seed + k
        )
        for k in range(_FOLDS)
    ]
    rows = [one for group in groups for one in group]
    folds = np.concatenate([np.full(len(group), k) for k, group in enumerate(groups)])
    examples = Examples(
        texts=[one.text for one in rows], signs=[signs_of(one) for one in rows],
        wanted=np.array([[act in one.acts for act in PERSON_ACTS] for one in rows]),
    )  # fmt: skip
    saved, tested, predicted = learn(examples, folds, seed)
    wanted = examples.wanted[tested]
    thresholds = np.full(len(PERSON_ACTS), 0.5, dtype=np.float32)
    by_act: dict[str, tuple[float, int]] = {}
    for place, act in enumerate(PERSON_ACTS):
        said, likely = wanted[:, place], predicted[:, place]
        if not said.any():
            continue
        f1, thresholds[place] = max((_f1(likely >= least, said), float(least)) for least in _LEAST)
        by_act[act] = (round(f1, 3), int(examples.wanted[:, place].sum()))
    np.savez_compressed(FOLDER / f"{language}.npz", thresholds=thresholds, **saved)  # type: ignore[arg-type]
    macro = float(np.mean([f1 for f1, _ in by_act.values()]))
    return TrainingReport(language=language, utterances=len(utterances), macro_f1=round(macro, 3), by_act=by_act)


def _f1(given: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    return float(2 * (given & said).sum() / max(1, given.sum() + said.sum()))


def learn_words(examples: Examples, folds: NDArray[np.int64], seed: int) -> Learnt:
    """What WordActs needs, and what it says of each fold when it has learnt the others."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    known = known_signs(examples.signs)
    matrix = csr_matrix(word_features(examples.texts, examples.signs, places(known)))
    weights = np.zeros((len(PERSON_ACTS), matrix.shape[1]), dtype=np.float32)
    bias = np.full(len(PERSON_ACTS), -9.0, dtype=np.float32)
    predicted = np.zeros(examples.wanted.shape)
    for place in range(len(PERSON_ACTS)):
        said = examples.wanted[:, place]
        if said.sum() < _FOLDS:
            continue

        def fitted(rows: NDArray[np.bool_], said: NDArray[np.bool_] = said) -> Any:
            model = LogisticRegression(C=_STRENGTH, max_iter=200, solver="liblinear", class_weight="balanced")
            return model.fit(matrix[rows], said[rows])

        for k in np.unique(folds):
            predicted[folds == k, place] = fitted(folds != k).predict_proba(matrix[folds == k])[:, 1]
        model = fitted(np.ones(len(said), dtype=bool))
        weights[place], bias[place] = model.coef_[0], model.intercept_[0]
    saved: dict[str, NDArray[Any]] = {"weights": weights.astype(np.float16), "bias": bias, "signs": np.array(known)}
    return Learnt(saved, np.arange(len(folds)), predicted)


def spoken_languages() -> list[str]:
    """The languages that there are utterances of."""
    return sorted(path.stem for path in FOLDER.glob("*.tsv") if "." not in path.stem)


def train_language(
    language: str, settings: Settings, seed: int = 0, progress: Progress | None = None
) -> TrainingReport:
    """Learn the act model of a language from bot/utterances, on the starter catalogue; minutes on two cores.

    English is read through the encoder, which knows no other language.

    Raises InputError for a broken file of utterances, EncoderError without the embedding model.
    """
    catalogue, _ = import_file(STARTER, load_domain(settings.domain))
    listener = Understander(catalogue).listener(language)
    screen = [item.id for item in sorted(catalogue.items, key=lambda item: -item.popularity)[:3]]

    def context_of(one: Utterance | MarkedUtterance) -> Context:
        return Context(slate=screen if one.shown else [], pending="" if one.asked else None, language=language)

    def signs_of(one: Utterance | MarkedUtterance) -> Signs:
        return listener.signs(one.text, context_of(one))

    def spans_of(one: MarkedUtterance) -> list[tuple[Said, str]]:
        return aligned(one, listener.spans(one.text, context_of(one)))

    utterances = read_utterances(FOLDER / f"{language}.tsv", listener.catalogue, seed)
    learn: Learn = learn_words
    if language == languages()[0]:
        marked = read_marked(FOLDER / f"{language}.names.tsv")
        spans: list[tuple[Utterance | MarkedUtterance, list[tuple[Said, str]]]] = [
            *([(one, spans_of(one)) for one in marked] * _OFTEN),
            *((one, implied(one, listener.spans(one.text, context_of(one)))) for one in utterances),
        ]
        spans = [(one, found) for one, found in spans if found]
        names = SpanExamples([one.text for one, _ in spans], [signs_of(one) for one, _ in spans], [f for _, f in spans])
        learn = partial(learn_sentences, names=names, path=resolve_model(settings.embedder), progress=progress)
    return train_acts(language, utterances, signs_of, learn, seed)
