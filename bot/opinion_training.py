"""How much a language model's order of the best items should count: `rapport train opinion`.

Questions of recorded dialogues are ranked by a ranker that has not learnt from them, the model orders the twenty best
items, and the share of the place that its order decides is the one at which what people recommended stands highest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.ranker_training import Ordered
from bot.second_opinion import OpinionCard, SecondOpinion
from bot.settings import Settings
from retrieval.catalogue import Catalogue, Progress
from retrieval.errors import InputError
from retrieval.opinion import ASKED, blended

_WEIGHTS = tuple(round(0.1 * step, 1) for step in range(10))
_FEWEST = 20  # orders from which a weight is chosen


def weigh_opinion(
    orders: Sequence[Ordered], opinion: SecondOpinion, settings: Settings, catalogue: Catalogue, count: int, seed: int,
    progress: Progress,
) -> OpinionCard:  # fmt: skip
    """Ask for orders of `count` questions whose answer is among their best twenty, and choose the weight.

    figures: mean reciprocal rank among the twenty without the order (mrr) and at the weight (mrr_blended), half the
    width of the 95% interval of the difference (difference_within), the share of questions with an order (answered).
    Raises InputError when too few questions got an order.
    """
    told = [order for order in orders if set(order.question.answers) & set(order.items[:ASKED])]
    drawn = [told[int(place)] for place in np.random.default_rng(seed).permutation(len(told))[:count]]
    ranks = []
    for number, order in enumerate(drawn, start=1):
        places = opinion.order(order.question.query, [catalogue.get(item) for item in order.items[:ASKED]])
        if places:
            ranks.append(_reciprocal_ranks(order, places))
        progress("asking", number, len(drawn))
    if len(ranks) < _FEWEST:
        raise InputError(
            f"{settings.second_opinion} gave {len(ranks)} orders for {len(drawn)} questions; {_FEWEST} are needed. "
            "Ask more questions, give it more RAPPORT_SECOND_OPINION_SECONDS, or name another model."
        )
    table = np.stack(ranks)
    best = int(table.mean(axis=0).argmax())
    gains = table[:, best] - table[:, 0]
    figures = {
        "mrr": float(table[:, 0].mean()), "mrr_blended": float(table[:, best].mean()),
        "difference_within": float(1.96 * gains.std() / np.sqrt(len(gains))), "answered": len(ranks) / len(drawn),
    }  # fmt: skip
    return OpinionCard(
        model=settings.second_opinion, weight=_WEIGHTS[best], questions=len(ranks), seed=seed,
        figures={name: round(value, 4) for name, value in figures.items()},
    )  # fmt: skip


def _reciprocal_ranks(order: Ordered, places: Sequence[int]) -> NDArray[np.float64]:
    """One over the rank of the best answer, at each weight."""
    rows = np.arange(len(order.items[:ASKED]))
    found = []
    for weight in _WEIGHTS:
        items = [order.items[int(row)] for row in blended(rows, places, weight)]
        found.append(1.0 / (1 + min(items.index(answer) for answer in order.question.answers if answer in items)))
    return np.array(found)
