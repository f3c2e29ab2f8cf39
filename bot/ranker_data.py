"""`rapport train ranker` and `opinion` from files to files: hear the dialogues, learn, write the models of a home."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from bot.notes import whole_lines
from bot.opinion_training import weigh_opinion
from bot.ranker_training import Question, RankerReport, Talk, hear, held_out_orders, train_ranker
from bot.second_opinion import WEIGHT_FILE, OpinionCard, SecondOpinion
from bot.settings import Settings
from bot.understand import Understander
from retrieval.catalogue import Catalogue, Progress
from retrieval.domain import load_domain
from retrieval.encoder import QueryEncoder, resolve_model
from retrieval.errors import InputError
from retrieval.importer import import_file
from retrieval.index import ensure_index
from retrieval.opinion import ASKED
from retrieval.trained import CARD, ModelCard, also_liked_for

_TEXTS = 50_000  # vectors of messages that are kept in memory while training


def learn_ranker(
    talks: Sequence[Talk], catalog: Path, data: Path, credit: str, licence: str, settings: Settings, seed: int,
    progress: Progress,
) -> tuple[Path, RankerReport]:  # fmt: skip
    """Train on the dialogues of the file `data` about items of `catalog`; the folder written and the figures.

    `credit` and `licence` go into the model card. What was heard is kept until the end, so that a run that was
    interrupted goes on where it stopped. What the home has learnt from ratings is among the signals. Raises InputError
    when the dialogues are too few or a file cannot be written.
    """
    catalogue, _ = import_file(catalog, load_domain(settings.domain), progress)
    index = ensure_index(
        catalogue, settings.home, settings.embedder, settings.threads, settings.chroma_url, progress
    )  # fmt: skip
    encoder = QueryEncoder(resolve_model(settings.embedder))
    digest = sha256(data.read_bytes()).hexdigest()
    folder, notes = settings.home / "models", settings.home / "training" / f"{catalogue.digest}-{digest[:12]}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        notes.parent.mkdir(parents=True, exist_ok=True)
        heard = list(_heard(talks, Understander(catalogue, encoder), catalogue, notes, progress))
        encode = lru_cache(_TEXTS)(encoder.encode_one)
        liked = also_liked_for(catalogue, settings.home)
        report = train_ranker(
            talks, heard, catalogue, index, encode, settings.embedder, liked, folder, seed, progress
        )  # fmt: skip
        card = ModelCard(
            name="ranking", source=credit, licence=licence, file=data.name, sha256=digest, dialogues=report.dialogues,
            items=report.items, encoder=settings.embedder, seed=seed, figures=report.figures,
        )  # fmt: skip
        (folder / CARD).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
        notes.unlink()
    except OSError as error:
        raise InputError(
            f"The models in {folder} cannot be written: {error}. Free space, or give another home."
        ) from error
    return folder, report


def learn_opinion(
    talks: Sequence[Talk], catalog: Path, settings: Settings, count: int, seed: int, progress: Progress
) -> tuple[Path, OpinionCard]:
    """How much the order of `settings.second_opinion` should count, from `count` questions; the file written, and it.

    Raises InputError for too few dialogues or orders, or when the file cannot be written, and ModelError for a model
    that cannot be had.
    """
    catalogue, _ = import_file(catalog, load_domain(settings.domain), progress)
    index = ensure_index(
        catalogue, settings.home, settings.embedder, settings.threads, settings.chroma_url, progress
    )  # fmt: skip
    encoder = QueryEncoder(resolve_model(settings.embedder))
    opinion = SecondOpinion(settings, catalogue)
    try:
        opinion.wait()
        understander = Understander(catalogue, encoder)
        heard = []
        for number, talk in enumerate(talks, start=1):
            heard.append(hear(talk, understander, catalogue))
            progress("hearing", number, len(talks))
        encode = lru_cache(_TEXTS)(encoder.encode_one)
        orders = held_out_orders(talks, heard, catalogue, index, encode, settings.embedder, ASKED, seed, progress)
        card = weigh_opinion(orders, opinion, settings, catalogue, count, seed, progress)
    finally:
        opinion.close()
    path = settings.home / "models" / WEIGHT_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}. Free space, or give another home.") from error
    return path, card


def _heard(
    talks: Sequence[Talk], understander: Understander, catalogue: Catalogue, notes: Path, progress: Progress
) -> Iterator[list[Question]]:
    lines = whole_lines(notes)
    for line in lines[: len(talks)]:
        yield [Question.model_validate(question) for question in json.loads(line)]
    with notes.open("a", encoding="utf-8") as file:
        for number, talk in enumerate(talks[len(lines) :], start=len(lines) + 1):
            questions = hear(talk, understander, catalogue)
            file.write(json.dumps([question.model_dump(mode="json") for question in questions]) + "\n")
            progress("hearing", number, len(talks))
            yield questions
