"""From a Query to recommendations: filter, retrieve with every branch, pool, rank, diversify, explain.

The score is linear: a sum of named parts, each weight times what a branch found. Reasons are those parts, so
they add up to the score exactly and say what caused the rank.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from retrieval import branches
from retrieval.also_liked import AlsoLiked
from retrieval.branches import Scores
from retrieval.catalogue import Catalogue
from retrieval.diversity import RELEVANCE, Taste, diversify, unexpected
from retrieval.filters import allowed, broken
from retrieval.opinion import Opinion, blended, points
from retrieval.portraits import Portraits, bare
from retrieval.ranker import Ranker
from retrieval.records import Anchor, Evidence, Query, Reason, ReasonKind, Recommendation, Variety
from retrieval.signals import BRANCHES, Signals, silenced
from retrieval.taught import Taught

Encode = Callable[[str], Scores]
_EQUAL = 1e-9  # scores closer than this are the same
_LIKES_ENOUGH = 3  # liked items from which the kinds that somebody likes are known


class RankingWeights(BaseModel):
    """What each kind of evidence is worth, on a common scale where a branch's best item scores 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dense: float = 0.8
    described: float = 4.0
    lexical: float = 0.4
    facet: float = 1.0
    number: float = 0.9
    title: float = 3.0
    similar_text: float = 0.5
    similar_facets: float = 1.0
    together: float = 4.0
    """Per share of the dialogues that name one item beside another; the largest shares are about a quarter."""
    also_liked: float = 32.0
    """Per weight that the liking of one item gives another; the best of most items are between .01 and .04."""
    liked: float = 0.6
    steer: float = 0.9
    identical: float = 1.0
    """What an item loses that is as good as the same as one that was taken: nobody needs it twice."""
    popularity: float = 0.3
    trending: float = 0.15
    satisfied: float = 0.15
    """What a satisfied hard bound adds: little, since every candidate satisfies it, but enough to be named."""


class _Part(NamedTuple):
    """One additive part for all items: scores (n,) already weighted, and how to name it."""

    scores: Scores
    kind: ReasonKind
    label: str
    facet: str | None = None
    value: str | None = None
    item_id: str | None = None
    belief_id: str | None = None
    evidence: Sequence[Evidence] = ()


