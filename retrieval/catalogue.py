"""Catalogue: the items of one file in a fixed order, and their facets and numbers by the domain's names."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import DomainConfig, translated
from retrieval.errors import NotFoundError
from retrieval.records import Item

Progress = Callable[[str, int, int], None]
"""Called with a stage name, the number of things done and their total."""


_FEW = 5
"""Fewer items than these with a value and a number say nothing of what is typical."""


class Catalogue:
    """Items in catalogue order: an item's row is its index in `items` and in every matrix built from them.

    Wherever a facet is asked for, its name in the domain comes first, then a role (which covers all facets
    with that role), then a field of the catalogue file that the domain does not know. `digest` changes
    whenever the file or the domain does.
    """

    def __init__(self, domain: DomainConfig, items: Sequence[Item], digest: str) -> None:
        self.domain = domain
        self.language = domain.language
        self.items: list[Item] = list(items)
        self.digest = digest
        self.row: dict[str, int] = {item.id: row for row, item in enumerate(self.items)}
        self.popularity: NDArray[np.float32] = np.array([item.popularity for item in self.items], dtype=np.float32)
        self._postings: dict[str, dict[str, NDArray[np.int32]]] = {}
        self._columns: dict[str, NDArray[np.float32]] = {}
        self._coverage: dict[str, float] = {}
        self._spreads: dict[str, float] = {}
        self._typicality: dict[tuple[str, str], NDArray[np.float32]] = {}
        self._leading: dict[tuple[str, str], NDArray[np.bool_]] = {}
        self._links: list[list[int]] | None = None
        self._names: tuple[re.Pattern[str], dict[str, str]] | None = None

    def in_language(self, language: str) -> Catalogue:
        """The same items with the domain's phrases and words in another language. Raises DomainError."""
        view = copy.copy(self)
        view.domain = translated(self.domain, language)
        view._names = None
        return view

    @cached_property
    def fame(self) -> NDArray[np.float64]:
        """The share of the catalogue that is less well known than each item, (n,) in 0..1."""
        below = np.searchsorted(np.sort(self.popularity), self.popularity)
        return below / max(len(self.popularity), 1)

    @property
    def in_own_language(self) -> bool:
        """Whether the domain speaks the language that the items' texts and values are written in, `language`."""
        return self.domain.language == self.language

    def __len__(self) -> int:
        return len(self.items)

    def get(self, item_id: str) -> Item:
        """The item with an id. Raises NotFoundError when the catalogue has none."""
        row = self.row.get(item_id)
        if row is None:
            raise NotFoundError(f"No item '{item_id}' in this catalogue of {len(self)}. Check the id.")
        return self.items[row]

    def values(self, item: Item, facet: str) -> list[str]:
        """What an item has for a facet, in field order, each value once; empty when it has nothing."""
        config = self.domain.facets.get(facet)
        if config is not None:
            return _union(item, config.fields)[: config.main]
        names = self.domain.facets_of(facet)
        if not names:
            return _union(item, (facet,))
        return list(dict.fromkeys(value for name in names for value in self.values(item, name)))

    def has(self, item: Item, facet: str, value: str) -> bool:
        """Whether an item has a value of a facet, or one that a group of that name stands for."""
        return bool(self.meant(item, facet, value))

    def meant(self, item: Item, facet: str, value: str) -> list[str]:
        """Of the values that an item has for a facet, those that `value` means: itself, or the members of a group."""
        found = []
        for name in [facet] if facet in self.domain.facets else self.domain.facets_of(facet) or [facet]:
            config = self.domain.facets.get(name)
            group = config.groups.get(value) if config else None
            found += [one for one in self.values(item, name) if one == value or (group and _stands_for(group, one))]
        return list(dict.fromkeys(found))

    def recorded(self, item: Item, facet: str) -> list[str]:
        """What an item has for a facet without what was only inferred."""
        if not item.inferred:
            return self.values(item, facet)
        names = [facet] if facet in self.domain.facets else self.domain.facets_of(facet)
        return [value for value in self.values(item, facet) if not any(inferred(item, name, value) for name in names)]

    def number(self, item: Item, number: str) -> float | None:
        """What an item has for a number of the domain (or a numeric field of the file), or None."""
        config = self.domain.numbers.get(number)
        if config is not None and config.role == "fame":
            return float(self.fame[self.row[item.id]])
        fields = config.fields if config else (number,)
        return next((item.numbers[field] for field in fields if field in item.numbers), None)

    def kin(self, item: Item) -> dict[str, str]:
        """Items that the catalogue itself names as close to this one, with its few words on why; often empty."""
        links = item.source.get(self.domain.kin or "") or []
        return {link["id"]: str(link.get("reason", "")) for link in links if isinstance(link, dict) and "id" in link}

    def with_names(self, text: str) -> str:
        """A lower-case text with capitals where it names a language, a country or what the domain calls proper."""
        if self._names is None:
            values = [value for role in ("language", "country") for value in self.postings(role)]
            known = {value.lower(): value for value in (*values, *self.domain.proper)}
            ways = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
            self._names = (re.compile(rf"\b(?:{ways})\b") if ways else re.compile(r"(?!)"), known)
        pattern, known = self._names
        return pattern.sub(lambda found: known[found.group()], text)

    def linked(self, row: int) -> list[int]:
        """Rows of the items that this one names as close to it, or that name this one."""
        if self._links is None:
            links: list[set[int]] = [set() for _ in self.items]
            for here, item in enumerate(self.items):
                for other in self.kin(item):
                    if other in self.row:
                        links[here].add(self.row[other])
                        links[self.row[other]].add(here)
            self._links = [sorted(found) for found in links]
        return self._links[row]

    def postings(self, facet: str) -> dict[str, NDArray[np.int32]]:
        """Every value of a facet, and every group of values, with the rows that have it, ascending. Computed once."""
        if facet not in self._postings:
            rows: dict[str, list[int]] = {}
            for row, item in enumerate(self.items):
                for value in self.values(item, facet):
                    rows.setdefault(value, []).append(row)
            rows |= self._grouped(facet, rows)
            self._postings[facet] = {value: np.array(found, dtype=np.int32) for value, found in rows.items()}
        return self._postings[facet]

    def _grouped(self, facet: str, rows: Mapping[str, list[int]]) -> dict[str, list[int]]:
        """The rows of each group of a facet's values that any item has; a value with the name of a group keeps it."""
        found: dict[str, list[int]] = {}
        for name in [facet] if facet in self.domain.facets else self.domain.facets_of(facet):
            for group, members in self.domain.facets[name].groups.items():
                having = {row for value, own in rows.items() if _stands_for(members, value) for row in own}
                if having and group not in rows:
                    found[group] = sorted(having)
        return found

    def coverage(self, facet: str) -> float:
        """The share of items that record any value of a facet; what was inferred for an item does not count."""
        if facet not in self._coverage:
            self._coverage[facet] = sum(bool(self.recorded(item, facet)) for item in self.items) / len(self)
        return self._coverage[facet]

    def spread(self, number: str) -> float:
        """The standard deviation of a number over the items that have it, above 0. Computed once."""
        if number not in self._spreads:
            self._spreads[number] = max(float(np.nanstd(self.column(number))), 1e-6)
        return self._spreads[number]

    def typicality(self, facet: str, value: str) -> NDArray[np.float32]:
        """How typical each item with a value is among them, (m,) in 0..1, in the order of the value's postings.

        1 minus the mean distance of its tone and content levels from the mean of those with the value, where the
        catalogue's spread (standard deviation) and more counts 1. Computed once for each value.
        """
        if (facet, value) not in self._typicality:
            rows = self.postings(facet)[value]
            tones = {
                name: self.column(name)[rows] for name, config in self.domain.numbers.items()
                if config.role in {"axis", "level"}
            }  # fmt: skip
            distances = [
                np.abs(values - np.nanmean(values)) / self.spread(name)
                for name, values in tones.items() if (~np.isnan(values)).sum() >= _FEW
            ]  # fmt: skip
            mean = np.mean(np.nan_to_num(np.minimum(distances, 2.0)), axis=0) if distances else np.zeros(len(rows))
            self._typicality[facet, value] = np.clip(1.0 - mean, 0.0, 1.0).astype(np.float32)
        return self._typicality[facet, value]

    def leading(self, facet: str, value: str) -> NDArray[np.bool_]:
        """Of the items with a value, (m,) in the order of its postings, those of which it is said before all others of
        the facet: the first of several countries. Computed once for each value."""
        if (facet, value) not in self._leading:
            items = (self.items[int(row)] for row in self.postings(facet)[value])
            found = [self.meant(item, facet, value)[:1] == self.values(item, facet)[:1] for item in items]
            self._leading[facet, value] = np.array(found, dtype=np.bool_)
        return self._leading[facet, value]

    def column(self, number: str) -> NDArray[np.float32]:
        """A number of every item, (n,) in the catalogue's unit, NaN where unknown. Computed once."""
        if number not in self._columns:
            found = (self.number(item, number) for item in self.items)
            self._columns[number] = np.array([np.nan if value is None else value for value in found], dtype=np.float32)
        return self._columns[number]


def _stands_for(members: Sequence[str], value: str) -> bool:
    """Whether a group with these members means a value, however a catalogue writes it."""
    said = value.casefold()
    others = {member[1:].casefold() for member in members if member.startswith("-")}
    return said not in others if others else any(fnmatchcase(said, member.casefold()) for member in members)


def inferred(item: Item, name: str, value: str | None = None) -> bool:
    """Whether a value of a facet, or a number, of an item is an estimate and not on record. `name` is the domain's."""
    found = item.inferred.get(name)
    return value in found if isinstance(found, dict) else found is not None


def _union(item: Item, fields: tuple[str, ...]) -> list[str]:
    if len(fields) == 1:
        return list(item.facets.get(fields[0], ()))
    return list(dict.fromkeys(value for field in fields for value in item.facets.get(field, ())))
