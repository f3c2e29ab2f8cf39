"""Which item of the catalogue a row of somebody's ratings means: the very one, or none at all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from bot.taste import Rated
from bot.taste_files import known_exports
from bot.text import key
from retrieval.catalogue import Catalogue
from retrieval.records import Item

NOT_HERE = "not in this catalogue"
OTHER_YEAR = "here only from another year"
OTHER_MAKER = "here only by somebody else"
SEVERAL = "several here have this title"
_APART = 1  # years by which two records of one thing may differ


class Match(NamedTuple):
    """The row of the catalogue that is meant, or None and why."""

    row: int | None
    why: str = ""


class TitleIndex:
    """Whole titles, other titles and ids of a catalogue. Built once; 36,000 items take about a second."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._titles: dict[str, dict[int, bool]] = defaultdict(dict)
        self._ids: dict[str, dict[str, list[int]]] = {}
        exports = known_exports()
        schemes = {scheme for export in exports.exports for scheme in export.ids}
        schemes |= {scheme for table in exports.tables for scheme in table.ids}
        for row, item in enumerate(catalogue.items):
            for number, title in enumerate((item.title, *catalogue.values(item, "alias"))):
                self._titles[key(title)].setdefault(row, number == 0)
            for scheme in schemes & item.source.keys():
                if value := _id(item.source[scheme]):
                    self._ids.setdefault(scheme, {}).setdefault(value, []).append(row)
        self._titles.pop("", None)

    def knows(self, scheme: str) -> bool:
        """Whether any item has an id of this name."""
        return scheme in self._ids

    def find(self, rated: Rated) -> Match:
        """The item with the row's id, or its title and year, or its title and maker; never one that is merely close.

        An id counts only where title or year bear it out, and an item that has another id is not meant. A year may be
        off by one where the titles are equal. Without year and maker a title must be the only one of its name. Of
        several that fit, one whose first title it is goes before one that is only also known by it; if there are still
        several, none is taken.
        """
        if rated.apart:
            return Match(None, NOT_HERE)
        by_id = {row for scheme, value in rated.ids.items() for row in self._ids.get(scheme, {}).get(_id(value), ())}
        borne_out = [row for row in sorted(by_id) if self._bears_out(rated, row)]
        if len(borne_out) == 1:
            return Match(borne_out[0])
        named: dict[int, bool] = {}
        for title in rated.titles:
            for row, first in self._titles.get(key(title), {}).items():
                named[row] = named.get(row, False) or first
        named = {row: first for row, first in named.items() if not self._is_another(rated, row)}
        if not named:
            return Match(None, NOT_HERE)
        fitting, why = self._fitting(rated, list(named))
        if len(fitting) > 1 and (rated.year is not None or rated.makers):
            fitting = [row for row in fitting if named[row]] or fitting
        return Match(fitting[0]) if len(fitting) == 1 else Match(None, SEVERAL if fitting else why)

    def _fitting(self, rated: Rated, rows: Sequence[int]) -> tuple[list[int], str]:
        items = self._catalogue.items
        if rated.makers:
            by = [row for row in rows if _made_by(items[row], rated.makers)]
            return [row for row in by if items[row].year == rated.year] or by, OTHER_MAKER
        if rated.year is None:
            return list(rows), NOT_HERE
        off = 0 if rated.dated else _APART
        for apart in range(off + 1):
            near = [row for row in rows if (year := items[row].year) is not None and abs(year - rated.year) == apart]
            if near:
                return near, OTHER_YEAR
        # An item without a year is taken only where nothing else has the name.
        return [row for row in rows if len(rows) == 1 and items[row].year is None], OTHER_YEAR

    def _bears_out(self, rated: Rated, row: int) -> bool:
        item = self._catalogue.items[row]
        same_title = any(row in self._titles.get(key(title), {}) for title in rated.titles)
        same_year = rated.year is not None and item.year is not None and abs(item.year - rated.year) <= _APART
        return same_title or same_year or not rated.titles

    def _is_another(self, rated: Rated, row: int) -> bool:
        source = self._catalogue.items[row].source
        pairs = ((_id(source.get(scheme)), _id(value)) for scheme, value in rated.ids.items())
        return any(theirs and ours and theirs != ours for theirs, ours in pairs)


def _made_by(item: Item, makers: Sequence[str]) -> bool:
    known = {key(person) for person in item.people}
    return any(key(maker) in known for maker in makers)


def _id(value: object) -> str:
    """An id without what services write differently: "tt0113277", "0113277" and 113277 are one."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return re.sub(r"^(?:tt)?0*", "", str(value).strip().casefold())
