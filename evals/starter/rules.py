"""The starter catalogue's own rules: what a record holds, which words it may use, and what it may not repeat.

`rapport catalog check` without a file runs all of them; a record that breaks one is an error with its id and field.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retrieval.errors import CatalogueError
from retrieval.records import Record

NEAR = 0.93
"""Cosine of two synopses above which they say the same."""
RUN = 8
"""Words in a row that a synopsis may not share with somebody else's text."""
THEME_USES = 3
_WORDS = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|Sgt|Lt|No|[A-Z])\.")
_SENTENCE_END = re.compile(r"[.!?…][\"”\u2019')]*(?=\s|$)")
_TITLE_AND_YEAR = re.compile(r".+ \(\d{4}\)")
_FEW_NAMES = {"Documentary", "Experimental", "Animation", "Anime", "Silent Film"}
"""Genres whose films may have fewer than four people to name."""
_SAYINGS = 3
_PRAISE = (
    "masterpiece", "must-see", "timeless", "iconic", "stunning", "breathtaking", "heartwarming", "tour de force",
    "unforgettable", "rollercoaster",
)  # fmt: skip

Share = Annotated[float, Field(ge=0, le=1)]
Degree = Annotated[int, Field(ge=0, le=3)]
Name = Annotated[str, Field(min_length=1, pattern=r"^\S(.*\S)?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Tone(_Strict):
    """Where a film stands on each axis; 0 is the first word of the name and 1 the second."""

    light_dark: Share
    funny_serious: Share
    realistic_fantastic: Share
    simple_complex: Share


class Content(_Strict):
    """From 0 (none) to 3 (a great deal)."""

    violence: Degree
    gore: Degree
    frightening: Degree
    sex: Degree
    language: Degree


class Setting(_Strict):
    place: Name
    era: Name


class Similar(_Strict):
    """`id` of another film, and in a few words what they share."""

    id: Name
    reason: Name


class Film(_Strict):
    """One record. minutes: running time. suitable_from: age in years. popularity: 0 to 1, how widely known.

    languages: the main one first; empty where nobody speaks.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*-\d{4}$")]
    title: Name
    original_title: Name | None
    aka: list[Name]
    year: Annotated[int, Field(ge=1888, le=2030)]
    minutes: Annotated[int, Field(ge=5, le=600)]
    countries: Annotated[list[Name], Field(min_length=1)]
    languages: list[Name]
    genres: Annotated[list[Name], Field(min_length=1, max_length=5)]
    directors: Annotated[list[Name], Field(min_length=1)]
    writers: list[Name]
    cast: Annotated[list[Name], Field(min_length=1, max_length=8)]
    themes: Annotated[list[Name], Field(min_length=3, max_length=8)]
    moods: Annotated[list[Name], Field(min_length=2, max_length=4)]
    pace: Name
    tone: Tone
    setting: Setting
    content: Content
    suitable_from: Annotated[int, Field(ge=0, le=18)]
    synopsis: Name
    why_people_love_it: Name
    asked_for: list[Name] = []
    series: Name | None
    order: int | None
    remake_of: Name | None
    similar_in_spirit: Annotated[list[Similar], Field(min_length=3, max_length=5)]
    awards: list[Name]
    popularity: Share


class Target(NamedTuple):
    """One line of the coverage table."""

    what: str
    reached: int
    at_least: int


class StarterReport(Record):
    """`errors`: "id, field: what is wrong". `near`: pairs of ids whose synopses are too close. `copied`: id and run."""

    films: int
    errors: list[str]
    targets: list[Target]
    counts: dict[str, dict[str, int]]
    near: list[tuple[str, str, float]]
    copied: list[tuple[str, str]]
    compared: int

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not (self.errors or self.near or self.copied) and all(t.reached >= t.at_least for t in self.targets)


Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to unit vectors, float32 (n, d)."""


def check_starter(catalogue: Path, vocabulary: Path, encode: Encode, others: Iterable[str] = ()) -> StarterReport:
    """Every rule over every record. `others`: texts by other people that no synopsis may repeat.

    Raises CatalogueError when a file cannot be read.
    """
    words = read_vocabulary(vocabulary)
    films, errors = read_films(catalogue)
    for film in films:
        errors += [f"{film.id}, {problem}" for problem in problems_of(film, words)]
    errors += problems_between(films, words)
    synopses = {film.id: film.synopsis for film in films}
    runs = _runs(synopses)
    copied: list[tuple[str, str]] = []
    compared = 0
    for text in others:
        compared += 1
        copied += [(owner, " ".join(run)) for run in _runs_of(text) for owner in runs.get(run, ())]
    return StarterReport(
        films=len(films), errors=errors, targets=targets(films), counts=counts(films),
        near=near_pairs(synopses, encode), copied=sorted(set(copied)), compared=compared,
    )  # fmt: skip


def read_vocabulary(path: Path) -> dict[str, dict[str, Any]]:
    """The controlled words: genres, moods, themes, paces. Raises CatalogueError when the file cannot be read."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CatalogueError(f"The vocabulary {path} cannot be read: {error}") from error
    return dict(found)


def read_films(path: Path) -> tuple[list[Film], list[str]]:
    """The records that fit the schema, and what is wrong with the others.

    Raises CatalogueError when the file cannot be read.
    """
    films, errors = [], []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CatalogueError(f"The starter catalogue {path} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        try:
            films.append(Film.model_validate_json(line))
        except ValidationError as error:
            name = _id_of(line) or f"line {number}"
            errors += [f"{name}, {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    return films, errors


def _id_of(line: str) -> str:
    try:
        return str(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError):
        return ""


def problems_of(film: Film, vocabulary: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong within one record, as "field: what"."""
    for field, values in (
        ("genres", film.genres), ("themes", film.themes), ("moods", film.moods), ("paces", [film.pace]),
    ):  # fmt: skip
        yield from (
            f"{field}: '{value}' is not in the vocabulary" for value in values if value not in vocabulary[field]
        )
    for field in ("genres", "themes", "moods", "cast", "directors", "writers", "countries", "languages"):
        values = getattr(film, field)
        yield from (f"{field}: '{value}' twice" for value, times in Counter(values).items() if times > 1)
    if not film.id.endswith(f"-{film.year}"):
        yield f"id: does not end in the year {film.year}"
    if len(film.cast) < 4 and not _FEW_NAMES & set(film.genres):
        yield f"cast: {len(film.cast)} names, at least 4 are expected"
    yield from _text_problems(film)
    needed = youngest(film.content)
    if film.suitable_from < needed:
        yield f"suitable_from: {film.suitable_from}, but its content asks for {needed}"
    if film.remake_of and not _TITLE_AND_YEAR.fullmatch(film.remake_of) and not film.remake_of[-4:].isdigit():
        yield f"remake_of: '{film.remake_of}' is neither an id nor 'Title (year)'"


def _text_problems(film: Film) -> Iterator[str]:
    words, sentences = len(film.synopsis.split()), sentence_count(film.synopsis)
    if not 25 <= words <= 70:
        yield f"synopsis: {words} words, 25 to 70 are expected"
    if not 2 <= sentences <= 3:
        yield f"synopsis: {sentences} sentences, 2 or 3 are expected"
    if not 8 <= len(film.why_people_love_it.split()) <= 32 or sentence_count(film.why_people_love_it) != 1:
        yield "why_people_love_it: one sentence of 8 to 32 words is expected"
    yield from _problems_of_sayings(film)
    for field, text in (("synopsis", film.synopsis), ("why_people_love_it", film.why_people_love_it)):
        yield from (f"{field}: praise ('{word}')" for word in _PRAISE if word in text.casefold())
    for similar in film.similar_in_spirit:
        if not 2 <= len(similar.reason.split()) <= 10:
            yield f"similar_in_spirit: '{similar.reason}' is not 2 to 10 words"


def _problems_of_sayings(film: Film) -> Iterator[str]:
    """What is wrong with what people might say who want a film without having it in mind."""
    if len(film.asked_for) not in {0, _SAYINGS}:
        yield f"asked_for: {len(film.asked_for)} sentences, {_SAYINGS} are expected"
    for said in film.asked_for:
        if not 4 <= len(said.split()) <= 32:
            yield f"asked_for: '{said}' is not 4 to 32 words"
        names = (name for name in (film.title, *film.cast, *film.directors) if len(name.split()) > 1)
        yield from (f"asked_for: '{said}' names {name}" for name in names if name.casefold() in said.casefold())


def sentence_count(text: str) -> int:
    """How many sentences a text has."""
    return len(_SENTENCE_END.findall(_ABBREVIATED.sub("x", text)))


def youngest(content: Content) -> int:
    """The age in years below which nobody should be shown something with this content."""
    if max(content.violence, content.gore, content.frightening, content.sex, content.language) == 3:
        return 15
    if max(content.violence, content.gore, content.sex, content.language) == 2:
        return 11
    return 7 if content.frightening == 2 else 0


def problems_between(films: Sequence[Film], vocabulary: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong between records: duplicates, references that lead nowhere, words that too few use."""
    ids = Counter(film.id for film in films)
    named = Counter((film.title.casefold(), film.year) for film in films)
    errors = [f"{one}, id: {times} records" for one, times in ids.items() if times > 1]
    errors += [f"{title} ({year}): {times} records" for (title, year), times in named.items() if times > 1]
    for film in films:
        for similar in film.similar_in_spirit:
            if similar.id not in ids or similar.id == film.id:
                errors.append(f"{film.id}, similar_in_spirit: no other film '{similar.id}'")
        if len({similar.id for similar in film.similar_in_spirit}) < len(film.similar_in_spirit):
            errors.append(f"{film.id}, similar_in_spirit: a film twice")
        if film.remake_of and not _TITLE_AND_YEAR.fullmatch(film.remake_of) and film.remake_of not in ids:
            errors.append(f"{film.id}, remake_of: no film '{film.remake_of}'")
    uses = Counter(theme for film in films for theme in film.themes)
    errors += [
        f"vocabulary, themes: '{theme}' is used by {uses[theme]} films, {THEME_USES} or more are expected"
        for theme in vocabulary["themes"] if uses[theme] < THEME_USES
    ]  # fmt: skip
    used = {mood for film in films for mood in film.moods} | {genre for film in films for genre in film.genres}
    errors += [
        f"vocabulary, {kind}: no film uses '{word}'"
        for kind in ("genres", "moods") for word in vocabulary[kind] if word not in used
    ]  # fmt: skip
    return errors


def counts(films: Sequence[Film]) -> dict[str, dict[str, int]]:
    """How many films there are of each decade, country, language and genre, most first."""
    columns: dict[str, Counter[str]] = {
        "decades": Counter(f"{film.year // 10 * 10}s" for film in films),
        "genres": Counter(genre for film in films for genre in film.genres),
        "countries": Counter(country for film in films for country in film.countries),
        "languages": Counter(language for film in films for language in film.languages),
    }
    return {name: dict(counter.most_common()) for name, counter in columns.items()}


def targets(films: Sequence[Film]) -> list[Target]:
    """What the catalogue promises to cover."""
    tables = counts(films)
    decades = [tables["decades"].get(f"{decade}s", 0) for decade in range(1920, 2030, 10)]
    drawn_or_real = {"Animation", "Anime", "Documentary"}
    return [
        Target("films", len(films), 1200),
        Target("films of the thinnest decade from the 1920s to the 2020s", min(decades), 40),
        Target("countries", len(tables["countries"]), 40),
        Target("genres with 25 films or more", sum(count >= 25 for count in tables["genres"].values()), 30),
        Target("films not in English", sum(film.languages[:1] not in ([], ["English"]) for film in films), 300),
        Target("documentaries and animations", sum(bool(drawn_or_real & set(film.genres)) for film in films), 120),
        Target("films for children under ten", sum(film.suitable_from < 10 for film in films), 150),
    ]


def near_pairs(synopses: Mapping[str, str], encode: Encode) -> list[tuple[str, str, float]]:
    """Pairs of ids whose synopses have a cosine above NEAR."""
    ids = list(synopses)
    if not ids:
        return []
    vectors = encode([synopses[one] for one in ids])
    cosines = np.triu(vectors @ vectors.T, k=1)
    return [
        (ids[row], ids[column], float(cosines[row, column]))
        for row, column in zip(*np.nonzero(cosines > NEAR), strict=True)
    ]


def _runs(texts: Mapping[str, str]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for owner, text in texts.items():
        for run in _runs_of(text):
            found[run].append(owner)
    return found


def _runs_of(text: str) -> Iterator[tuple[str, ...]]:
    words = _WORDS.findall(text.casefold().replace("\u2019", "'"))
    yield from (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))
