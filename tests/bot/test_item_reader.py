"""A language model that reads items: asked in numbers, its answers kept, its failures named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.item_reader import ItemReader
from bot.language_models import ModelError
from bot.settings import Settings
from retrieval.catalogue import Catalogue
from retrieval.second_reading import Request
from tests.bot.model_server import serving

pytest.importorskip("langchain_openai", reason="requirements-model.txt is not installed")

VALUES = (("mood", "tense"), ("mood", "funny"), ("pace", "fast"))


def second_and_third(message: str, number: int) -> Iterator[str | float | None]:
    yield "2, 3"


def test_answers_are_kept_and_a_cut_off_line_is_asked_again(starter: Catalogue, tmp_path: Path) -> None:
    requests = [Request(item, VALUES) for item in starter.items[:20]]
    settings = Settings(home=tmp_path)
    with serving(second_and_third) as (address, asked):
        reader = ItemReader(f"openai:test@{address}", settings, starter.domain)
        assert list(reader(requests)) == [{("mood", "funny"), ("pace", "fast")}] * 20
        shown = asked.bodies[0]["messages"][-1]["content"]
        assert any(item.title in shown for item in starter.items[:20])
        assert "2. mood: funny" in shown
        notes = tmp_path / "readings.jsonl"
        notes.write_text(notes.read_text()[:-5])
        again = ItemReader(f"openai:test@{address}", settings, starter.domain)
        assert list(again(requests)) == [{("mood", "funny"), ("pace", "fast")}] * 20
        assert len(asked.bodies) == 21


def test_a_model_that_keeps_failing_is_given_up(starter: Catalogue, tmp_path: Path) -> None:
    def broken(message: str, number: int) -> Iterator[str | float | None]:
        raise ValueError("no")

    with serving(broken) as (address, _):
        reader = ItemReader(f"openai:test@{address}", Settings(home=tmp_path), starter.domain)
        with pytest.raises(ModelError, match="times in a row"):
            list(reader(Request(item, VALUES) for item in starter.items[:40]))


def test_nobody_cannot_read(starter: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Name a model"):
        ItemReader("none", Settings(home=tmp_path), starter.domain)
