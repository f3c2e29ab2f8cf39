"""The commands that learn: train."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.errors import RapportError
from ui.options import Home, Limit, Seed, console, errors, settings_with

if TYPE_CHECKING:
    from bot.ranker_training import Talk
    from bot.settings import Settings

train = typer.Typer(no_args_is_help=True, help="Learn models: from what the repository keeps, and from dialogues.")

Data = Annotated[Path, typer.Option(help="The folder of benchmark data: dialogues, catalogs, interactions.")]

_BENCHMARKS = {
    "redial": (
        "ReDial: Li, Kahou, Schulz, Michalski, Charlin and Pal 2018, https://redialdata.github.io",
        "CC BY 4.0",
    ),
    "opendialkg": (
        "OpenDialKG: Moon, Shah, Kumar and Subba 2019, https://github.com/facebookresearch/opendialkg",
        "CC BY-NC 4.0: not for commercial use",
    ),
}
"""Whom the dialogues of a benchmark are from, and on what terms; for the model card."""


@train.command("acts")
def train_acts(
    language: Annotated[
        list[str] | None, typer.Option(help="A language; without any, all that have utterances.")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Learn to tell dialogue acts from the utterances in bot/utterances, and print cross-validated figures."""
    from bot.act_training import spoken_languages, train_language
    from bot.settings import Settings
    from ui.progress import Bars

    for name in language or spoken_languages():
        with Bars(errors) as bars:
            report = train_language(name, Settings(), seed, bars)
        console.print(f"{name}: {report.utterances:,} utterances, macro-F1 {report.macro_f1:.3f} where not learnt from")
        weak = sorted((f1, act, count) for act, (f1, count) in report.by_act.items())
        console.print(", ".join(f"{act} {f1:.2f} of {count}" for f1, act, count in weak), highlight=False)


@train.command("needs")
def train_needs(
    domain: Annotated[str | None, typer.Option(help="A domain with a file of needs.")] = None, seed: Seed = 0
) -> None:
    """Learn what free descriptions lean towards from retrieval/domains/<domain>.needs.tsv, and print how well."""
    from bot.api import STARTER
    from bot.leanings_training import train_needs as learn
    from bot.settings import Settings
    from retrieval.domain import load_domain
    from retrieval.encoder import QueryEncoder, resolve_model
    from retrieval.importer import import_file

    settings = Settings()
    config = load_domain(domain or settings.domain)
    catalogue, _ = import_file(STARTER, config)
    report = learn(config, catalogue, QueryEncoder(resolve_model(settings.embedder)), seed)
    console.print(
        f"{report.needs:,} needs, {report.values} values; average precision where not learnt from "
        f"{report.average_precision:.3f}, by definitions alone {report.by_definitions:.3f}"
    )


@train.command("ranker")
def train_ranker(
    data: Data,
    benchmark: Annotated[str, typer.Option(help="Whose dialogues: redial or opendialkg.")] = "redial",
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
) -> None:
    """Learn to rank from recorded dialogues, and write HOME/models with a model card; goes on after an interruption."""
    _train_ranker(data, benchmark, home, limit, seed)


@train.command("opinion")
def train_opinion(
    data: Data,
    model: Annotated[str, typer.Option(help="Whose order is weighed: bundled, hf:NAME, openai:NAME@BASE_URL.")],
    questions: Annotated[int, typer.Option(min=20, help="How many lists it is asked to order.")] = 200,
    home: Home = None,
    limit: Annotated[int, typer.Option(min=100, help="Dialogues that a ranker is learnt from, half and half.")] = 600,
    seed: Seed = 0,
) -> None:
    """Weigh a language model's order of the best items on training dialogues, and write HOME/models/opinion.json."""
    from bot.ranker_data import learn_opinion
    from ui.progress import Bars

    settings = settings_with(home=home).model_copy(update={"second_opinion": model})
    _, copy, talks = _talks(data, "redial", settings, limit, seed)
    with Bars(errors) as bars:
        path, card = learn_opinion(talks, copy, settings, questions, seed, bars)
    figures = ", ".join(f"{name} {value:.3f}" for name, value in card.figures.items())
    console.print(f"{card.questions} orders, weight {card.weight:g}: {figures}")
    console.print(f"Written to {path}", soft_wrap=True)