class Recommender:
    """Ranks one catalogue. Stateless between calls and safe to share between threads.

    matrix: float32 (n, d), unit rows in catalogue order. bm25: text -> scores (n,). encode: text -> (d,).
    taught, also_liked: what recorded dialogues and ratings say of these items, if anything; ranker: how to weigh it.
    variety: of the lists for queries that ask for none. trends: how much is going on about each item at a time, (n,)
    in 0..1. portraits: what each item is like, for what somebody describes. opinion: somebody else's
    order of the best items, which counts as far as its weight says.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        matrix: NDArray[np.float32],
        bm25: Callable[[str], Scores],
        encode: Encode,
        weights: RankingWeights | None = None,
        pool: int = 400,
        variety: Variety = "balanced",
        taught: Taught | None = None,
        ranker: Ranker | None = None,
        also_liked: AlsoLiked | None = None,
        trends: Callable[[datetime], Scores] | None = None,
        portraits: Portraits | None = None,
        opinion: Opinion | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.matrix = matrix
        self.portraits = portraits or bare(matrix)
        self.bm25 = bm25
        self.encode = encode
        self.weights = weights or RankingWeights()
        self.pool = pool
        self.variety = variety
        self.taught = taught
        self.ranker = ranker
        self.trends = trends
        self.also_liked = also_liked
        self.opinion = opinion
        self.signals = Signals(catalogue, taught, matrix, bm25, encode, also_liked) if taught is not None else None
        self._similar = lru_cache(maxsize=256)(self._similar_to)
        self._alike = lru_cache(maxsize=256)(lambda row: branches.alike(catalogue, matrix, row))

    def recommend(self, query: Query, k: int, without: Collection[ReasonKind] = ()) -> list[Recommendation]:
        """The k best allowed items, diversified, with their reasons; fewer when fewer are allowed.

        Where variety or a surprise is asked for and there is more than one pick, the last may be one that is not
        expected, and a reason of the kind `variety` says so. `without`: parts of the score to leave out, for measuring.
        """
        ranked, parts, totals = self._rank(query, without=without)
        if "opinion" not in without:
            ranked, parts, totals = self._reconsidered(query, ranked, parts, totals)
        head = ranked[: max(10 * k, 30)]
        variety = query.variety or self.variety
        order = diversify(totals[head], self.matrix[head], 4 * k, RELEVANCE[variety], self._taste(query, head))
        usual = (int(head[place]) for place in order)
        rows = list(islice((row for row in usual if not broken(self.catalogue, query, self.catalogue.items[row])), k))
        picks = [self._recommendation(row, parts) for row in rows]
        if (query.surprise or variety == "varied") and len(rows) == k > 1:
            row = self._surprise(query, rows[:-1], ranked, totals - parts[0].scores)
            if row is not None:
                picks[-1] = self._recommendation(row, parts, instead_of=picks[-1].score)
        return picks

    def _recommendation(self, row: int, parts: Sequence[_Part], instead_of: float | None = None) -> Recommendation:
        """An item with the parts of its score; `instead_of`: the score of the pick whose place a surprise takes."""
        reasons = [_reason(part, float(part.scores[row])) for part in parts if abs(part.scores[row]) > 1e-6]
        if instead_of is not None:
            lacking = max(0.0, instead_of - sum(reason.weight for reason in reasons))
            reasons.append(Reason(kind="variety", label="one you might not expect", weight=lacking))
        reasons.sort(key=lambda reason: -abs(reason.weight))
        score = sum(reason.weight for reason in reasons)
        return Recommendation(item=self.catalogue.items[row], score=score, reasons=reasons)

    def _reconsidered(
        self, query: Query, ranked: NDArray[np.int64], parts: list[_Part], totals: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], list[_Part], NDArray[np.float64]]:
        """The same with the part of the second opinion, which is at most its share of what lies between the first and
        the last item that it was asked about."""
        if self.opinion is None:
            return ranked, parts, totals
        head = self.opinion.asked(ranked)
        places = self.opinion.order(query, [self.catalogue.items[int(row)] for row in head])
        if not places:
            return ranked, parts, totals
        between = float(totals[head[0]] - totals[head[-1]]) or 1.0
        scores = np.zeros(len(self.catalogue), dtype=np.float32)
        scores[head] = self.opinion.weight / (1 - self.opinion.weight) * between * points(places, len(head))
        totals = totals + scores
        head = head[np.lexsort((head, -totals[head]))]
        parts = [*parts, _Part(scores, "opinion", "a second opinion")]
        return np.concatenate([head, ranked[len(head) :]]), parts, totals

    def _surprise(
        self, query: Query, picked: list[int], ranked: NDArray[np.int64], worth: NDArray[np.float64]
    ) -> int | None:
        """The row of an allowed item to surprise with, or None. picked: the other picks; worth (n,): without fame."""
        rows = np.concatenate([picked, np.setdiff1d(ranked, picked)]).astype(np.int64)
        place = unexpected(worth[rows], self.catalogue.fame[rows], self.matrix[rows], list(range(len(picked))))
        row = None if place is None else int(rows[place])
        return None if row is None or broken(self.catalogue, query, self.catalogue.items[row]) else row

    def _taste(self, query: Query, rows: NDArray[np.int64]) -> Taste | None:
        """What the kinds of the picks should be like, as far as enough liked items say."""
        liked = [a for a in query.anchors if a.weight > 0 and not a.asked and a.item_id in self.catalogue.row]
        wanted = sum((a.weight * self._kinds[self.catalogue.row[a.item_id]] for a in liked), np.zeros(1, np.float32))
        if len(liked) < _LIKES_ENOUGH or not wanted.sum():
            return None
        return Taste(self._kinds[rows], (wanted / wanted.sum()).astype(np.float32))

    @cached_property
    def _kinds(self) -> NDArray[np.float32]:
        """The kinds of each item, (n, g): rows sum to 1, or to 0 where none is on record."""
        postings = self.catalogue.postings("genre")
        kinds = np.zeros((len(self.catalogue), max(len(postings), 1)), dtype=np.float32)
        for column, rows in enumerate(postings.values()):
            kinds[rows, column] = 1.0
        shares: NDArray[np.float32] = kinds / np.maximum(kinds.sum(axis=1, keepdims=True), 1.0)
        return shares

    def rank(self, query: Query, k: int) -> list[str]:
        """Ids of the k best allowed items, best first: by the learned ranker where there is one and something was said
        that it reads, else by score alone."""
        if self.ranker is not None and self.signals is not None and (query.said or query.anchors):
            ranked = self.ranker.order(self.signals, query, allowed(self.catalogue, query))
        else:
            ranked, _, _ = self._rank(query, pool=max(self.pool, k))
        if self.opinion is not None and len(ranked):
            head = self.opinion.asked(ranked)
            places = self.opinion.order(query, [self.catalogue.items[int(row)] for row in head])
            ranked = np.concatenate([blended(head, places, self.opinion.weight), ranked[len(head) :]])
        return [self.catalogue.items[int(row)].id for row in ranked[:k]]

    def rank_without(self, query: Query, k: int) -> dict[str, list[str]]:
        """Ids of the k best allowed items with each branch of the learned ranker switched off, by the branch's name;
        nothing where there is no ranker."""
        if self.ranker is None or self.signals is None:
            return {}
        found, mask = self.signals.of(query), allowed(self.catalogue, query)
        ranked = {}
        for name, members in BRANCHES.items():
            rows = self.ranker.order_by(self.signals, silenced(found, members), mask)
            ranked[name] = [self.catalogue.items[int(row)].id for row in rows[:k]]
        return ranked

    def standing(self, query: Query, item_id: str, among: Query) -> int:
        """The 1-based place of an item by score alone, of the items that `among` allows; the item itself counts as one.

        Items with the same score share the better place.
        """
        totals = self._rank(query, pool=1)[2]
        return 1 + int((totals[allowed(self.catalogue, among)] > totals[self.catalogue.row[item_id]] + _EQUAL).sum())

    def count(self, query: Query) -> int:
        """How many items break no hard constraint."""
        return int(allowed(self.catalogue, query).sum())

    def allowed_rows(self, query: Query) -> NDArray[np.int64]:
        """Rows of the items that break no hard constraint, ascending."""
        return np.flatnonzero(allowed(self.catalogue, query))

    def pool_rows(self, query: Query, size: int) -> NDArray[np.int64]:
        """Rows of the best allowed items, best first: the live candidates that a question would divide."""
        return self._rank(query, pool=size)[0][:size]

    def _rank(
        self, query: Query, pool: int | None = None, without: Collection[ReasonKind] = ()
    ) -> tuple[NDArray[np.int64], list[_Part], NDArray[np.float64]]:
        mask = allowed(self.catalogue, query)
        parts = [part for part in self._parts(query) if part.kind not in without]
        totals = np.zeros(len(self.catalogue), dtype=np.float64)
        for part in parts:
            totals += part.scores
        rows = np.flatnonzero(mask)
        size = min(len(rows), pool or self.pool)
        if size < len(rows):
            rows = rows[np.argpartition(-totals[rows], size - 1)[:size]]
        return rows[np.lexsort((rows, -totals[rows]))], parts, totals

    def _parts(self, query: Query) -> list[_Part]:
        weights = self.weights
        parts = [_Part(weights.popularity * self.catalogue.popularity, "popularity", "well known")]
        if self.trends is not None and query.now is not None:
            parts.append(_Part(weights.trending * self.trends(query.now), "trending", "in demand these days"))
        parts += self._text_parts(query)
        for term in query.terms:
            scores = weights.facet * term.weight * branches.facet(self.catalogue, term)
            parts.append(
                _Part(scores, "facet", term.value, term.facet, term.value, None, term.belief_id, term.evidence)
            )
        for bound in query.bounds:
            worth = weights.satisfied if bound.hard else weights.number * abs(bound.weight)
            scores = worth * branches.number(self.catalogue, bound)
            scores = np.minimum(scores, 0.0) if bound.mild else scores
            parts.append(
                _Part(
                    scores,
                    "number",
                    bound.label or bound.number,
                    bound.number,
                    None,
                    bound.than,
                    bound.belief_id,
                    bound.evidence,
                )
            )
        for anchor in query.anchors:
            if anchor.item_id in self.catalogue.row:
                parts += self._anchor_parts(self.catalogue.row[anchor.item_id], anchor)
        for steer in query.steers:
            scores = weights.steer * steer.weight * branches.dense(self.matrix, self.encode(steer.text))
            parts.append(_Part(scores, "text", steer.label, None, None, None, steer.belief_id, steer.evidence))
        return parts

    def _text_parts(self, query: Query) -> list[_Part]:
        parts = []
        if query.text:
            weight = self.weights.described if query.described else self.weights.dense
            scores = weight * branches.described(self.portraits, self.encode(query.described or query.text))
            scores = scores + self.weights.lexical * branches.lexical(self.bm25(query.text))
            label = query.text
            parts.append(_Part(scores, "text", label, None, None, None, query.text_belief_id, query.text_evidence))
        if query.title and query.title in self.catalogue.row:
            scores = np.zeros(len(self.catalogue), dtype=np.float32)
            scores[self.catalogue.row[query.title]] = self.weights.title
            parts.append(_Part(scores, "title", "the title you named", item_id=query.title))
        return parts

    def _anchor_parts(self, row: int, anchor: Anchor) -> list[_Part]:
        item = self.catalogue.items[row]
        text, facets, beside, also_liked = self._similar(row)
        scale = anchor.weight if anchor.asked else anchor.weight * self.weights.liked
        kind: ReasonKind = "similar" if anchor.asked else "liked" if anchor.weight > 0 else "disliked"
        kind = anchor.how if anchor.how != "judged" else kind
        blend = self.weights.similar_text * text + self.weights.similar_facets * facets
        scores = (scale * blend).astype(np.float32)
        cause = (item.title, None, None, item.id, anchor.belief_id, anchor.evidence)
        parts = [_Part(scores, kind, *cause)]
        if beside is not None:
            parts.append(_Part(scale * self.weights.together * beside, "together", *cause))
        # What is liked beside an item need not be like it, nor be avoided by those who dislike it.
        if also_liked is not None and anchor.weight > 0:
            worth = anchor.weight * self.weights.liked * self.weights.also_liked
            parts.append(_Part(worth * also_liked, "also_liked", *cause))
        if anchor.how == "chosen":
            parts.append(_Part(-self.weights.identical * self._alike(row), kind, *cause))
        return parts

    def _similar_to(self, row: int) -> tuple[Scores, Scores, Scores | None, Scores | None]:
        beside = self.taught.beside(row) if self.taught is not None else None
        also_liked = self.also_liked.beside(row) if self.also_liked is not None else None
        return branches.text_similar(self.matrix, row), branches.facet_similar(self.catalogue, row), beside, also_liked


def _reason(part: _Part, weight: float) -> Reason:
    return Reason(
        kind=part.kind, label=part.label, weight=weight, facet=part.facet, value=part.value, item_id=part.item_id,
        belief_id=part.belief_id, evidence=list(part.evidence),
    )  # fmt: skip
