"""Trained files: what `rapport train` writes under a home, or else what ships with the package."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from retrieval.also_liked import AlsoLiked, Liked
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError, ModelFileError
from retrieval.lessons import Lessons
from retrieval.ranker import Ranker
from retrieval.records import Record
from retrieval.taught import Taught

SHIPPED = Path(__file__).parent / "models"
CARD = "card.json"
LIKED_CARD = "also_liked.json"


class ModelCard(Record):
    """Where trained files come from. `source`: the data and whom it is from, `file` and `sha256` the very file;
    `dialogues` or `people`: how many were learnt from; `encoder`: the embedding model in use, "" for none; `figures`:
    by name, of what was not learnt from."""

    name: str
    source: str
    licence: str
    file: str
    sha256: str
    dialogues: int = 0
    people: int = 0
    items: int
    encoder: str = ""
    seed: int
    figures: dict[str, float]


def trained_folder(home: Path) -> Path | None:
    """The folder of the trained files that count for a home: its own, else those that ship; None without any."""
    return next((folder for folder in (home / "models", SHIPPED) if (folder / CARD).is_file()), None)


def read_card(folder: Path) -> ModelCard:
    """Raises ModelFileError when the folder has no card that can be read."""
    try:
        return ModelCard.model_validate_json((folder / CARD).read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelFileError(f"The model card {folder / CARD} cannot be read: {error}. Delete the folder.") from error


def trained_for(catalogue: Catalogue, home: Path, encoder: str) -> tuple[Taught | None, Ranker | None]:
    """What trained files teach of a catalogue; nothing when there are none, or none of its items is in them.

    `encoder`: the name of the embedding model in use. Raises ModelFileError when the files cannot be read.
    """
    folder = trained_folder(home)
    if folder is None:
        return None, None
    taught = Taught(catalogue, Lessons.load(folder), encoder)
    return (taught, Ranker.load(folder)) if taught.known else (None, None)


def also_liked_for(catalogue: Catalogue, home: Path) -> AlsoLiked | None:
    """What ratings teach of a catalogue; None when a home has learnt from none, or none of its items is among them.

    Raises ModelFileError when the file cannot be read.
    """
    liked = Liked.load(home / "models")
    found = AlsoLiked(catalogue, liked) if liked is not None else None
    return found if found is not None and found.known else None


def write_liked(liked: Liked, card: ModelCard, home: Path) -> Path:
    """Write what ratings taught, with its card, for a home; the folder. Raises InputError when it cannot be written."""
    folder = home / "models"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        liked.save(folder)
        (folder / LIKED_CARD).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"Models cannot be written to {folder}: {error}. Free space, or give another home.") from error
    return folder