@train.command("items")
def train_items(
    data: Data,
    home: Home = None,
    seed: Seed = 0,
) -> None:
    """Learn from ratings what people who like one item like too, and write it to HOME/models with a card."""
    from evals.ratings import find_ratings

    file = find_ratings(data)
    if file is None:
        raise RapportError(f"No ratings.csv or ratings.csv.gz in {data} or in {data / 'interactions'}/*.")
    _train_items(file, home, seed)


@train.command("all")
def train_all(
    data: Data,
    home: Home = None,
    seed: Seed = 0,
) -> None:
    """Learn all that a home keeps for itself: from ratings, if there are any, and the ranker, which reads that too."""
    from evals.ratings import find_ratings

    if (file := find_ratings(data)) is not None:
        _train_items(file, home, seed)
    _train_ranker(data, "redial", home, None, seed)


def _train_ranker(data: Path, benchmark: str, home: Path | None, limit: int | None, seed: int) -> None:
    from bot.ranker_data import learn_ranker
    from ui.progress import Bars

    settings = settings_with(home=home)
    file, copy, talks = _talks(data, benchmark, settings, limit, seed)
    with Bars(errors) as bars:
        folder, report = learn_ranker(talks, copy, file, *_BENCHMARKS[benchmark], settings, seed, bars)
    figures = ", ".join(f"{name} {value:.3f}" for name, value in report.figures.items())
    console.print(f"{report.dialogues:,} dialogues, {report.questions:,} questions, cross-validated: {figures}")
    console.print(f"Written to {folder}", soft_wrap=True)


def _talks(
    data: Path, benchmark: str, settings: Settings, limit: int | None, seed: int
) -> tuple[Path, Path, list[Talk]]:
    """The file of a benchmark's training dialogues, a copy of its catalogue made for them, and the dialogues."""
    from bot.ranker_training import Talk
    from evals.recorded import (
        catalogue_rows,
        count_mentions,
        find_catalog,
        item_sets,
        measuring_copy,
        read_dialogues,
        sample,
    )

    if benchmark not in _BENCHMARKS:
        raise RapportError(f"Unknown benchmark '{benchmark}'. Known: {', '.join(_BENCHMARKS)}.")
    file = data / "dialogues" / f"{benchmark}_train.jsonl.gz"
    dialogues = sample(read_dialogues(file), limit, seed)
    catalog = find_catalog(file)
    counts = count_mentions(item_sets(dialogues))
    name = catalog.name.partition(".")[0]
    copy = measuring_copy(name, catalogue_rows(catalog), counts, settings.home / "catalogues")
    talks = [
        Talk(
            [(turn.role, turn.text, turn.items) for turn in dialogue.turns],
            [(target.turn, target.items) for target in dialogue.targets],
        )
        for dialogue in dialogues
    ]
    return file, copy, talks


def _train_items(file: Path, home: Path | None, seed: int) -> None:
    from hashlib import sha256

    from evals.ratings import read_ratings, source_of
    from retrieval.also_liked import foretold, learn_liked
    from retrieval.trained import ModelCard, write_liked

    baskets = read_ratings(file, seed).baskets()
    liked, figures = learn_liked(baskets), foretold(baskets)
    source, licence = source_of(file)
    card = ModelCard(
        name="also liked", source=source, licence=licence, file=file.name, sha256=sha256(file.read_bytes()).hexdigest(),
        people=len(baskets), items=len(liked.keys), seed=seed, figures=figures,
    )  # fmt: skip
    folder = write_liked(liked, card, settings_with(home=home).home)
    shown = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
    console.print(f"{card.people:,} people, {card.items:,} items; the last like of each, held out: {shown}")
    console.print(f"Licence: {licence}. Written to {folder}", soft_wrap=True)
