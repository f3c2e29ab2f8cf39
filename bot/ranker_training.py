"""Training the ranker from recorded dialogues: `rapport train ranker`.

Whatever is counted on dialogues is counted anew for each fold without its dialogues, so that the trees never see a
count that their own question helped to make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.ranking import Heard
from bot.understand import Understander
from retrieval.also_liked import AlsoLiked
from retrieval.catalogue import Catalogue, Progress
from retrieval.errors import InputError
from retrieval.filters import allowed
from retrieval.index import Index
from retrieval.lessons import Dialogue, Floats, Recommended, learn_lessons
from retrieval.ranker import POOL, Ranker, pool, train
from retrieval.records import Query, Record
from retrieval.signals import Signals, spoken, table
from retrieval.taught import Taught

_FOLDS = 10
_ROUNDS = 200
_SAMPLE = 200  # items of a pool that are learnt from, beside those that were recommended
_LEAST = 100  # dialogues
CUTOFFS = (1, 10, 50)


class Talk(NamedTuple):
    """A recorded dialogue. turns: (role, text, ids named); answers: (index of the turn, ids that it brings in)."""

    turns: Sequence[tuple[str, str, Sequence[str]]]
    answers: Sequence[tuple[int, Sequence[str]]]


class Question(Record):
    """What was heard before a turn that recommends, and the ids that it brought in."""

    query: Query
    answers: tuple[str, ...]
    later: tuple[str, ...]
    opens: bool


class RankerReport(Record):
    """figures: recall of what people recommended next at each cutoff, cross-validated, and of the pool."""

    dialogues: int
    questions: int
    items: int
    figures: dict[str, float]


class Ordered(NamedTuple):
    """A question and the ids of its best items by a ranker that has not learnt from its dialogue, best first."""

    question: Question
    items: list[str]


class _Pools(NamedTuple):
    """Of each question: the pool's rows (m,), their signals (m, f), which of them were recommended (m,), and how many
    were."""

    rows: list[NDArray[np.int64]]
    features: list[NDArray[np.float32]]
    answered: list[NDArray[np.bool_]]
    wanted: list[int]


def train_ranker(
    talks: Sequence[Talk], heard: Sequence[Sequence[Question]], catalogue: Catalogue, index: Index,
    encode: Callable[[str], Floats], encoder: str, also_liked: AlsoLiked | None, folder: Path, seed: int,
    progress: Progress,
) -> RankerReport:  # fmt: skip
    """Learn lessons and a ranker from dialogues and what was heard of each, and write both into a folder.

    `encoder` names the model behind `encode` and the index. Raises InputError for too few dialogues.
    """
    dialogues = _dialogues(talks, heard, encode)
    folds = _folds(len(talks), seed)
    names, pools = _cross_fitted(dialogues, heard, folds, catalogue, index, encode, encoder, also_liked, seed, progress)
    halves = [_joined(pools[start::2]) for start in (0, 1)]
    ranks: list[float] = []
    for own_half, other in ((0, 1), (1, 0)):
        ranks += _ranks(_learn(halves[other], names, seed), halves[own_half])
        progress("checking", own_half + 1, 2)
    progress("learning", 0, 1)
    _learn(_joined(pools), names, seed).save(folder)
    lessons = learn_lessons(catalogue, dialogues, encoder, seed)
    lessons.save(folder)
    progress("learning", 1, 1)
    figures = {f"recall@{k}": round(float(np.mean(np.array(ranks) <= k)), 4) for k in CUTOFFS}
    figures["pool"] = round(float(np.mean(np.isfinite(ranks))), 4)
    return RankerReport(
        dialogues=len(talks), questions=sum(map(len, heard)), items=len(lessons.keys), figures=figures
    )  # fmt: skip


def held_out_orders(
    talks: Sequence[Talk], heard: Sequence[Sequence[Question]], catalogue: Catalogue, index: Index,
    encode: Callable[[str], Floats], encoder: str, size: int, seed: int, progress: Progress,
) -> list[Ordered]:  # fmt: skip
    """The `size` best items for each question of dialogues, by a ranker that learnt from the other half of them.

    Raises InputError for too few dialogues.
    """
    dialogues = _dialogues(talks, heard, encode)
    folds = _folds(len(talks), seed)
    names, pools = _cross_fitted(dialogues, heard, folds, catalogue, index, encode, encoder, None, seed, progress)
    orders = []
    for start in (0, 1):
        ranker = _learn(_joined(pools[1 - start :: 2]), names, seed)
        for fold in range(start, _FOLDS, 2):
            own = [question for place in np.flatnonzero(folds == fold) for question in heard[int(place)]]
            for question, rows, features in zip(own, pools[fold].rows, pools[fold].features, strict=True):
                best = np.argsort(-ranker.scores(features), kind="stable")[:size]
                orders.append(Ordered(question, [catalogue.items[int(row)].id for row in rows[best]]))
    return orders


def hear(talk: Talk, understander: Understander, catalogue: Catalogue) -> list[Question]:
    """The questions of a dialogue as `Bot.rank` would hear them."""
    answers = {turn: tuple(ids) for turn, ids in talk.answers}
    heard = Heard(understander, catalogue)
    named: dict[str, None] = {}
    questions = []
    for number, (role, text, ids) in enumerate(talk.turns):
        fresh = tuple(item for item in answers.get(number, ()) if item not in named)
        if fresh:
            later = dict.fromkeys(item for _, _, more in talk.turns[number:] for item in more)
            others = tuple(item for item in later if item not in named and item not in fresh)
            questions.append(Question(query=heard.query(), answers=fresh, later=others, opens=not named))
        heard.hear(role, text)
        named |= dict.fromkeys(ids)
    return questions


def _dialogue(talk: Talk, questions: Sequence[Question], encode: Callable[[str], Floats]) -> Dialogue:
    def moments() -> Iterator[Recommended]:
        for question in questions:
            said = spoken(question.query.said)
            yield Recommended(encode(said) if said else None, question.answers, question.later, question.opens)

    items = dict.fromkeys(item for _, _, ids in talk.turns for item in ids)
    return Dialogue(tuple(items), " ".join(text for _, text, _ in talk.turns), tuple(moments()))


def _dialogues(
    talks: Sequence[Talk], heard: Sequence[Sequence[Question]], encode: Callable[[str], Floats]
) -> list[Dialogue]:
    if len(talks) < _LEAST:
        raise InputError(f"{len(talks)} dialogues are too few to learn a ranker: give at least {_LEAST}.")
    return [_dialogue(talk, questions, encode) for talk, questions in zip(talks, heard, strict=True)]


def _folds(count: int, seed: int) -> NDArray[np.int64]:
    """The fold of each dialogue, (count,)."""
    return np.random.default_rng(seed).permutation(count) % _FOLDS


def _cross_fitted(
    dialogues: Sequence[Dialogue], heard: Sequence[Sequence[Question]], folds: NDArray[np.int64], catalogue: Catalogue,
    index: Index, encode: Callable[[str], Floats], encoder: str, also_liked: AlsoLiked | None, seed: int,
    progress: Progress,
) -> tuple[list[str], list[_Pools]]:  # fmt: skip
    """The names of the signals, and the pools of each fold by what the dialogues of the other folds teach."""
    pools = []
    names: list[str] = []
    for fold in range(_FOLDS):
        rest = [dialogue for dialogue, place in zip(dialogues, folds, strict=True) if place != fold]
        own = [question for place in np.flatnonzero(folds == fold) for question in heard[int(place)]]
        taught = Taught(catalogue, learn_lessons(catalogue, rest, encoder, seed), encoder)
        signals = Signals(catalogue, taught, index.matrix, index.lexical.scores, encode, also_liked)
        names, found = _pools(signals, own)
        pools.append(found)
        progress("cross-fitting", fold + 1, _FOLDS)
    return names, pools


def _pools(signals: Signals, questions: Sequence[Question]) -> tuple[list[str], _Pools]:
    names: list[str] = []
    found = _Pools([], [], [], [])
    row = signals.catalogue.row
    for question in questions:
        told = signals.of(question.query)
        names = [name for name in told if name != "fresh"]  # its weight is set, not learnt
        rows = pool(signals.first(told), allowed(signals.catalogue, question.query), POOL)
        found.rows.append(rows)
        found.features.append(table(told, rows, names))
        found.answered.append(np.isin(rows, [row[item] for item in question.answers if item in row]))
        found.wanted.append(len(question.answers))
    return names, found


def _joined(pools: Sequence[_Pools]) -> _Pools:
    return _Pools(*([one for part in parts for one in part] for parts in zip(*pools, strict=True)))


def _learn(pools: _Pools, names: Sequence[str], seed: int) -> Ranker:
    rng = np.random.default_rng(seed)
    features, answered = [], []
    for signals, answer in zip(pools.features, pools.answered, strict=True):
        kept = answer | (rng.permutation(len(answer)) < _SAMPLE)
        features.append(signals[kept])
        answered.append(answer[kept])
    return train(features, answered, names, _ROUNDS, seed)


def _ranks(ranker: Ranker, pools: _Pools) -> list[float]:
    """The ranks of all that was recommended; inf for what is not in the pool."""
    ranks: list[float] = []
    for signals, answer, wanted in zip(pools.features, pools.answered, pools.wanted, strict=True):
        scores = ranker.scores(signals)
        places = [float(1 + (scores > scores[place]).sum()) for place in np.flatnonzero(answer)]
        ranks += places + [float("inf")] * (wanted - len(places))
    return ranks
