"""The commands that learn: train."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.options import Home, Limit, Seed, console, errors, settings_with

train = typer.Typer(no_args_is_help=True, help="Learn models: from what the repository keeps, and from dialogues.")

_CREDIT = "ReDial: Li, Kahou, Schulz, Michalski, Charlin and Pal 2018, https://redialdata.github.io"
_LICENCE = "CC BY 4.0"


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
    domain: Annotated[str, typer.Option(help="A domain with a file of needs.")] = "movies", seed: Seed = 0
) -> None:
    """Learn what free descriptions lean towards from retrieval/domains/<domain>.needs.tsv, and print how well."""
    from bot.api import STARTER
    from bot.leanings_training import train_needs as learn
    from bot.settings import Settings
    from retrieval.domain import load_domain
    from retrieval.encoder import QueryEncoder, resolve_model
    from retrieval.importer import import_file

    config = load_domain(domain)
    catalogue, _ = import_file(STARTER, config)
    report = learn(config, catalogue, QueryEncoder(resolve_model(Settings().embedder)), seed)
    console.print(
        f"{report.needs:,} needs, {report.values} values; average precision where not learnt from "
        f"{report.average_precision:.3f}, by definitions alone {report.by_definitions:.3f}"
    )


@train.command("ranker")
def train_ranker(
    data: Annotated[Path, typer.Option(help="The folder of benchmark data: dialogues, catalogs.")],
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
) -> None:
    """Learn to rank from recorded dialogues, and write HOME/models with a model card; goes on after an interruption."""
    _train_ranker(data, home, limit, seed)


@train.command("all")
def train_all(
    data: Annotated[Path, typer.Option(help="The folder of benchmark data: dialogues, catalogs.")],
    home: Home = None,
    seed: Seed = 0,
) -> None:
    """Learn all that a home keeps for itself: at present the ranker."""
    _train_ranker(data, home, None, seed)


def _train_ranker(data: Path, home: Path | None, limit: int | None, seed: int) -> None:
    from bot.ranker_data import learn_ranker
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
    from ui.progress import Bars

    settings = settings_with(home=home)
    file = data / "dialogues" / "redial_train.jsonl.gz"
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
    with Bars(errors) as bars:
        folder, report = learn_ranker(talks, copy, file, _CREDIT, _LICENCE, settings, seed, bars)
    figures = ", ".join(f"{name} {value:.3f}" for name, value in report.figures.items())
    console.print(f"{report.dialogues:,} dialogues, {report.questions:,} questions, cross-validated: {figures}")
    console.print(f"Written to {folder}", soft_wrap=True)
