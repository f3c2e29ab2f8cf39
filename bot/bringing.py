"""From ratings made elsewhere to beliefs: what each says of the person, and what of it is new."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from bot.beliefs import item_belief, slug
from bot.events import Believed, Event, Withdrew
from bot.records import IMPORTED, MIDDLE, Belief, Evidence, TasteReport, Unresolved, is_imported
from bot.taste import Rated, Taste
from bot.taste_matching import TitleIndex
from bot.weighing import RATED
from retrieval.catalogue import Catalogue

_HALF_BAND = 0.15
_ENOUGH = 20  # ratings from which a person's own mean means something
_BOUNDS = (0.4, 0.6)  # nothing up to the first is liked, nothing above the second disliked, whatever the mean
_LITTLE = 1e-6
_WEAKEST, _STRONGEST = 0.5, 0.9
_HEART = 0.8
UNRESOLVED_KEPT = 24
"""Names without an item that are kept in the profile, the best rated first; the report has all of them."""


class Band(NamedTuple):
    """Ratings up to `disliked` and from `liked` on are verdicts, those between are none. All in 0..1 of the scale."""

    disliked: float
    middle: float
    liked: float


def band_of(ratings: Sequence[float]) -> Band:
    """Where a person's verdicts begin, given all their ratings in 0..1.

    From .7 of the scale on is liked and up to .4 disliked (7 and 4 of 10, 3.5 and 2 of 5), so the middle is .55. Of a
    person with at least 20 ratings whose mean would itself be a verdict, the middle is the mean, and the verdicts begin
    .15 from it: who gives 4 of 5 to most things does not love most things. Even then the best that they ever give is
    liked, nothing up to .4 is, and nothing above .6 is disliked.
    """
    mean = sum(ratings) / len(ratings) if len(ratings) >= _ENOUGH else MIDDLE
    if abs(mean - MIDDLE) < _HALF_BAND:
        return Band(MIDDLE - _HALF_BAND, MIDDLE, MIDDLE + _HALF_BAND)
    low, high = _BOUNDS
    return Band(min(mean - _HALF_BAND, high), mean, max(min(mean + _HALF_BAND, max(ratings)), low + _LITTLE))


def verdict(rated: Rated, band: Band) -> tuple[str, float] | None:
    """("like" or "dislike", strength), or None where it is neither.

    Strength grows from .5 where the verdict begins to .9 at the end of the scale. A mark as liked counts .8 by itself.
    """
    rating = rated.rating
    if rating is not None and rating >= band.liked - _LITTLE:
        return "like", max(_grown(rating - band.liked, 1.0 - band.liked), _HEART if rated.liked else 0.0)
    if rated.liked:
        return "like", _HEART
    if rating is not None and rating <= band.disliked + _LITTLE:
        return "dislike", _grown(band.disliked - rating, band.disliked)
    return None


def _grown(over: float, span: float) -> float:
    share = min(1.0, max(0.0, over / span)) if span > 0 else 1.0
    return round(_WEAKEST + (_STRONGEST - _WEAKEST) * share, 3)


def brought(
    taste: Taste, titles: TitleIndex, catalogue: Catalogue, known: Mapping[str, Belief], turn: int
) -> tuple[list[Event], TasteReport]:
    """Events that make a profile agree with an import, and the report of it. `known`: the beliefs so far, by id.

    Whatever is rated or marked as seen is seen; what is liked or disliked is said beside it, since seen is not liked.
    What the person said or tapped about an item themselves stays, whenever it was. What is known already makes no
    event, so the same file again changes nothing; a rating that changed replaces the one before.
    """
    matched: dict[int, list[Rated]] = {}
    strangers: dict[tuple[str, int | None], list[tuple[Rated, str]]] = {}
    for rated in taste.rated:
        row, why = titles.find(rated)
        if row is not None:
            matched.setdefault(row, []).append(rated)
        else:
            strangers.setdefault((rated.title.casefold(), rated.year), []).append((rated, why))
    ratings = [rated.rating for rated in taste.rated if rated.rating is not None]
    band = band_of(ratings)
    counts = {"like": 0, "dislike": 0, "neutral": 0, "unrated": 0, "kept": 0}
    events: list[Event] = []
    merged = sorted(((row, one(rows)) for row, rows in matched.items()), key=lambda pair: _order(pair[1]))
    for row, rated in merged:
        item = catalogue.items[row]
        found = verdict(rated, band)
        counts[found[0] if found else "unrated" if rated.rating is None else "neutral"] += 1
        evidence = Evidence(turn=turn, quote=_quote(rated))
        before = known.get(f"item:{item.id}")
        counts["kept"] += before is not None and _own_word(before)
        if rated.seen and f"seen:{item.id}" not in known:
            events.append(Believed(belief=item_belief("seen", item.id, item.title, evidence, 1.0)))
        if before is not None and (_own_word(before) or (rated.rating is None and before.polarity > 0)):
            continue
        after = item_belief(found[0], item.id, item.title, evidence, found[1], confidence=RATED) if found else None
        if after is not None and (before is None or not same(before, after)):
            events.append(Believed(belief=after))
        elif after is None and before is not None and rated.rating is not None and is_imported(before.evidence):
            events.append(Withdrew(belief_id=before.id))
    unknown = [(one([rated for rated, _ in rows]), rows[0][1]) for rows in strangers.values()]
    events += _unknown(unknown, known, turn)
    return events, TasteReport(
        name=taste.name, source=taste.source, rows=taste.rows, matched=len(matched), liked=counts["like"],
        disliked=counts["dislike"], neutral=counts["neutral"], unrated=counts["unrated"], kept=counts["kept"],
        changed=len(events), wanted=taste.wanted, unsaid=taste.unsaid, unusable=taste.unusable,
        middle=round(band.middle, 3),
        unresolved=[Unresolved(title=r.title, year=r.year, row=r.row, file=r.file, why=why) for r, why in unknown],
        problems=list(taste.problems),
    )  # fmt: skip


def same(one_belief: Belief, other: Belief) -> bool:
    """Whether two beliefs are equal but for the turns of their evidence."""
    return placeless(one_belief) == placeless(other)


def placeless(belief: Belief) -> Belief:
    """A belief without the turns of its evidence, which mean something in one conversation only."""
    return belief.model_copy(update={"evidence": [proof.model_copy(update={"turn": 0}) for proof in belief.evidence]})


def one(rows: Iterable[Rated]) -> Rated:
    """Several rows of one thing as one: the rating of the highest rank counts, and of those the latest."""
    ordered = sorted(rows, key=_order)
    last = next((row for row in reversed(ordered) if row.rating is not None), ordered[-1])
    return last.model_copy(update={
        "seen": any(row.seen for row in ordered), "liked": any(row.liked for row in ordered),
    })  # fmt: skip


def _order(rated: Rated) -> tuple[int, date, int]:
    return rated.rank, rated.when or date.min, rated.row


def _own_word(belief: Belief) -> bool:
    """Whether a belief about an item is the person's own opinion: more than a look at it, and not from an import."""
    return belief.relation != "view" and not is_imported(belief.evidence)


def _quote(rated: Rated) -> str:
    if rated.stars is not None:
        said = f"rated {rated.stars:g} of {rated.out_of:g}"
    else:
        said = "marked as liked" if rated.liked else "marked as seen"
    file = re.sub(r"[^\w. -]", " ", rated.file.rsplit("/", 1)[-1])[:60].strip()
    return f"{said}{IMPORTED}{rated.row}{f' of {file}' if file else ''}"


def _unknown(
    strangers: Sequence[tuple[Rated, str]], known: Mapping[str, Belief], turn: int
) -> list[Event]:  # fmt: skip
    best = sorted(strangers, key=lambda pair: -(pair[0].rating if pair[0].rating is not None else pair[0].liked))
    beliefs = [
        Belief(
            id=f"unresolved:{slug(rated.title)}", group="unresolved", facet="item", value=rated.title, scope="person",
            label=f"{rated.title} ({rated.year})" if rated.year is not None else rated.title, relation="unresolved",
            evidence=[Evidence(turn=turn, quote=_quote(rated))],
        )
        for rated, _ in best[:UNRESOLVED_KEPT]
    ]  # fmt: skip
    unique = {belief.id: belief for belief in beliefs if belief.id not in known}
    return [Believed(belief=belief) for belief in unique.values()]
