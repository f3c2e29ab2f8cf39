"""The policy: what to do in answer to an utterance, given what is believed after it."""

from __future__ import annotations

from typing import Literal

from bot.questions import best_question
from bot.records import Understanding
from bot.state import SessionState
from retrieval.recommend import Recommender
from retrieval.records import Record

ActionKind = Literal[
    "greet", "recommend", "ask", "answer", "catalogue", "explain", "why_not", "compare", "accept", "undo", "reset",
    "forget", "show_profile", "help", "thank", "farewell", "chitchat", "refuse", "clarify", "which",
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
    "correct",
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
    asked = understanding.question.item_id if understanding.question and "ask_item" in acts else None
    if "why" in acts and (asked is None or asked in state.shown):
        return Action(kind="explain")
    if "compare" in acts:
        return Action(kind="compare")
    if "ask_item" in acts:
        return Action(kind="answer")
    if "ask_catalogue" in acts and not acts & {"request", "similar"}:
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
    if understanding.open or understanding.acts & {"more", "critique", "similar", "reject", "remove"}:
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
