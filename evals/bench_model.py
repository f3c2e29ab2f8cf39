"""What a language model adds to the time and the memory of replies."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from evals.figures import Figure, percentile
from evals.options import BenchOptions
from evals.processes import resident_bytes
from evals.scripts import Script
from evals.session import MODEL_PATIENCE, open_bot

if TYPE_CHECKING:
    from bot import Bot

_REPLIES = 15


class Worded(NamedTuple):
    """One reply with picks: seconds to its first pick in words and to its end, and what the model did."""

    first: float
    whole: float
    first_token: float | None
    tokens: int
    fell_back: float
    picks: int


def model_figures(options: BenchOptions, scripts: Sequence[Script]) -> list[Figure]:
    """Figures of the replies that have picks, up to _REPLIES of them. Raises RapportError as Bot.create does."""
    before = resident_bytes(os.getpid())
    with open_bot(options) as bot:
        started = time.perf_counter()
        if not bot.wait_for_model(MODEL_PATIENCE):
            return [Figure(name="language model", value=None, unit="s", budget=MODEL_PATIENCE, note=bot.model_state)]
        load = time.perf_counter() - started
        replies = _replies(bot, scripts)
        memory = (resident_bytes(os.getpid()) - before) / 1e9
    note = f"{len(replies)} replies with picks, model {options.model}"
    three = [reply.whole * 1_000 for reply in replies if reply.picks >= bot.settings.picks]
    return [
        Figure(name="language model: ready after start", value=load, unit="s"),
        Figure(
            name="first checked sentence, p50", value=_median([one.first for one in replies]), unit="s", budget=2.5,
            note=note,
        ),
        Figure(name=f"reply with {bot.settings.picks} picks, p50", value=_median([t / 1_000 for t in three]), unit="s",
               budget=8.0),
        Figure(name="tokens written a second, p50", value=_median([_speed(one) for one in replies]), unit="tokens/s",
               note="the reading of each request included"),
        Figure(name="sentences that fell back", value=100 * sum(one.fell_back * one.picks for one in replies)
               / max(1, sum(one.picks for one in replies)), unit="%"),
        Figure(name="memory that the model adds", value=memory, unit="GB"),
    ]  # fmt: skip


def _median(seconds: Sequence[float]) -> float | None:
    return percentile(seconds, 50) / 1_000 if seconds else None


def _speed(reply: Worded) -> float:
    return reply.tokens / reply.whole


def _replies(bot: Bot, scripts: Sequence[Script]) -> list[Worded]:
    found: list[Worded] = []
    for script in scripts:
        session = f"bench-model-{script.id}-{time.time_ns()}"
        for turn in script.turns:
            if len(found) < _REPLIES and (reply := _watch(bot, session, turn.say)) is not None:
                found.append(reply)
        bot.erase(session)
    return found


def _watch(bot: Bot, session: str, text: str) -> Worded | None:
    """One turn; None when it shows no picks."""
    started = time.perf_counter()
    first: float | None = None
    said = ""
    items = []
    for event in bot.stream(session, text):
        if event.kind == "items":
            items = event.data["items"]
        elif event.kind == "token":
            said += event.data["text"]
            if first is None and items and f"{items[0].item.title}" in said.partition("\n\n")[2]:
                first = time.perf_counter() - started
        elif event.kind == "done":
            whole, data = time.perf_counter() - started, event.data
    if not items or first is None:
        return None
    return Worded(first, whole, data["first_token_seconds"], data["tokens"], data["fell_back"], len(items))
