"""The commands that learn: train."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.options import Seed, console, errors

train = typer.Typer(no_args_is_help=True, help="Learn models from what the repository keeps.")


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
