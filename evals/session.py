"""Opening the Bot that an evaluation talks to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.records import Reply
from bot.settings import Settings
from evals.options import EvalOptions, Progress
from retrieval.errors import InputError

if TYPE_CHECKING:
    from bot import Bot


MODEL_PATIENCE = 600.0
"""Seconds that an evaluation waits for its language model; a bundled one is put together at its first use."""


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


def said(bot: Bot, session: str, text: str) -> tuple[Reply, float]:
    """The reply to one message, and the share of its sentences that a model could word and that fell back.

    Raises InputError for a text that cannot be accepted.
    """
    done = [event for event in bot.stream(session, text) if event.kind in {"done", "error"}][-1]
    if done.kind == "error":
        raise InputError(f"'{text}' got no reply: {done.data['message']}")
    return done.data["reply"], done.data["fell_back"]


def wordable(reply: Reply) -> int:
    """How many sentences of a reply a model could word: one for each pick."""
    return len(reply.items) if reply.act in {"recommend", "relax"} else 0


class Spoken(Protocol):
    """A turn of which it is known how many sentences a model could word, and what share of them fell back."""

    @property
    def sentences(self) -> int: ...

    @property
    def fell_back(self) -> float: ...


def fallen(turns: Sequence[Spoken]) -> tuple[int, float]:
    """Sentences that a model could have worded, and the share of them that are the template's; 0 of none."""
    sentences = sum(turn.sentences for turn in turns)
    share = sum(turn.fell_back * turn.sentences for turn in turns) / sentences if sentences else 0.0
    return sentences, share
