"""Which question divides the live candidates best, and tappable answers and next steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.facts import in_sentence, sayable
from bot.phrasing import filled, tap
from bot.querying import build_query
from bot.records import Suggestion
from bot.state import SessionState
from retrieval.catalogue import Catalogue
from retrieval.recommend import Recommender
from retrieval.records import Query, Recommendation

_LIVE = 200
_OPTIONS = 4
_REFINING_ROLES = {"mood", "genre", "theme"}
_SPLIT = 0.4  # the share of candidates that a refinement should keep: enough to choose from, few enough to matter
_MODERN = 1995


def best_question(state: SessionState, recommender: Recommender) -> str | None:
    """The facet whose answer tells most about the live candidates.

    The measure is the entropy, in bits, of the answer among the options that would be offered and "none of
    these", times how readily people answer (`askable` in the domain). Facets known or asked are left out.
    """
    catalogue = recommender.catalogue
    rows = recommender.pool_rows(build_query(state, catalogue), _LIVE)
    known = {belief.facet for belief in state.beliefs.values()} | set(state.asked)
    best: tuple[float, str] | None = None
    for name, config in catalogue.domain.facets.items():
        if config.askable <= 0 or name in known or config.question is None:
            continue
        counts = value_counts(catalogue, name, rows)
        if len(counts) < 2:
            continue
        shares = np.array(sorted(counts.values(), reverse=True)[:_OPTIONS], dtype=np.float64) / max(1, len(rows))
        shares = np.append(shares, max(0.0, 1.0 - float(shares.sum())))
        shares = shares[shares > 0] / shares.sum()
        gain = float(-(shares * np.log2(shares)).sum()) * config.askable
        if best is None or gain > best[0]:
            best = (gain, name)
    return best[1] if best else None


def question_options(
    state: SessionState, recommender: Recommender, catalogue: Catalogue, facet: str
) -> list[Suggestion]:
    """Tappable answers: the commonest values among the live candidates, and a way out.

    `catalogue` is seen in the language of the reply, here as in `next_steps`.
    """
    rows = recommender.pool_rows(build_query(state, recommender.catalogue), _LIVE)
    counts = value_counts(catalogue, facet, rows)
    # A theme that is named like a genre would be understood as the genre.
    config = catalogue.domain.facets[facet]
    theme = config.role == "theme"
    offered = [value for value in counts if not theme or value.lower() not in catalogue.domain.kind_words]
    offered = [value for value in offered if sayable(value, config, catalogue)]
    common = sorted(offered, key=lambda value: (-counts[value], value))[:_OPTIONS]
    return [*(_wish(catalogue, facet, value) for value in common), tap(catalogue.domain.language, "surprise")]


def next_steps(
    state: SessionState, items: list[Recommendation], query: Query, recommender: Recommender, catalogue: Catalogue
) -> list[Suggestion]:
    """Taps that would change the list: values that keep a good part of the live candidates, a year move, paging."""
    language = catalogue.domain.language
    rows = recommender.pool_rows(query, 60)
    known = {belief.value for belief in state.beliefs.values() if belief.facet != "item"}
    splits = sorted(
        (abs(count / max(1, len(rows)) - _SPLIT), name, value)
        for name, config in catalogue.domain.facets.items()
        if config.askable > 0 and config.role in _REFINING_ROLES
        for value, count in value_counts(catalogue, name, rows).items()
        if value not in known and count > 1 and sayable(value, config, catalogue)
    )
    offers: dict[str, Suggestion] = {}
    for _, name, value in splits:
        if name not in offers and len(offers) < 2:
            offers[name] = _wish(catalogue, name, value)
    steps = list(offers.values())
    years = sorted(r.item.year for r in items if r.item.year)
    year = catalogue.domain.number_of("year")
    if years and not any(belief.facet == year for belief in state.beliefs.values()):
        steps.append(tap(language, "older" if years[len(years) // 2] > _MODERN else "newer"))
    return [*steps, tap(language, "others")]


def value_counts(catalogue: Catalogue, facet: str, rows: NDArray[Any]) -> dict[str, int]:
    """How many of the given rows have each value of a facet."""
    counts: dict[str, int] = {}
    for row in rows:
        for value in catalogue.values(catalogue.items[int(row)], facet):
            counts[value] = counts.get(value, 0) + 1
    return counts


def _wish(catalogue: Catalogue, facet: str, value: str) -> Suggestion:
    config, language = catalogue.domain.facets[facet], catalogue.domain.language
    wish = config.phrases.wish if config.phrases.wish and value not in config.unsaid else "{value}"
    return tap(language, "wish", wish=filled(wish, language, value=in_sentence(value, catalogue, config)))
