"""Hard constraints and exclusions: applied to every candidate before ranking, and checked again after it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.records import Bound, Item, Query, Term


def allowed(catalogue: Catalogue, query: Query) -> NDArray[np.bool_]:
    """(n,) True where an item breaks no hard constraint of the query and is not excluded.

    Wanted hard terms of one group are alternatives; every group must hold.
    """
    mask = np.ones(len(catalogue), dtype=bool)
    mask[[catalogue.row[item_id] for item_id in query.exclude if item_id in catalogue.row]] = False
    wanted: dict[str, NDArray[np.bool_]] = {}
    for term in query.terms:
        if not term.hard:
            continue
        rows = catalogue.postings(term.facet).get(term.value)
        if term.weight < 0:
            if rows is not None:
                mask[rows] = False
        else:
            group = wanted.setdefault(term.group or term.facet, np.zeros(len(catalogue), dtype=bool))
            if rows is not None:
                group[rows] = True
    for group in wanted.values():
        mask &= group
    for bound in query.bounds:
        if bound.hard:
            mask &= _within(catalogue, bound)
    return mask


def _within(catalogue: Catalogue, bound: Bound) -> NDArray[np.bool_]:
    column = catalogue.column(bound.number)
    known = ~np.isnan(column)
    inside = known.copy()
    if bound.low is not None:
        inside &= np.greater_equal(column, bound.low, where=known, out=np.zeros_like(known))
    if bound.high is not None:
        inside &= np.less_equal(column, bound.high, where=known, out=np.zeros_like(known))
    if bound.weight < 0:
        inside = known & ~inside
    return inside | ~known if bound.admit_unknown else inside


def broken(catalogue: Catalogue, query: Query, item: Item) -> list[Term | Bound | str]:
    """What an item breaks: hard terms and bounds, or its id when it is excluded. Empty when it may be shown.

    Reads the item itself, not the indexes behind `allowed`, so that the two check each other.
    """
    failures: list[Term | Bound | str] = [item.id] if item.id in query.exclude else []
    wanted: dict[str, list[Term]] = defaultdict(list)
    for term in query.terms:
        if term.hard and term.weight < 0 and catalogue.has(item, term.facet, term.value):
            failures.append(term)
        elif term.hard and term.weight > 0:
            wanted[term.group or term.facet].append(term)
    for terms in wanted.values():
        if not any(catalogue.has(item, term.facet, term.value) for term in terms):
            failures += terms
    for bound in query.bounds:
        if bound.hard and not _holds(catalogue.number(item, bound.number), bound):
            failures.append(bound)
    return failures


def _holds(number: float | None, bound: Bound) -> bool:
    if number is None:
        return bound.admit_unknown
    inside = (bound.low is None or number >= bound.low) and (bound.high is None or number <= bound.high)
    return inside if bound.weight >= 0 else not inside
