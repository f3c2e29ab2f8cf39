"""Training the ranker: what is asked of a dialogue, and that learning pays on dialogues with a pattern."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot import Bot
from bot.ranker_data import learn_ranker
from bot.ranker_training import Question, Talk, hear
from bot.settings import Settings
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError
from retrieval.trained import read_card, trained_for

Make = Callable[[int], list[Talk]]


@pytest.fixture(scope="module")
def titled(starter: Catalogue) -> list[tuple[str, str]]:
    """Ids and titles with their years of some items."""
    return [(item.id, f"{item.title} ({item.year})") for item in starter.items[:150]]


def talk_of(titled: list[tuple[str, str]], row: int) -> Talk:
    """The item after the one that was liked gets recommended."""
    (liked, its_title), (answer, other) = titled[row], titled[row + 1]
    turns = [("user", f"I loved {its_title}", [liked]), ("assistant", f"Then see {other}", [answer])]
    return Talk(turns, [(1, [answer])])


def test_a_question_is_what_was_heard_before_the_answer(
    titled: list[tuple[str, str]], understander: Understander, starter: Catalogue
) -> None:
    first, second, third = (item for item, _ in titled[20:23])
    turns = [
        ("assistant", f"Did you see {titled[20][1]}?", [first]), ("user", "yes, loved it", []),
        ("assistant", f"Then {titled[21][1]}", [second]), ("user", f"and {titled[22][1]}?", [third]),
    ]  # fmt: skip
    questions = hear(Talk(turns, [(0, [first]), (2, [second, first])]), understander, starter)
    assert [(q.answers, q.later, q.opens) for q in questions] == [
        ((first,), (second, third), True), ((second,), (third,), False),
    ]  # fmt: skip
    assert questions[0].query.said == questions[0].query.anchors == ()
    assert questions[1].query.said == ("yes, loved it",)
    assert [anchor.item_id for anchor in questions[1].query.anchors] == [first]
    assert first in questions[1].query.exclude
    assert Question.model_validate(json.loads(questions[1].model_dump_json())) == questions[1]


def test_training_writes_models_that_know_the_pattern(
    titled: list[tuple[str, str]], home: Path, starter_file: Path, tmp_path: Path
) -> None:
    talks = [talk_of(titled, row) for row in np.random.default_rng(0).integers(0, len(titled) - 1, 400)]
    data = tmp_path / "talk.jsonl"
    data.write_text("x")
    settings = Settings(home=home)
    notes: list[str] = []
    folder, report = learn_ranker(
        talks, starter_file, data, "made up", "CC0", settings, 0, lambda stage, done, total: notes.append(stage)
    )
    assert report.figures["recall@10"] > 0.8
    assert {"hearing", "cross-fitting", "checking", "learning"} <= set(notes)
    card = read_card(folder)
    assert (card.dialogues, card.source, card.licence, card.file) == (400, "made up", "CC0", "talk.jsonl")
    assert not list((home / "training").iterdir())
    with Bot.create(home=home, model="none") as bot:
        taught, _ = trained_for(bot.catalogue, home, settings.embedder)
        assert taught is not None
        assert taught.known == 150
        hits = [titled[row + 1][0] in bot.rank([("user", f"I loved {titled[row][1]}")], 5) for row in range(0, 140, 20)]
        assert sum(hits) >= 6


def test_too_few_dialogues_are_refused(
    titled: list[tuple[str, str]], home: Path, starter_file: Path, tmp_path: Path
) -> None:
    data = tmp_path / "talk.jsonl"
    data.write_text("x")
    with pytest.raises(InputError, match="3 dialogues are too few"):
        learn_ranker(
            [talk_of(titled, row) for row in range(3)], starter_file, data, "", "", Settings(home=home), 0,
            lambda *_: None,
        )  # fmt: skip
    assert list((home / "training").iterdir()), "what was heard is kept for another run"


@pytest.fixture(scope="module")
def starter_file() -> Path:
    from bot.api import STARTER

    return STARTER
