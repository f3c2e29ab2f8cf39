"""Items that are parts of one story, so that "the second X" and "X with somebody" can be found."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from retrieval.catalogue import Catalogue


class Families:
    """The parts of series, and titles that go on where another one ends. keys: of every title, by row."""

    def __init__(self, catalogue: Catalogue, keys: Sequence[str]) -> None:
        self._catalogue = catalogue
        self._bare = [_without_article(said) for said in keys]
        self._titles = sorted((said, row) for row, said in enumerate(self._bare))

    def part(self, row: int, number: int) -> int | None:
        """The row of a part, counted from 1 by year, of the story that an item belongs to; None without it."""
        parts = self._parts(row)
        return parts[number - 1] if len(parts) > 1 and 0 < number <= len(parts) else None

    def next(self, row: int) -> int | None:
        """The row of the part that came after an item, or None."""
        parts = self._parts(row)
        place = parts.index(row) + 1
        return parts[place] if place < len(parts) else None

    def with_person(self, row: int, person: str) -> int | None:
        """The best known item with somebody whose title is, or begins with, that of `row`; None without one."""
        found = [one for one in (row, *self._longer(row)) if person in self._people(one)]
        return max(found, key=lambda one: self._catalogue.items[one].popularity, default=None)

    def _parts(self, row: int) -> list[int]:
        """Rows by year: of one series, or of a longer title with somebody in common; the item itself is one of them."""
        item = self._catalogue.items[row]
        found = {row}
        for facet in self._catalogue.domain.facets_of("series"):
            for value in self._catalogue.values(item, facet):
                found |= {int(one) for one in self._catalogue.postings(facet)[value]}
        if len(found) == 1:
            people, year = self._people(row), self._year(row)
            found |= {one for one in self._longer(row) if people & self._people(one) and self._year(one) >= year}
        # A catalogue may have an item twice; the item asked for stays, else the best known.
        distinct: dict[str, int] = {}
        for one in sorted(found, key=lambda one: (one == row, self._catalogue.items[one].popularity)):
            distinct[self._bare[one]] = one
        return sorted(distinct.values(), key=lambda one: (self._year(one), one))

    def _longer(self, row: int) -> list[int]:
        """Rows whose title is this one's, word for word, and more."""
        head = f"{self._bare[row]} "
        place = bisect_left(self._titles, (head, -1))
        found = []
        while place < len(self._titles) and self._titles[place][0].startswith(head):
            found.append(self._titles[place][1])
            place += 1
        return found

    def _people(self, row: int) -> set[str]:
        return set(self._catalogue.values(self._catalogue.items[row], "person"))

    def _year(self, row: int) -> int:
        return self._catalogue.items[row].year or 0


def _without_article(said: str) -> str:
    words = said.split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in {"the", "a", "an"} else words)
