"""The starter's facts beside public tables: what counts as agreement, and that every disagreement was judged."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from evals.starter.facts import DIRECTORS_FROM, YEARS_FROM, check_facts, facts_of
from evals.starter.rules import Film, read_films
from retrieval.errors import CatalogueError

CATALOGUE = Path(__file__).parents[2] / "retrieval" / "starter" / "movies.jsonl"
TABLES = Path(__file__).parents[3] / "shared" / "data" / "catalogs"


@pytest.fixture(scope="module")
def film() -> Film:
    return next(one for one in read_films(CATALOGUE)[0] if one.id == "amelie-2001")


def row(**fields: object) -> dict[str, object]:
    return {"title": "Amelie", "year": 2001, "cast": [], "director": [], **fields}


def told(film: Film, *rows: dict[str, object]) -> dict[str, bool]:
    tables = {"redial_movies": {"amelie": list(rows)}}
    return {fact.field: fact.agrees for fact in facts_of(film, tables)}


def test_names_agree_whatever_their_accents_and_middle_names(film: Film) -> None:
    assert told(film, row(cast=["Audrey TAUTOU", "Mathieu Kassovitz"], director=["Jean Pierre Jeunet"])) == {
        "year": True, "cast": True, "directors": True,
    }  # fmt: skip


def test_two_of_three_names_are_enough_and_one_is_not(film: Film) -> None:
    names = ["Audrey Tautou", "Mathieu Kassovitz", "Nobody Known"]
    assert told(film, row(cast=names))["cast"]
    assert not told(film, row(cast=[names[0], names[2], "Nobody Else"]))["cast"]


def test_a_year_may_be_one_apart_and_another_film_of_the_name_is_not_this_one(film: Film) -> None:
    assert told(film, row(year=2002)) == {"year": True}
    assert told(film, row(year=2003)) == {"year": False}
    assert told(film, row(year=1990)) == {}
    assert told(film, row(year=1999), row(year=2001)) == {"year": True}


def tables_in(folder: Path, *rows: dict[str, object]) -> Path:
    for name in YEARS_FROM:
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(one) + "\n" for one in (rows if name == DIRECTORS_FROM[0] else ()))
    return folder


def test_a_disagreement_is_open_until_it_is_judged_and_a_judgement_without_one_is_stale(
    film: Film, tmp_path: Path
) -> None:
    tables = tables_in(tmp_path, row(director=["Somebody Else"]))
    judged = tmp_path / "judged.yaml"
    judged.write_text("[]\n")
    assert [fact.field for fact in check_facts([film], tables, judged).open] == ["directors"]
    judged.write_text("- {film: amelie-2001, field: directors, source: redial_movies, reason: the table is wrong}\n")
    report = check_facts([film], tables, judged)
    assert (report.open, report.judged, report.stale) == ([], 1, [])
    judged.write_text(judged.read_text() + "- {film: amelie-2001, field: year, source: redial_movies, reason: none}\n")
    assert check_facts([film], tables, judged).stale == ["amelie-2001 year redial_movies"]


def test_a_folder_without_the_tables_is_named(film: Film, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"redial_movies\.jsonl\.gz"):
        check_facts([film], tmp_path)


@pytest.mark.skipif(not TABLES.is_dir(), reason="the public tables are not here")
def test_every_disagreement_with_the_public_tables_was_judged() -> None:
    report = check_facts(read_films(CATALOGUE)[0], TABLES)
    assert report.open == []
    assert report.stale == []
    assert [one for one in report.agreements if one.share < one.at_least] == []
