"""What is inferred of items: right for items never seen, silent where there is nothing to go by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.calibration import PRECISION
from retrieval.catalogue import Catalogue
from retrieval.enrichment import Enricher, annotated_rows, learn, same_items
from retrieval.errors import CatalogueError, DomainError
from retrieval.exporter import view_of
from retrieval.features import View
from retrieval.importer import import_file
from retrieval.records import Item
from tests.retrieval.tales import TALES, WEIGHT, encode, told, written


def tales(folder: Path, records: list[dict[str, Any]]) -> Catalogue:
    return import_file(written(folder / "tales.jsonl", records), TALES)[0]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> View:
    catalogue = tales(tmp_path_factory.mktemp("known"), told(160))
    return view_of(catalogue, catalogue.items, encode)


@pytest.fixture(scope="module")
def enricher(known: View) -> Enricher:
    return learn(known, None, encode)


@pytest.fixture
def unseen(tmp_path: Path) -> tuple[View, list[dict[str, Any]]]:
    """Tales that a catalogue without moods has, and what they are."""
    truth = told(60, seed=9, first=1_000)
    catalogue = tales(tmp_path, told(60, seed=9, annotated=False, first=1_000))
    return view_of(catalogue, catalogue.items, encode), truth


# ---------------------------------------------------------------- items never seen


def test_values_of_unseen_items_are_right_often_enough(
    enricher: Enricher, unseen: tuple[View, list[dict[str, Any]]]
) -> None:
    view, truth = unseen
    found = [set(one.values["mood"]) for one in enricher.infer(view)]
    real = [set(record["feel"]["moods"]) for record in truth]
    given = sum(map(len, found))
    assert sum(len(a & b) for a, b in zip(found, real, strict=True)) >= PRECISION * given
    assert given >= 0.5 * sum(map(len, real))


def test_numbers_of_unseen_items_are_nearer_than_the_mean(
    enricher: Enricher, unseen: tuple[View, list[dict[str, Any]]]
) -> None:
    view, truth = unseen
    real = np.array([record["feel"]["weight"] for record in truth])
    found = np.array([one.numbers["weight"][0] for one in enricher.infer(view)])
    mean = np.mean([record["feel"]["weight"] for record in told(160)])
    assert np.abs(found - real).mean() < 0.6 * np.abs(mean - real).mean()


def test_what_follows_from_nothing_is_not_given(enricher: Enricher, unseen: tuple[View, list[dict[str, Any]]]) -> None:
    assert all(not one.values["colour"] for one in enricher.infer(unseen[0]))


def test_no_item_gets_more_values_than_items_usually_have(
    enricher: Enricher, unseen: tuple[View, list[dict[str, Any]]]
) -> None:
    counts = [len(one.values["mood"]) for one in enricher.infer(unseen[0])]
    assert max(counts) == 2
    assert enricher.task.most == {"mood": 2, "colour": 1}


def test_confidences_are_shares_and_numbers_keep_the_form_of_the_catalogue(
    enricher: Enricher, unseen: tuple[View, list[dict[str, Any]]]
) -> None:
    ages = {record["age"] for record in told(160)}
    for one in enricher.infer(unseen[0]):
        assert all(0 < chance < 1 for values in one.values.values() for chance in values.values())
        assert list(one.values["mood"].values()) == sorted(one.values["mood"].values(), reverse=True)
        assert all(PRECISION <= chance < 1 for _, chance in one.numbers.values())
        if "age" in one.numbers:
            age = one.numbers["age"][0]
            assert age.is_integer()
            assert min(ages) <= age <= max(ages)


def test_the_same_seed_infers_the_same(known: View, enricher: Enricher) -> None:
    assert learn(known, None, encode).infer(known) == enricher.infer(known)


# ---------------------------------------------------------------- what there is to go by


def test_an_item_without_a_text_is_judged_by_the_rest(tmp_path: Path, enricher: Enricher) -> None:
    rows = [{"id": kind, "title": "No text", "kinds": [kind]} for kind in ("Drama", "Farce", "spooky")]
    catalogue = tales(tmp_path, rows)
    drama, farce, spooky = enricher.infer(view_of(catalogue, catalogue.items, encode))
    assert set(drama.values["mood"]) == {"sad"}
    assert set(farce.values["mood"]) == {"merry"}
    assert set(spooky.values["mood"]) == {"eerie"}  # another way to say Ghost Story
    assert drama.numbers["weight"][0] > farce.numbers["weight"][0] + 0.1


def test_nothing_is_inferred_from_a_title_alone(tmp_path: Path, enricher: Enricher) -> None:
    catalogue = tales(tmp_path, [{"id": "1", "title": "A widow weeps at the grave", "year": 1950}])
    (found,) = enricher.infer(view_of(catalogue, catalogue.items, encode))
    assert not found.values
    assert not found.numbers


def test_the_order_of_items_is_kept(tmp_path: Path, enricher: Enricher) -> None:
    rows = [{"id": "t", "title": "T", "text": "They mourn a drowned child, and grief empties the house."},
            {"id": "k", "title": "K", "kinds": ["Farce"]},
            {"id": "n", "title": "N"},
            {"id": "u", "title": "U", "text": "Jokes and pies at a fair, and a happy prank."}]  # fmt: skip
    catalogue = tales(tmp_path, rows)
    first, second, third, fourth = enricher.infer(view_of(catalogue, catalogue.items, encode))
    assert "sad" in first.values["mood"]
    assert "merry" in second.values["mood"]
    assert not third.values
    assert "merry" in fourth.values["mood"]


def test_items_of_both_catalogues_teach_how_the_second_one_writes(tmp_path: Path, known: View) -> None:
    """The second catalogue has its own words for everything; without shared items nothing of it is understood."""
    codes = dict(zip(WEIGHT, ("Kvoth.", "Brimi.", "Zalm.", "Tressou.", "Olpek.", "Wuhn."), strict=True))

    def coded(record: dict[str, Any]) -> dict[str, Any]:
        text = " ".join(codes[mood] for mood in record["feel"]["moods"])
        return {"id": record["id"], "title": record["title"], "year": record["year"], "text": text}

    hidden = told(40, seed=5, first=2_000)
    rows = [coded(record) for record in told(160)[:110]] + [coded(record) for record in hidden]
    catalogue = tales(tmp_path, rows)
    view = view_of(catalogue, catalogue.items, encode)
    with_shared = learn(known, view, encode).judge(view.take(range(110, 150))).estimates["weight"]
    without = learn(known, None, encode).judge(view.take(range(110, 150))).estimates["weight"]
    real = np.array([sum(WEIGHT[mood] for mood in record["feel"]["moods"]) / 2 for record in hidden])
    assert np.abs(with_shared - real).mean() < 0.5 * np.abs(without - real).mean()


def test_estimates_are_never_learnt_from(tmp_path: Path) -> None:
    rows = told(140)
    for row in rows[:30]:
        row["inferred"] = {"feel.moods": dict.fromkeys(row["feel"]["moods"], 0.9)}
    assert annotated_rows(tales(tmp_path, rows)) == list(range(30, 140))


# ---------------------------------------------------------------- which items are the same, and what cannot be done


def test_the_same_items_agree_on_title_and_year_and_stand_alone() -> None:
    def item(title: str, year: int | None) -> Item:
        return Item(id=f"{title}{year}", title=title, year=year)

    one = [item("A", 1), item("B", 1), item("B", 2), item("C", 1), item("c", 1), item("D", None), item("E", 1)]
    other = [item("b", 2), item("a", 1), item("C", 1), item("D", None), item("E", 1), item("e", 1)]
    assert same_items(one, other) == {0: 1, 2: 0}


def test_a_domain_that_infers_nothing_is_named(tmp_path: Path) -> None:
    domain = TALES.model_copy(update={"facets": {"kind": TALES.facets["kind"]}, "numbers": {}})
    catalogue = Catalogue(domain, tales(tmp_path, told(3)).items, "")
    with pytest.raises(DomainError, match="'tales' has nothing to infer"):
        annotated_rows(catalogue)


def test_too_few_annotated_items_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"99 of them record all of mood, colour, weight, age\. Expected 100"):
        annotated_rows(tales(tmp_path, told(99)))


def test_items_that_record_too_little_are_not_learnt_from(tmp_path: Path) -> None:
    rows = told(130)
    for row in rows[:10]:
        del row["feel"]["moods"]
    for row in rows:
        row.pop("age")  # which then is not learnt at all
    assert annotated_rows(tales(tmp_path, rows)) == list(range(10, 130))


def test_items_that_differ_in_nothing_teach_nothing(known: View) -> None:
    same = [item.model_copy(update={"facets": {**item.facets, "feel.moods": ["sad"], "colour": ["red"]},
                                    "numbers": {"feel.weight": 0.5, "age": 6.0}}) for item in known.items]  # fmt: skip
    with pytest.raises(CatalogueError, match="differ in nothing"):
        learn(View(known.catalogue, same, known.vectors), None, encode)
