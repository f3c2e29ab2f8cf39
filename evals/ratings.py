"""Ratings of many people as MovieLens keeps them: what each rated, in order, and a catalogue of the items."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bot.taste import titles_of
from evals.recorded import catalogue_rows, read_lines
from retrieval.errors import InputError
from retrieval.lessons import ItemKey, item_key

LIKED = 4.0
"""Stars of five from which an item is liked; the usual choice for this data."""
_BORROWED = ("cast", "director", "writer", "plot", "description", "keywords")
_NUMBER = "movielens_id"
_MOVIELENS = (
    "MovieLens: Harper and Konstan 2015, https://doi.org/10.1145/2827872",
    "GroupLens: research only, no commercial use without permission",
)


class Rating(NamedTuple):
    """What somebody gave an item, in stars of five."""

    item: str
    stars: float


@dataclass(frozen=True)
class Case:
    """A person: what they had rated, oldest first, and the item that they liked next."""

    person: str
    profile: tuple[Rating, ...]
    target: str

    def liked(self) -> list[str]:
        """Ids of what was liked before, oldest first."""
        return [rating.item for rating in self.profile if rating.stars >= LIKED]


@dataclass(frozen=True)
class Ratings:
    """people: what each rated, oldest first; keys, rows: of each item by id, how it is known and its catalogue row."""

    file: Path
    people: dict[str, tuple[Rating, ...]]
    keys: dict[str, ItemKey]
    rows: list[dict[str, Any]]

    def baskets(self) -> list[list[ItemKey]]:
        """What each person liked, oldest first."""
        return [[self.keys[one.item] for one in found if one.stars >= LIKED] for found in self.people.values()]


def find_ratings(data: Path) -> Path | None:
    """The file of ratings in a folder, or in that of a folder of benchmark data; None without one."""
    return next(iter(sorted([*data.glob("ratings.csv*"), *data.glob("interactions/*/ratings.csv*")])), None)


def source_of(file: Path) -> tuple[str, str]:
    """Whom a file of ratings is from and its licence, as far as its folder says; for the model card."""
    return _MOVIELENS if file.parent.name.startswith(("movielens", "ml-")) else (file.parent.name, "not stated")


def read_ratings(file: Path, seed: int = 0) -> Ratings:
    """Ratings with the movies.csv beside them. Ratings of one second are put in an order of their own by `seed`.

    Raises InputError naming the file and the row that cannot be used.
    """
    names = file.with_name(file.name.replace("ratings", "movies"))
    keys, rows = {}, []
    for number, cells in _table(names, ("movieId", "title", "genres")):
        titles, year = titles_of([cells["title"]], "inverted")
        if not titles:
            raise InputError(f"{names}, row {number}, title: is empty.")
        genres = [genre for genre in cells["genres"].split("|") if not genre.startswith("(")]
        keys[cells["movieId"]] = item_key(titles[0], year)
        rows.append(
            {"id": cells["movieId"], "title": titles[0], "year": year, "genres": genres, _NUMBER: cells["movieId"]}
        )
    said: dict[str, list[tuple[int, float, Rating]]] = {}
    ties = np.random.default_rng(seed)
    for number, cells in _table(file, ("userId", "movieId", "rating", "timestamp")):
        try:
            rating, when = Rating(cells["movieId"], float(cells["rating"])), int(cells["timestamp"])
        except ValueError as error:
            raise InputError(f"{file}, row {number}: {error}.") from error
        if rating.item not in keys:
            raise InputError(f"{file}, row {number}, movieId: {rating.item} is not in {names.name}.")
        said.setdefault(cells["userId"], []).append((when, ties.random(), rating))
    return Ratings(file, {one: tuple(r for *_, r in sorted(found)) for one, found in said.items()}, keys, rows)


def _table(file: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    lines = list(read_lines(file, "Ratings"))
    reader = csv.DictReader([line for _, line in lines])
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(f"{file} has no column {', '.join(missing)}. Expected {', '.join(columns)}.")
    for (number, _), cells in zip(lines[1:], reader, strict=True):
        if any(cells.get(name) is None for name in columns):
            raise InputError(f"{file}, row {number}: has too few cells.")
        yield number, cells


def held_out(people: dict[str, tuple[Rating, ...]]) -> list[Case]:
    """Of each person with two likes or more, the last one as the target, and all that was rated before it."""
    cases = []
    for person, ratings in people.items():
        likes = [place for place, rating in enumerate(ratings) if rating.stars >= LIKED]
        if len(likes) > 1:
            cases.append(Case(person, ratings[: likes[-1]], ratings[likes[-1]].item))
    return cases


def with_facts(rows: Sequence[dict[str, Any]], catalogues: Sequence[Path]) -> list[dict[str, Any]]:
    """Catalogue rows with the people, texts and keywords that other catalogues have of the same items, by number."""
    facts: dict[str, dict[str, Any]] = {}
    for catalogue in catalogues:
        for row in catalogue_rows(catalogue):
            if number := row.get(_NUMBER):
                borrowed = {name: row[name] for name in _BORROWED if row.get(name)}
                facts[str(number)] = {**borrowed, **facts.get(str(number), {})}
    return [{**facts.get(row["id"], {}), **row} for row in rows]


def exported(case: Case, titles: dict[str, dict[str, Any]]) -> bytes:
    """A profile as its person would take it away from the service, oldest first."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["movie_id", "imdb_id", "rating", "title"])
    for rating in case.profile:
        row = titles[rating.item]
        year = f" ({row['year']})" if row["year"] else ""
        writer.writerow([rating.item, "", rating.stars, f"{row['title']}{year}"])
    return text.getvalue().encode()
