"""The starter catalogue's facts beside public tables: years, directors and leading names, and who is right.

A disagreement is either mended in the catalogue or read, judged and kept in judged.yaml with the reason.
"""

from __future__ import annotations

import gzip
import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from evals.starter.rules import Film
from retrieval.errors import CatalogueError
from retrieval.records import Record

JUDGED = Path(__file__).parent / "judged.yaml"
CAST_FROM = ("redial_movies", "wikipedia_movies")
DIRECTORS_FROM = ("redial_movies", "opendialkg_movies")
YEARS_FROM = ("redial_movies", "wikipedia_movies", "opendialkg_movies")
LEADS = 3
"""Names of a source that our cast is held against; two thirds of them must be there."""
_YEARS_APART = 3
"""A source's film of the same title is another film when its year is further away than this."""


class Fact(NamedTuple):
    """One statement of a source about a film: `field` is year, cast or directors."""

    film: str
    field: str
    source: str
    ours: str
    theirs: str
    agrees: bool


class Judged(BaseModel):
    """A disagreement that was read. `reason`: why the catalogue's value stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    film: str
    field: str
    source: str
    reason: str


class Agreement(NamedTuple):
    """How many films a field could be held against a source, and how many agree."""

    field: str
    compared: int
    agree: int
    at_least: float

    @property
    def share(self) -> float:
        return self.agree / self.compared if self.compared else 1.0


class FactsReport(Record):
    """`open`: disagreements that nobody has judged. `stale`: judgements that no disagreement needs any more."""

    agreements: list[Agreement]
    open: list[Fact]
    judged: int
    stale: list[str]

    @property
    def ok(self) -> bool:
        """Whether every share is reached and every disagreement was judged."""
        return not (self.open or self.stale) and all(one.share >= one.at_least for one in self.agreements)


def check_facts(films: Sequence[Film], folder: Path, judged: Path = JUDGED) -> FactsReport:
    """Hold the films against the tables in a folder. Raises CatalogueError when a file cannot be read."""
    tables = {name: _table(folder / f"{name}.jsonl.gz") for name in YEARS_FROM}
    facts = [fact for film in films for fact in facts_of(film, tables)]
    kept = {(one.film, one.field, one.source) for one in read_judged(judged)}
    wrong = [fact for fact in facts if not fact.agrees]
    needed = {(fact.film, fact.field, fact.source) for fact in wrong}
    return FactsReport(
        agreements=[_agreement(facts, *one) for one in (("year", 0.99), ("cast", 0.95), ("directors", 0.97))],
        open=[fact for fact in wrong if (fact.film, fact.field, fact.source) not in kept],
        judged=len(kept & needed),
        stale=[" ".join(one) for one in sorted(kept - needed)],
    )


def facts_of(film: Film, tables: Mapping[str, Mapping[str, list[dict[str, Any]]]]) -> Iterator[Fact]:
    """What the tables say of one film. Years come from every table, names from the first that has them."""
    rows = {name: row for name, table in tables.items() if (row := _row(film, table)) is not None}
    for name in YEARS_FROM:
        if name in rows and rows[name].get("year"):
            year = int(rows[name]["year"])
            yield Fact(film.id, "year", name, str(film.year), str(year), abs(year - film.year) <= 1)
    for field, ours, theirs, sources in (
        ("cast", film.cast, "cast", CAST_FROM), ("directors", film.directors, "director", DIRECTORS_FROM),
    ):  # fmt: skip
        told = next((one for one in sources if rows.get(one, {}).get(theirs)), None)
        if told is not None:
            names = list(rows[told][theirs])[:LEADS]
            found = sum(_same_name(one, ours) for one in names)
            needed = -(-2 * len(names) // 3) if field == "cast" else 1
            yield Fact(film.id, field, told, ", ".join(ours), ", ".join(names), found >= needed)


def read_judged(path: Path) -> list[Judged]:
    """The disagreements that were read and kept. Raises CatalogueError naming the entry that cannot be used."""
    try:
        return [Judged.model_validate(one) for one in yaml.safe_load(path.read_text(encoding="utf-8")) or []]
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise CatalogueError(f"The judged facts {path} cannot be used: {error}") from error


def descriptions(folder: Path) -> Iterator[str]:
    """Every text in every table of a folder. Raises CatalogueError when a file cannot be read."""
    for path in sorted(folder.glob("*.jsonl.gz")):
        for row in _rows(path):
            yield from (str(row[field]) for field in ("description", "plot") if row.get(field))


def _agreement(facts: Sequence[Fact], field: str, at_least: float) -> Agreement:
    """Of the films that a source speaks of, how many agree with the first that does."""
    first: dict[str, bool] = {}
    for fact in facts:
        if fact.field == field:
            first.setdefault(fact.film, fact.agrees)
    return Agreement(field, len(first), sum(first.values()), at_least)


def _row(film: Film, table: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any] | None:
    """The table's row of a film: the same title (or another name of it), the nearest year."""
    names = dict.fromkeys(_plain(name) for name in (film.title, film.original_title, *film.aka) if name)
    rows = [row for name in names for row in table.get(name, ())]
    near = [row for row in rows if row.get("year") and abs(int(row["year"]) - film.year) <= _YEARS_APART]
    return min(near, key=lambda row: abs(int(row["year"]) - film.year), default=None)


def _table(path: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(path):
        found[_plain(str(row["title"]))].append(row)
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    except (OSError, ValueError) as error:
        raise CatalogueError(f"The table {path} cannot be read: {error}. Give the folder of the catalogues.") from error


def _same_name(name: str, ours: Sequence[str]) -> bool:
    """Whether a name is among ours, whatever its accents, or under the same first and last word."""
    words = _plain(name).split()
    return any(
        words == own or (len(own) > 1 and len(words) > 1 and (own[0], own[-1]) == (words[0], words[-1]))
        or sorted(words) == sorted(own)
        for own in (_plain(one).split() for one in ours)
    )  # fmt: skip


def _plain(text: str) -> str:
    """Lower case, without accents, punctuation and a leading article."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    words = "".join(char if char.isalnum() else " " for char in bare.replace("'", "").replace("&", " and ")).split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in {"the", "a", "an"} else words)
