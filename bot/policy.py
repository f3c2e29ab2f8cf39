"""The policy: what to do in answer to an utterance, given what is believed after it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bot.querying import build_query
from bot.records import Suggestion, Understanding
from bot.state import SessionState
from retrieval.catalogue import Catalogue
from retrieval.recommend import Recommender
from retrieval.records import Record

ActionKind = Literal[
    "greet", "recommend", "ask", "answer", "catalogue", "explain", "why_not", "compare", "accept", "undo", "reset",
    "forget", "show_profile", "help", "thank", "farewell", "chitchat", "refuse", "clarify",
]  # fmt: skip
_WANTS = {
    "request",
    "disclose",
    "constrain",
    "critique",
    "more",
    "similar",
    "like",
    "dislike",
    "seen",
    "reject",
    "answer",
    "remove",
}
_COMMANDS: tuple[ActionKind, ...] = ("undo", "reset", "forget", "show_profile", "help")


class Action(Record):
    """What to do. facet: what to ask about, for ask."""

    kind: ActionKind
    facet: str | None = None


def decide(understanding: Understanding, state: SessionState, recommender: Recommender, question_budget: int) -> Action:
    """The action for one utterance; `state` already holds the beliefs that it led to.

    A person who asks gets an answer first; a person who wants something gets picks as soon as there is
    anything to go by. A question is put only when nothing is known, within the budget.
    """
    acts = understanding.acts
    for command in _COMMANDS:
        if command in acts:
            return Action(kind=command)
    if "why_not" in acts:
        return Action(kind="why_not")
    if "why" in acts:
        return Action(kind="explain")
    if "compare" in acts:
        return Action(kind="compare")
    if "ask_item" in acts:
        return Action(kind="answer")
    if "ask_catalogue" in acts:
        return Action(kind="catalogue")
    if "accept" in acts and not acts & {"request", "critique", "similar", "more", "constrain", "seen"}:
        return Action(kind="accept")
    if acts & _WANTS:
        return _recommend_or_ask(understanding, state, recommender, question_budget)
    for act, kind in _SMALL.items():
        if act in acts:
            return Action(kind=kind)
    return Action(kind="clarify")


_SMALL: dict[str, ActionKind] = {
    "off_topic": "refuse", "farewell": "farewell", "greet": "greet", "thank": "thank", "chitchat": "chitchat",
}  # fmt: skip


def _recommend_or_ask(
    understanding: Understanding, state: SessionState, recommender: Recommender, question_budget: int
) -> Action:
    if (
        understanding.acts & {"more", "critique", "similar", "reject", "remove"}
        or "surprise" in understanding.text.lower()
    ):
        return Action(kind="recommend")
    useful = [b for b in state.beliefs.values() if b.group in {"likes", "constraints"} or b.relation == "dislike"]
    given_up = state.pending is not None and "answer" in understanding.acts
    if useful or given_up or state.slate:
        return Action(kind="recommend")
    if len(state.asked) < question_budget:
        facet = best_question(state, recommender)
        if facet is not None:
            return Action(kind="ask", facet=facet)
    return Action(kind="recommend")


def best_question(state: SessionState, recommender: Recommender) -> str | None:
    """The askable facet whose answer tells most about the live candidates: the largest entropy of its values.

    Facets already known or asked are left out. None when no facet divides the candidates.
    """
    catalogue = recommender.catalogue
    rows = recommender.pool_rows(build_query(state, catalogue), 200)
    known = {belief.facet for belief in state.beliefs.values()} | set(state.asked)
    best: tuple[float, str] | None = None
    for name, config in catalogue.domain.facets.items():
        if not config.askable or name in known or config.question is None:
            continue
        counts = value_counts(catalogue, name, rows)
        total = sum(counts.values())
        if total < len(rows) / 2 or len(counts) < 2:
            continue
        shares = np.array(sorted(counts.values(), reverse=True)[:12], dtype=np.float64) / total
        entropy = float(-(shares * np.log2(shares)).sum())
        # A value that covers few candidates is a good question for a machine and a bad one for a person.
        covered = float(shares[:4].sum())
        if best is None or entropy * covered > best[0]:
            best = (entropy * covered, name)
    return best[1] if best else None


def question_options(state: SessionState, recommender: Recommender, facet: str, limit: int = 4) -> list[Suggestion]:
    """Tappable answers: the commonest values among the live candidates, and a way out."""
    catalogue = recommender.catalogue
    rows = recommender.pool_rows(build_query(state, catalogue), 200)
    counts = value_counts(catalogue, facet, rows)
    common = sorted(counts, key=lambda value: (-counts[value], value))[:limit]
    wish = catalogue.domain.facets[facet].phrases.wish or "{value}"
    options = [Suggestion(label=value, text=f"something {wish.format(value=value)}") for value in common]
    return [*options, Suggestion(label="Surprise me", text="surprise me")]


def value_counts(catalogue: Catalogue, facet: str, rows: np.ndarray) -> dict[str, int]:  # type: ignore[type-arg]
    """How many of the given rows have each value of a facet."""
    counts: dict[str, int] = {}
    for row in rows:
        for value in catalogue.values(catalogue.items[int(row)], facet):
            counts[value] = counts.get(value, 0) + 1
    return counts
