"""What a question about the catalogue leaves for the next turn: "how many documentaries?" - "three under an hour"."""

from __future__ import annotations

from bot.beliefs import update
from bot.events import Event
from bot.records import Understanding
from bot.state import SessionState
from retrieval.catalogue import Catalogue

_WANTING = {"request", "disclose", "answer", "correct"}
_NO_WISH = {"more", "undo", "reset", "forget", "remove", "show_profile", "help", "similar"}
_HEADS = {"genre", "person", "country", "language", "series"}


def carried(understanding: Understanding, state: SessionState, catalogue: Catalogue) -> list[Event]:
    """Events that make a wish of what was just counted, where some of it is wanted now: the utterance asks for items
    and says itself nothing of what they are (a genre, a person, a country)."""
    if state.counted is None or understanding.acts & _NO_WISH:
        return []
    facets = catalogue.domain.facets
    wanted = [p for p in (*understanding.preferences, *understanding.constraints) if p.polarity > 0]
    if not (understanding.acts & _WANTING or wanted) or any(
        p.facet == "person" or (p.facet in facets and facets[p.facet].role in _HEADS) for p in wanted
    ):
        return []
    turn, asked = state.counted
    return update(asked, state, catalogue, turn)
