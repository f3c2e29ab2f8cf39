"""A second reader's word: weighed by how often it was right, and worth nothing where it says yes to everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.enrichment import Enricher, learn
from retrieval.exporter import view_of
from retrieval.features import View
from retrieval.importer import import_file
from retrieval.second_reading import SHORTLIST, TRIED, Request, reread, weighed
from tests.retrieval.tales import TALES, encode, told, written

CHANCES = st.floats(0.01, 0.99)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> View:
    catalogue, _ = import_file(written(tmp_path_factory.mktemp("known") / "k.jsonl", told(160)), TALES)
    return view_of(catalogue, catalogue.items, encode)


@pytest.fixture(scope="module")
def enricher(known: View) -> Enricher:
    return learn(known, None, encode)


@pytest.fixture
def unseen(tmp_path: Path) -> View:
    records = told(40, seed=9, annotated=False, first=1_000)
    records[3]["text"] = ""
    for record in records[10:]:
        record |= {"text": f"Of {record['title']} little is told.", "kinds": []}
    catalogue, _ = import_file(written(tmp_path / "u.jsonl", records), TALES)
    return view_of(catalogue, catalogue.items, encode)


TRUTH = {record["title"]: set(record["feel"]["moods"]) for record in [*told(160), *told(40, seed=9, first=1_000)]}


def knowing(requests: Iterable[Request]) -> Iterator[set[tuple[str, str]] | None]:
    """Knows every mood."""
    for request in requests:
        yield {(facet, value) for facet, value in request.values if value in TRUTH[request.item.title]}


def agreeing(requests: Iterable[Request]) -> Iterator[set[tuple[str, str]] | None]:
    """Says yes to everything."""
    for request in requests:
        yield set(request.values)


def failing(requests: Iterable[Request]) -> Iterator[set[tuple[str, str]] | None]:
    for _ in requests:
        yield None


@given(CHANCES, CHANCES, CHANCES)
def test_a_word_moves_a_chance_towards_what_it_says(chance: float, one: float, other: float) -> None:
    wrong, right = sorted((one, other))
    assert weighed(chance, True, (right, wrong)) >= chance - 1e-9
    assert weighed(chance, False, (right, wrong)) <= chance + 1e-9
    assert weighed(chance, True, (one, one)) == pytest.approx(chance)


def test_a_reader_who_knows_makes_more_values_right(enricher: Enricher, known: View, unseen: View) -> None:
    before = enricher.judge(unseen)
    after, reliability = reread(enricher, known, unseen, before, knowing)
    right, wrong = reliability.rates["mood"]
    assert reliability.items == TRIED
    assert right > 0.95
    assert wrong < 0.05
    truth = [TRUTH[item.title] for item in unseen.items]

    def hits(judgement) -> int:
        found = [set(one.values.get("mood", ())) for one in enricher.told(unseen, judgement)]
        return sum(len(a & b) for a, b in zip(found, truth, strict=True))

    assert hits(after) > hits(before)
    assert np.array_equal(after.probabilities["mood"][3], before.probabilities["mood"][3])


@pytest.mark.parametrize("reader", [agreeing, failing])
def test_a_reader_who_tells_nothing_changes_nothing(reader, enricher: Enricher, known: View, unseen: View) -> None:
    before = enricher.judge(unseen)
    after, reliability = reread(enricher, known, unseen, before, reader)
    for facet, chances in before.probabilities.items():
        assert np.abs(after.probabilities[facet] - chances).max() < 0.02
        assert 0 < reliability.rates[facet][0] < 1


def test_the_reader_sees_the_likeliest_values_only(enricher: Enricher, known: View, unseen: View) -> None:
    seen: list[Request] = []

    def watching(requests: Iterable[Request]) -> Iterator[None]:
        for request in requests:
            seen.append(request)
            yield None

    reread(enricher, known, unseen, enricher.judge(unseen), watching)
    assert len(seen) == TRIED + len(unseen.items) - 1
    assert all(request.item.text for request in seen)
    assert max(sum(facet == "mood" for facet, _ in request.values) for request in seen) <= SHORTLIST
