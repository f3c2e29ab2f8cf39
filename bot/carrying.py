"""What a question about the catalogue leaves for the next turn: "how many documentaries?" - "three under an hour"."""

from __future__ import annotations

from collections.abc import Mapping

from bot.beliefs import update
from bot.events import Event
from bot.records import Understanding
from bot.state import SessionState
from retrieval.catalogue import Catalogue
from retrieval.domain import FacetConfig

_WANTING = {"request", "disclose", "answer", "correct", "more"}
_NO_WISH = {"undo", "reset", "forget", "remove", "show_profile", "help", "similar"}
_HEADS = {"genre", "person", "country", "language", "series"}


def carried(understanding: Understanding, state: SessionState, catalogue: Catalogue) -> list[Event]:
    """Events that make a wish of what was just counted, where some of it is wanted now: the utterance asks for items
    and says itself nothing of what they are (a genre, a person, a country). "Show me some" means them where nothing
    else is on the screen.

    Where such a wish stands already the count was an aside, unless so many of them are asked for.
    """
    if state.counted is None or understanding.acts & _NO_WISH or ("more" in understanding.acts and state.slate):
        return []
    facets = catalogue.domain.facets
    wanted = [p for p in (*understanding.preferences, *understanding.constraints) if p.polarity > 0]
    if not (understanding.acts & _WANTING or wanted) or any(_is_head(p.facet, facets) for p in wanted):
        return []
    wishes = (b for b in state.beliefs.values() if b.relation == "wish" and b.scope == "session" and b.polarity > 0)
    standing = any(_is_head(belief.facet, facets) for belief in wishes)
    if standing and understanding.quantity is None:
        return []
    turn, asked = state.counted
    return update(asked, state, catalogue, turn)


def _is_head(facet: str, facets: Mapping[str, FacetConfig]) -> bool:
    """Whether a facet says what items are, so that it heads what is asked for: "documentaries", "with Cruise"."""
    return facet == "person" or (facet in facets and facets[facet].role in _HEADS)
