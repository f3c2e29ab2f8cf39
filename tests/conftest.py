"""What many tests share: the starter catalogue, one index of it, and a Bot that has both. Folders may override any."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot import Bot
from bot.gazetteer import Gazetteer
from bot.grounding import Checker
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.importer import import_file
from retrieval.recommend import Recommender

# The bundled model would be put together in every home; tests that want a model name it.
os.environ.setdefault("RAPPORT_MODEL", "none")

STARTER = Path(__file__).parents[1] / "retrieval" / "starter" / "movies.jsonl"

settings.register_profile("rapport", deadline=None, print_blob=True)
settings.load_profile("rapport")


@pytest.fixture(scope="session")
def starter() -> Catalogue:
    """The starter catalogue."""
    return import_file(STARTER, load_domain("movies"))[0]


@pytest.fixture(scope="session")
def understander(starter: Catalogue) -> Understander:
    return Understander(starter)


@pytest.fixture(scope="session")
def checker(starter: Catalogue) -> Checker:
    return Checker(starter, Gazetteer(starter))


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed home with the vectors and the index of the starter catalogue, and nobody in it; to be copied."""
    home = tmp_path_factory.mktemp("indexed") / "home"
    with Bot.create(home=home, model="none"):
        pass
    for left in home.glob("rapport.db*"):
        left.unlink()
    return home


@pytest.fixture
def home(indexed: Path, tmp_path: Path) -> Path:
    """A home of the test's own that opens at once."""
    return Path(shutil.copytree(indexed, tmp_path / "home"))


@pytest.fixture(scope="session")
def bot(indexed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """A Bot for everyone: use a session id of your own and leave it open."""
    home = Path(shutil.copytree(indexed, tmp_path_factory.mktemp("shared") / "home"))
    with Bot.create(home=home, model="none") as made:
        yield made


@pytest.fixture(scope="session")
def recommender(bot: Bot) -> Recommender:
    return Recommender(bot.catalogue, bot.index.matrix, bot.index.lexical.scores, bot.encode)


@pytest.fixture
def session() -> str:
    """The id of a session that nobody has used."""
    return uuid.uuid4().hex
