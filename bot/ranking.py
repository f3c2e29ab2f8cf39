"""Ranking for a written dialogue: the same understanding and the same ranker, with nothing stored."""

from __future__ import annotations

from collections.abc import Sequence

from bot.beliefs import update
from bot.events import Logged
from bot.querying import build_query
from bot.references import Context
from bot.state import SessionState, fold
from bot.understand import Understander
from retrieval.errors import InputError
from retrieval.recommend import Recommender
from retrieval.records import Anchor, Query

_TEXT_TURNS = 3
_MENTION = 0.35


def rank_dialogue(
    turns: Sequence[tuple[str, str]], k: int, understander: Understander, recommender: Recommender
) -> list[str]:
    """The k best items after `turns` of (role, text), role user or assistant; [] gives the prior.

    What the user said is understood in full; what the assistant said is only linked: its items are mentioned,
    not liked. No linked item returns. Items that break a condition follow those that keep all of them, so that
    k ids come back when the catalogue has them. What was merely wished for is no condition here, but counts: whoever
    answered such a wish in a recorded dialogue named an item outside it one time in five, by the catalogue's genres.
    """
    log: list[Logged] = []
    mentioned: dict[str, float] = {}
    slate: list[str] = []
    said: list[str] = []
    language = ""
    for number, (role, text) in enumerate(turns, start=1):
        if role == "assistant":
            slate = understander.linked_items(text) or slate
            mentioned |= {item_id: _MENTION for item_id in slate if item_id not in mentioned}
            continue
        if role != "user":
            raise InputError(f"Unknown role '{role}' in turn {number}: use 'user' or 'assistant'.")
        state = fold(log, "dialogue")
        understanding = understander.understand(text[:4000], Context(slate=slate[:10], language=language))
        language = understanding.language
        events = update(understanding, state, recommender.catalogue, number)
        log += [Logged(session_id="dialogue", turn=number, step=number, event=event) for event in events]
        mentioned |= {m.item_id: _MENTION for m in understanding.mentions if m.item_id not in mentioned}
        said.append(text)
    state = fold(log, "dialogue")
    query = _wishes_soft(build_query(state, recommender.catalogue), state)
    query = _with_dialogue(query, mentioned, said, recommender)
    ranked = recommender.rank(query, k)
    if len(ranked) < k:
        softened = query.model_copy(update={
            "terms": tuple(term.model_copy(update={"hard": False}) for term in query.terms),
            "bounds": tuple(bound.model_copy(update={"hard": False}) for bound in query.bounds),
            "exclude": query.exclude | set(ranked),
        })  # fmt: skip
        ranked += recommender.rank(softened, k - len(ranked))
    return ranked[:k]


def _wishes_soft(query: Query, state: SessionState) -> Query:
    """The query with what must be and what must not be as conditions, and wishes as wishes."""
    strict = {belief.id for belief in state.beliefs.values() if belief.hard}
    terms = (
        term if term.weight < 0 or term.belief_id in strict else term.model_copy(update={"hard": False})
        for term in query.terms
    )
    return query.model_copy(update={"terms": tuple(terms)})


def _with_dialogue(query: Query, mentioned: dict[str, float], said: Sequence[str], recommender: Recommender) -> Query:
    """Adds what a whole dialogue offers beyond beliefs: every item mentioned, and the user's last words as text."""
    judged = {anchor.item_id for anchor in query.anchors}
    extra = [
        Anchor(item_id=i, weight=weight)
        for i, weight in mentioned.items()
        if i not in judged and i in recommender.catalogue.row
    ]
    text = " ".join(said[-_TEXT_TURNS:])[-600:]
    return query.model_copy(update={
        "anchors": (*query.anchors, *extra), "text": query.text or text, "exclude": query.exclude | set(mentioned),
    })  # fmt: skip
