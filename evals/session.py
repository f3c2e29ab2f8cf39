"""Opening the Bot that an evaluation talks to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import Settings
from evals.options import EvalOptions, Progress

if TYPE_CHECKING:
    from bot import Bot


def eval_home(options: EvalOptions) -> Path:
    """The folder that holds the index and the throw-away sessions of an evaluation."""
    return options.home or Settings().home / "evals"


def open_bot(options: EvalOptions, progress: Progress | None = None, catalog: Path | None = None) -> Bot:
    """A Bot for these options; the caller closes it. `catalog` replaces the one of the options."""
    from bot import Bot

    home = eval_home(options)
    home.mkdir(parents=True, exist_ok=True)
    settings = Settings()
    # One copy of a bundled model serves every home.
    models = settings.model_home or settings.home / "models"
    return Bot.create(
        settings=settings.model_copy(update={"model": options.model, "model_home": models}),
        catalog=catalog or options.catalog,
        home=home,
        model=options.model,
        domain=options.domain,
        progress=progress,
    )
