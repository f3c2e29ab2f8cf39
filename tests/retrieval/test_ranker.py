"""Signals over the starter, the ranker that learns from them, and which trained files count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot import Bot
from retrieval.catalogue import Catalogue
from retrieval.errors import ModelFileError
from retrieval.lessons import Dialogue, Lessons, Recommended, learn_lessons
from retrieval.ranker import RANKER, Ranker, pool, train
from retrieval.recommend import Recommender
from retrieval.records import Anchor, Bound, Query, Term
from retrieval.signals import BRANCHES, FIRST, Signals, silenced, spoken, table
from retrieval.trained import CARD, SHIPPED, ModelCard, read_card, trained_folder, trained_for

SIZE = 120


@pytest.fixture(scope="module")
def lessons(starter: Catalogue) -> Lessons:
    """Dialogues in which neighbours in the file are named together."""
    ids = [item.id for item in starter.items[:SIZE]]
    said = np.eye(4, dtype=np.float32)
    dialogues = [
        Dialogue(
            (ids[n], ids[n + 1]), f"word{'abcdefgh'[n % 8]} talk",
            (Recommended(said[n % 4], (ids[n + 1],), (), n % 2 == 0),),
        )
        for n in range(SIZE - 1) for _ in range(2)
    ]  # fmt: skip
    return learn_lessons(starter, dialogues, "other")


@pytest.fixture(scope="module")
def signals(bot: Bot, lessons: Lessons) -> Signals:
    from retrieval.taught import Taught

    taught = Taught(bot.catalogue, lessons)
    return Signals(bot.catalogue, taught, bot.index.matrix, bot.index.lexical.scores, bot.encode)


@pytest.fixture(scope="module")
def ranker(signals: Signals, starter: Catalogue) -> Ranker:
    """Has learnt that the item behind the one named is the one to recommend."""
    features, answers, names = [], [], []
    for row in range(SIZE - 1):
        found = signals.of(Query(anchors=(Anchor(item_id=starter.items[row].id),)))
        rows = pool(signals.first(found), np.arange(len(starter)) != row, 60)
        names = list(found)
        features.append(table(found, rows, names))
        answers.append(rows == row + 1)
    return train(features, answers, names, rounds=30, seed=0)


def test_every_signal_belongs_to_one_branch_or_is_context(signals: Signals) -> None:
    found = signals.of(Query(said=("a sad film",)))
    listed = [name for members in BRANCHES.values() for name in members]
    assert len(listed) == len(set(listed))
    assert set(found) - set(listed) == {"anchors"}
    assert set(FIRST) <= set(found)
    assert all(scores.shape == (len(signals.catalogue),) for scores in found.values())


def test_signals_say_what_their_names_say(signals: Signals, starter: Catalogue) -> None:
    query = Query(
        terms=(Term(facet="genre", value="Horror"), Term(facet="director", value="Sergio Leone", weight=-0.5)),
        bounds=(Bound(number="year", low=1990),), anchors=(Anchor(item_id=starter.items[3].id),),
        said=("a robot is lonely",),
    )  # fmt: skip
    found = signals.of(query)
    horror = starter.postings("genre")["Horror"]
    assert set(np.flatnonzero(found["kind"])) == set(horror)
    assert set(np.flatnonzero(found["wish"] < 0)) == set(starter.postings("director")["Sergio Leone"])
    assert (found["number"][starter.column("year") >= 1990] == 1).all()
    assert set(np.flatnonzero(found["together"])) == {2, 4}
    assert found["text_closest"][3] == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(found["dense"], signals.matrix @ signals.encode("a robot is lonely"), atol=1e-6)


def test_the_last_item_counts_most_where_recency_counts(signals: Signals, starter: Catalogue) -> None:
    first, last = (Anchor(item_id=starter.items[row].id) for row in (10, 40))
    found = signals.of(Query(anchors=(first, last)))
    assert found["together_recent"][41] > found["together_recent"][11] > 0
    assert found["together"][41] == found["together"][11]
    assert found["together_last"][11] == 0


def test_without_anything_said_the_pool_is_of_the_well_known(signals: Signals) -> None:
    found = signals.of(Query())
    rows = pool(signals.first(found), np.ones(len(signals.catalogue), dtype=bool), 10)
    assert (found["named"][rows] == found["named"].max()).all()


def test_only_the_last_words_are_encoded() -> None:
    assert spoken(("one", "two", "three", "four")) == "two three four"
    assert spoken(("x" * 900,)) == "x" * 600
    assert spoken(()) == spoken((" ",)) == ""


def test_a_silenced_branch_says_nothing(signals: Signals, starter: Catalogue) -> None:
    found = silenced(signals.of(Query(anchors=(Anchor(item_id=starter.items[3].id),))), BRANCHES["co-mention"])
    assert not any(found[name].any() for name in BRANCHES["co-mention"])
    assert found["named"].any()


def test_the_ranker_learns_and_comes_back_from_a_file(
    ranker: Ranker, signals: Signals, starter: Catalogue, tmp_path: Path
) -> None:
    ranker.save(tmp_path)
    again = Ranker.load(tmp_path)
    assert again is not None
    query = Query(anchors=(Anchor(item_id=starter.items[50].id),))
    everything = np.arange(len(starter)) != 50
    order = ranker.order(signals, query, everything)
    assert {49, 51} & set(order[:2].tolist())
    assert order.tolist() == again.order(signals, query, everything).tolist()
    assert sorted(order) == np.flatnonzero(everything).tolist(), "each allowed item once"
    assert len(ranker.order(signals, query, np.zeros(len(starter), dtype=bool))) == 0


def test_a_wish_of_the_last_message_goes_first(ranker: Ranker, signals: Signals, starter: Catalogue) -> None:
    anchor, wish = Anchor(item_id=starter.items[50].id), Term(facet="genre", value="Western", belief_id="w")
    everything = np.ones(len(starter), dtype=bool)
    fresh = Query(anchors=(anchor,), terms=(wish,), fresh=frozenset({"w"}))
    stale = fresh.model_copy(update={"fresh": frozenset()})
    westerns = set(starter.postings("genre")["Western"].tolist())
    now, before = (westerns & set(ranker.order(signals, one, everything)[:10].tolist()) for one in (fresh, stale))
    assert len(now) >= 8
    assert len(before) < len(now)


def test_a_ranker_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert Ranker.load(tmp_path) is None
    (tmp_path / RANKER).write_text("no trees")
    with pytest.raises(ModelFileError, match=RANKER):
        Ranker.load(tmp_path)


def test_what_was_taught_is_a_part_of_the_score(bot: Bot, signals: Signals, starter: Catalogue) -> None:
    made = Recommender(
        bot.catalogue, bot.index.matrix, bot.index.lexical.scores, bot.encode, pool=len(starter),
        taught=signals.taught,
    )  # fmt: skip
    for weight in (0.8, -0.8):
        query = Query(anchors=(Anchor(item_id=starter.items[50].id, weight=weight, belief_id="b"),))
        picks = {pick.item.id: pick for pick in made.recommend(query, len(starter))}
        for row in (49, 51):
            pick = picks[starter.items[row].id]
            [part] = [reason for reason in pick.reasons if reason.kind == "together"]
            assert (part.item_id, part.belief_id) == (starter.items[50].id, "b")
            assert part.weight * weight > 0
            assert pick.score == pytest.approx(sum(reason.weight for reason in pick.reasons), abs=1e-6)


def test_the_files_of_a_home_go_before_those_that_ship(starter: Catalogue, lessons: Lessons, tmp_path: Path) -> None:
    assert trained_folder(tmp_path) in {SHIPPED, None}
    own = tmp_path / "models"
    own.mkdir()
    lessons.save(own)
    card = ModelCard(
        name="ranking", source="s", licence="l", file="f", sha256="0", dialogues=1, items=1, encoder="other", seed=0,
        figures={},
    )  # fmt: skip
    (own / CARD).write_text(card.model_dump_json())
    assert trained_folder(tmp_path) == own
    assert read_card(own) == card
    taught, ranker = trained_for(starter, tmp_path, "other")
    assert taught is not None
    assert taught.known == SIZE
    assert ranker is None


def test_what_ships_is_small_credited_and_knows_the_starter(starter: Catalogue, tmp_path: Path) -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 20_000_000
    card = read_card(SHIPPED)
    assert (card.licence, card.source.split(":")[0]) == ("CC BY 4.0", "ReDial")
    taught, ranker = trained_for(starter, tmp_path, card.encoder)
    assert taught is not None
    assert taught.known > 0.4 * len(starter)
    assert ranker is not None
