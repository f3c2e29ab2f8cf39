"""Ranking for a written dialogue: the same understanding and the same ranker, with nothing stored."""

from __future__ import annotations

from collections.abc import Sequence

from bot.beliefs import update
from bot.drafting import READ
from bot.events import Logged
from bot.querying import COVERED, build_query
from bot.references import Context
from bot.state import SessionState, advanced
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError
from retrieval.recommend import Recommender
from retrieval.records import Anchor, Query, Term
from retrieval.signals import KINDS, spoken

_MENTION = 0.35
_NAME = "dialogue"


def rank_dialogue(
    turns: Sequence[tuple[str, str]], k: int, understander: Understander, recommender: Recommender
) -> list[str]:
    """The k best items after `turns` of (role, text), role user or assistant; [] gives the prior.

    What the user said is understood in full; what the assistant said is only linked: its items are mentioned,
    not liked. No linked item returns. Items that break a condition follow those that keep all of them, so that
    k ids come back when the catalogue has them. Wishes of earlier messages, and for a kind, are no conditions here, but
    count: people often answer them with an item outside them, by the facets of the catalogue (docs/ranking.md).
    """
    query = dialogue_query(turns, understander, recommender.catalogue)
    ranked = recommender.rank(query, k)
    if len(ranked) < k:
        softened = query.model_copy(update={
            "terms": tuple(term.model_copy(update={"hard": False}) for term in query.terms),
            "bounds": tuple(bound.model_copy(update={"hard": False}) for bound in query.bounds),
            "exclude": query.exclude | set(ranked),
        })  # fmt: skip
        ranked += recommender.rank(softened, k - len(ranked))
    return ranked[:k]


def dialogue_query(turns: Sequence[tuple[str, str]], understander: Understander, catalogue: Catalogue) -> Query:
    """What to rank by after `turns`. Raises InputError for another role than user or assistant."""
    heard = Heard(understander, catalogue)
    understander.read_ahead([text[:READ] for role, text in turns if role == "user"])
    for number, (role, text) in enumerate(turns, start=1):
        if role not in {"user", "assistant"}:
            raise InputError(f"Unknown role '{role}' in turn {number}: use 'user' or 'assistant'.")
        heard.hear(role, text)
    return heard.query()


class Heard:
    """What was heard of a written dialogue so far: beliefs, the items named, and the user's own words."""

    def __init__(self, understander: Understander, catalogue: Catalogue) -> None:
        self._understander = understander
        self._catalogue = catalogue
        self._state = SessionState()
        self._named: dict[str, None] = {}
        self._slate: list[str] = []
        self._said: list[str] = []
        self._language = ""
        self._relative = False
        self._turns = self._spoke = 0

    def hear(self, role: str, text: str) -> None:
        """Take in the next turn; `role` is user or assistant."""
        self._turns += 1
        if role == "assistant":
            named = self._understander.linked_items(text)
            self._slate = named or self._slate
        else:
            context = Context(slate=self._slate[:10], language=self._language)
            understanding = self._understander.understand(text[:READ], context)
            self._language = understanding.language
            years = [said.relative for said in understanding.constraints if said.facet in {"year", "decade"}]
            self._relative = years[-1] if years else self._relative
            changes = update(understanding, self._state, self._catalogue, self._turns)
            logged = (Logged(session_id=_NAME, turn=self._turns, step=self._turns, event=event) for event in changes)
            self._state = advanced(self._state, logged, _NAME)
            named = [mention.item_id for mention in understanding.mentions]
            self._said.append(text)
            self._spoke = self._turns
        for item_id in named:
            self._named.pop(item_id, None)
            self._named[item_id] = None

    def query(self) -> Query:
        """What to rank by: beliefs, every item named in the order of their last mention, and the user's words."""
        built = build_query(self._state, self._catalogue)
        fresh = {t.belief_id for t in built.terms if t.belief_id and t.evidence and t.evidence[-1].turn == self._spoke}
        built = built.model_copy(update={"fresh": frozenset(fresh)})
        query = _with_soft_wishes(built, self._state, self._catalogue)
        # When the dialogue was held is not known, so that "the last two years" only guides.
        year = self._catalogue.domain.number_of("year") if self._relative else None
        bounds = (b.model_copy(update={"hard": False}) if b.number == year else b for b in query.bounds)
        judged = {anchor.item_id for anchor in query.anchors}
        extra = [Anchor(item_id=item_id, weight=_MENTION) for item_id in self._named if item_id not in judged]
        place = {item_id: number for number, item_id in enumerate(self._named)}
        anchors = sorted((*query.anchors, *extra), key=lambda anchor: place.get(anchor.item_id, -1))
        return query.model_copy(update={
            "anchors": tuple(anchors), "bounds": tuple(bounds), "text": query.text or spoken(self._said),
            "exclude": query.exclude | set(self._named), "said": tuple(self._said),
        })  # fmt: skip


def _with_soft_wishes(query: Query, state: SessionState, catalogue: Catalogue) -> Query:
    """The query with older wishes, and those for a kind, as mere wishes; what must or must not be stays a condition.

    So are wishes for what the catalogue records of few items: most of those that would be right are not known to be.
    """
    strict = {belief.id for belief in state.beliefs.values() if belief.hard}

    def is_soft(term: Term) -> bool:
        if term.weight < 0 or term.belief_id in strict:
            return False
        config = catalogue.domain.facets.get(term.facet)
        is_kind = config is not None and config.role in KINDS
        return term.belief_id not in query.fresh or is_kind or catalogue.coverage(term.facet) < COVERED

    terms = tuple(term.model_copy(update={"hard": False}) if is_soft(term) else term for term in query.terms)
    return query.model_copy(update={"terms": terms})
