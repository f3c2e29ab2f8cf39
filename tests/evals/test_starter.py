"""The starter catalogue keeps its own rules, and the rules can tell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bot.settings import Settings
from evals.starter.rules import (
    Content,
    Film,
    check_starter,
    near_pairs,
    problems_between,
    problems_of,
    read_films,
    read_vocabulary,
    sentence_count,
    youngest,
)
from retrieval.encoder import DocumentEncoder, resolve_model
from retrieval.errors import CatalogueError

STARTER = Path(__file__).parents[2] / "retrieval" / "starter"
CATALOGUE = STARTER / "movies.jsonl"
VOCABULARY = STARTER / "vocabulary.yaml"


@pytest.fixture(scope="module")
def films() -> list[Film]:
    return read_films(CATALOGUE)[0]


def with_change(film: Film, **change: object) -> Film:
    return film.model_copy(update=change)


def no_vectors(texts: object) -> np.ndarray:
    return np.eye(len(list(texts)), dtype=np.float32)


def test_the_starter_keeps_every_rule_and_covers_what_it_promises() -> None:
    encoder = DocumentEncoder(resolve_model(Settings().embedder), 1)
    report = check_starter(CATALOGUE, VOCABULARY, encoder.encode)
    assert report.errors == []
    assert report.near == []
    assert [target for target in report.targets if target.reached < target.at_least] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"genres": ["Drama", "Sadness"]}, "genres: 'Sadness'"),
        ({"themes": ["grief", "grief", "memory"]}, "themes: 'grief' twice"),
        ({"pace": "leisurely"}, "paces: 'leisurely'"),
        ({"year": 1931}, "id: does not end in the year 1931"),
        ({"cast": ["Amy Adams"], "genres": ["Drama"]}, "cast: 1 names"),
        ({"synopsis": "A woman waits."}, "synopsis: 3 words"),
        ({"synopsis": f"An iconic {'very ' * 30}long day. It ends."}, "synopsis: praise ('iconic')"),
        (
            {"why_people_love_it": "Two sentences are here. That is one more than there may be in it."},
            "why_people_love",
        ),
        ({"remake_of": "Something older"}, "remake_of"),
        ({"suitable_from": 0, "content": Content(violence=3, gore=0, frightening=0, sex=0, language=0)}, "asks for 15"),
    ],
)
def test_a_record_that_breaks_a_rule_is_told_of(films: list[Film], change: dict[str, object], told: str) -> None:
    vocabulary = read_vocabulary(VOCABULARY)
    film = next(one for one in films if one.id == "arrival-2016")
    assert list(problems_of(film, vocabulary)) == []
    assert any(told in problem for problem in problems_of(with_change(film, **change), vocabulary))


def test_rules_between_records(films: list[Film]) -> None:
    vocabulary = read_vocabulary(VOCABULARY)
    first, *others = films
    assert any("2 records" in one for one in problems_between([first, *films], vocabulary))
    gone = first.similar_in_spirit[0].id
    left = [film for film in others if film.id != gone]
    assert f"{first.id}, similar_in_spirit: no other film '{gone}'" in problems_between([first, *left], vocabulary)
    more = {**vocabulary, "themes": {**vocabulary["themes"], "beekeeping on Mars": {}}}
    assert any("beekeeping on Mars" in one for one in problems_between(films, more))


def test_the_schema_names_record_and_field(tmp_path: Path) -> None:
    row = json.loads(CATALOGUE.read_text(encoding="utf-8").splitlines()[0])
    path = tmp_path / "films.jsonl"
    path.write_text(json.dumps({**row, "minutes": "long", "rating": 5}) + "\n{}\n", encoding="utf-8")
    films, errors = read_films(path)
    assert films == []
    assert any(error.startswith(f"{row['id']}, minutes:") for error in errors)
    assert any(error.startswith(f"{row['id']}, rating:") for error in errors)
    assert any(error.startswith("line 2, title:") for error in errors)
    with pytest.raises(CatalogueError, match=r"no\.jsonl"):
        read_films(tmp_path / "no.jsonl")


def test_words_of_somebody_else_are_found(films: list[Film]) -> None:
    words = films[0].synopsis.split()
    copied = f"Once, {' '.join(words[2:11])} and so on."
    report = check_starter(CATALOGUE, VOCABULARY, no_vectors, [copied, "Nothing of ours is in this sentence at all."])
    assert {film for film, _ in report.copied} == {films[0].id}
    assert report.compared == 2
    assert not report.ok


def test_texts_that_say_the_same_are_a_pair() -> None:
    vectors = np.array([[1, 0], [0.99, 0.141], [0, 1]], dtype=np.float32)
    pairs = near_pairs({"a": "", "b": "", "c": ""}, lambda texts: vectors)
    assert [(one, other) for one, other, _ in pairs] == [("a", "b")]


@pytest.mark.parametrize(
    ("text", "count"),
    [("One.", 1), ("Mr. Smith waits. Then J. R. comes!", 2), ("“Why?” she asks. He goes…", 3), ("no end", 0)],
)
def test_sentences_are_counted(text: str, count: int) -> None:
    assert sentence_count(text) == count


def test_the_youngest_age_follows_the_strongest_content() -> None:
    def content(**degrees: int) -> Content:
        return Content(**{"violence": 0, "gore": 0, "frightening": 0, "sex": 0, "language": 0, **degrees})

    assert [youngest(content(frightening=degree)) for degree in range(4)] == [0, 0, 7, 15]
    assert [youngest(content(violence=degree)) for degree in range(4)] == [0, 0, 11, 15]
