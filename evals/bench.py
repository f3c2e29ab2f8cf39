"""Times, memory and agreement, measured on this machine against their budgets."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.settings import Settings
from evals.bench_model import model_figures
from evals.figures import Figure, percentile
from evals.options import DIALOGUES, BenchOptions, Progress, silent
from evals.processes import import_seconds, resident_bytes, server_times, terminal_times
from evals.scripts import Script, read_scripts
from evals.session import eval_home, open_bot
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

UTTERANCES = DIALOGUES / "bench.yaml"
INDEX_BUDGET_ITEMS = 36_500
"""The budget of building an index is for catalogues up to about this size."""
_SMALL_ITEMS = 10_000  # up to here a list has the tighter budget
_ENDINGS = ("", " please", " then", "!")
_READING_SECONDS = (2.0, 6.0)
_PERSON_TURNS = ("I loved {title}", "something funnier", "older please", "no horror")


class BenchReport(Record):
    """`load`: load average of the last minute before and after; a busy machine makes every time worse."""

    catalog: str
    items: int
    cores: int
    load: tuple[float, float]
    figures: list[Figure]
    ok: bool


class People(Record):
    """What a crowd met: seconds of every answer, and the sessions that held words of somebody else."""

    seconds: list[float]
    mixed_up: list[str]


def run_bench(options: BenchOptions, progress: Progress = silent) -> BenchReport:
    """Measure everything, one thing at a time. Raises RapportError when the catalogue cannot be used."""
    before = os.getloadavg()[0]
    figures = [Figure(name="import bot", value=_import_time(), unit="s")]
    # Everything but the model's own figures is measured without it.
    bot, opening = _open(options.model_copy(update={"model": "none"}), progress)
    figures += opening
    with bot:
        items = len(bot.catalogue.items)
        scripts = read_scripts(UTTERANCES)[: options.limit]
        figures += _understanding(bot, utterances(scripts))
        figures += _cards(bot, scripts)
        figures += _ranking(bot, utterances(scripts))
        memory = resident_bytes(os.getpid()) / 1e9
        figures.append(Figure(name="resident memory of this process", value=memory, unit="GB", budget=1.5))
        figures += _crowd(bot, options)
        figures.append(_encoder_agreement(bot, utterances(scripts)))
    if options.model != "none":
        figures += model_figures(options, scripts)
    if options.processes:
        figures += _processes(options)
    return BenchReport(
        catalog=options.catalog.name if options.catalog else "starter",
        items=items,
        cores=os.cpu_count() or 1,
        load=(before, os.getloadavg()[0]),
        figures=figures,
        ok=all(figure.ok for figure in figures),
    )


def utterances(scripts: Sequence[Script]) -> list[str]:
    """What is said while timing, in the order of the scripts."""
    return [turn.say for script in scripts for turn in script.turns]


def _import_time() -> float:
    return statistics.median(import_seconds("from bot import Bot") for _ in range(3))


def _open(options: BenchOptions, progress: Progress) -> tuple[Bot, list[Figure]]:
    """An open Bot with the times of building (where that was needed) and of opening."""
    embedded = 0

    def watch(stage: str, done: int, total: int) -> None:
        nonlocal embedded
        embedded = max(embedded, total if stage == "embed" else 0)
        progress(stage, done, total)

    started = time.perf_counter()
    bot = open_bot(options, watch)
    seconds = time.perf_counter() - started
    figures = []
    if embedded:
        budget = 480.0 if len(bot.catalogue.items) <= INDEX_BUDGET_ITEMS else None
        note = f"{embedded:,} items encoded"
        figures.append(Figure(name="build the index", value=seconds, unit="s", budget=budget, note=note))
        bot.close()
        started = time.perf_counter()
        bot = open_bot(options, progress)
        seconds = time.perf_counter() - started
    return bot, [*figures, Figure(name="open, index unchanged", value=seconds, unit="s", budget=10.0)]


def _understanding(bot: Bot, said: Sequence[str]) -> list[Figure]:
    for text in said[:5]:
        bot.understand(f"{text} hm")
    seconds = []
    for ending in _ENDINGS[:2]:
        for text in said:
            started = time.perf_counter()
            bot.understand(text + ending)
            seconds.append(time.perf_counter() - started)
    note = f"{len(seconds)} utterances"
    return [
        Figure(name="understand, p50", value=percentile(seconds, 50), unit="ms", budget=25.0, note=note),
        Figure(name="understand, p95", value=percentile(seconds, 95), unit="ms", budget=60.0),
    ]


def _cards(bot: Bot, scripts: Sequence[Script]) -> list[Figure]:
    """Time from an utterance to the items of its reply; turns that show none are not counted."""
    seconds = []
    for ending in _ENDINGS[2:]:
        for script in scripts:
            session = f"bench-{script.id}-{time.time_ns()}"
            for turn in script.turns:
                started = time.perf_counter()
                for event in bot.stream(session, turn.say + ending):
                    if event.kind == "items" and event.data.get("items"):
                        seconds.append(time.perf_counter() - started)
            bot.erase(session)
    if not seconds:
        return [Figure(name="utterance to cards, p50", value=None, unit="ms", budget=60.0, note="no cards came")]
    note = f"{len(seconds)} turns with cards"
    return [
        Figure(name="utterance to cards, p50", value=percentile(seconds, 50), unit="ms", budget=60.0, note=note),
        Figure(name="utterance to cards, p95", value=percentile(seconds, 95), unit="ms", budget=150.0),
    ]


def _ranking(bot: Bot, said: Sequence[str]) -> list[Figure]:
    """Times of a session's list whose texts are encoded already, and of ranking for whole dialogues of ten turns."""
    lists, dialogues = [], []
    for start in range(0, len(said) - 4, 5):
        session = f"bench-{start}-{time.time_ns()}"
        turns: list[tuple[str, str]] = []
        for text in said[start : start + 5]:
            turns += [("user", text), ("assistant", bot.reply(session, text).text)]
            for attempt in range(2):
                started = time.perf_counter()
                bot.recommend(session)
                lists += [time.perf_counter() - started] * attempt
        bot.erase(session)
        started = time.perf_counter()
        bot.rank(turns)
        dialogues.append(time.perf_counter() - started)
    if not dialogues:
        return []
    large = len(bot.catalogue.items) > _SMALL_ITEMS
    figures = _figures("list of a session without the encoder", lists, (30.0, 80.0) if large else (25.0, 60.0))
    return [*figures, *_figures("bot.rank, ten turns", dialogues, (120.0, 250.0))]


def _figures(name: str, seconds: Sequence[float], budgets: tuple[float, float]) -> list[Figure]:
    return [
        Figure(
            name=f"{name}, p{rank}", value=percentile(seconds, rank), unit="ms", budget=budget,
            note=f"{len(seconds)} times",
        )
        for rank, budget in zip((50, 95), budgets, strict=True)
    ]  # fmt: skip


def _crowd(bot: Bot, options: BenchOptions) -> list[Figure]:
    reading = people_at_once(bot, options.people, _READING_SECONDS, options.seed)
    rushing = people_at_once(bot, options.people, (0.0, 0.0), options.seed + 1)
    mixed = [*reading.mixed_up, *rushing.mixed_up]
    low, high = _READING_SECONDS
    pause = f"each reads {low:g}-{high:g} s between turns"
    return [
        Figure(
            name=f"{options.people} people at once, p95", value=percentile(reading.seconds, 95), unit="ms",
            budget=500.0, note=pause,
        ),
        Figure(
            name=f"{options.people} people without pause, p95", value=percentile(rushing.seconds, 95), unit="ms",
            note="all waiting all the time",
        ),
        Figure(name="sessions with another's words", value=len(mixed), unit="", budget=0.0, note="; ".join(mixed[:3])),
    ]  # fmt: skip


def people_at_once(bot: Bot, people: int, reading: tuple[float, float], seed: int) -> People:
    """Let people talk at the same time, each in a session of their own and about an item of their own.

    `reading`: shortest and longest pause between two turns, in seconds.
    """
    liked = sorted(bot.catalogue.items, key=lambda item: (-item.popularity, item.id))
    titles = list(dict.fromkeys(item.title for item in liked))
    stamp = time.time_ns()

    def talk(number: int) -> tuple[list[float], str | None]:
        rng = random.Random(f"{seed} {number}")
        session = f"crowd-{stamp}-{number}"
        said = [turn.format(title=titles[number % len(titles)]) for turn in _PERSON_TURNS]
        seconds = []
        for text in said:
            time.sleep(rng.uniform(*reading))
            started = time.perf_counter()
            bot.reply(session, text)
            seconds.append(time.perf_counter() - started)
        quotes = [evidence.quote for belief in bot.profile(session).all() for evidence in belief.evidence]
        return seconds, _mixed_up(number, quotes, said)

    with ThreadPoolExecutor(people) as pool:
        results = list(pool.map(talk, range(people)))
    for number in range(people):
        bot.erase(f"crowd-{stamp}-{number}")
    return People(
        seconds=[one for seconds, _ in results for one in seconds],
        mixed_up=[problem for _, problem in results if problem],
    )


def _mixed_up(number: int, quotes: Iterable[str], said: Sequence[str]) -> str | None:
    """What is wrong with the quotes of one person's beliefs, or None. Each must be words of that person."""
    own = "\n".join(said).casefold()
    quotes = list(quotes)
    if not quotes:
        return f"person {number} has no beliefs"
    strange = [quote for quote in quotes if quote.casefold() not in own]
    return f"person {number} has {strange[0]!r}" if strange else None


def _encoder_agreement(bot: Bot, said: Sequence[str]) -> Figure:
    """The smallest cosine between the light query encoder and sentence-transformers in float32."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    from retrieval.encoder import MAX_TOKENS, resolve_model

    disable_progress_bar()  # type: ignore[no-untyped-call]
    model = SentenceTransformer(str(resolve_model(Settings().embedder)), device="cpu", local_files_only=True)
    model.max_seq_length = MAX_TOKENS
    reference = model.encode(said, normalize_embeddings=True, show_progress_bar=False)
    ours = np.stack([bot.encode(text) for text in said])
    cosine = float((ours * reference).sum(axis=1).min())
    return Figure(
        name="query encoder, least agreement",
        value=cosine,
        unit="cosine",
        budget=0.999,
        at_least=True,
        note="with sentence-transformers in float32",
    )


def _processes(options: BenchOptions) -> list[Figure]:
    environment = {
        "RAPPORT_HOME": str(eval_home(options)),
        "RAPPORT_MODEL": options.model,
        "RAPPORT_DOMAIN": options.domain,
    }
    if options.catalog:
        environment["RAPPORT_CATALOG"] = str(options.catalog.resolve())
    terminal = terminal_times(environment)
    server = server_times(environment)
    resident = None if server.resident is None else server.resident / 1e9
    return [
        Figure(name="terminal: prompt after start", value=terminal.prompt, unit="s", budget=3.0),
        Figure(
            name="terminal: first reply after start", value=terminal.reply, unit="s", budget=14.0,
            note=terminal.trouble,
        ),
        Figure(name="serve: /healthz after start", value=server.healthz, unit="s", budget=6.0),
        Figure(name="serve: /readyz after start", value=server.readyz, unit="s", budget=20.0, note=server.trouble),
        Figure(name="serve: resident memory", value=resident, unit="GB", budget=1.5),
    ]  # fmt: skip


def print_report(report: BenchReport, console: Console) -> None:
    """The table that `rapport bench` prints."""
    before, after = report.load
    table = Table(
        title=f"{report.catalog}: {report.items:,} items on {report.cores} cores",
        caption=f"Load average {before:.2f} before, {after:.2f} after. Budgets are for a quiet machine.",
        box=box.SIMPLE,
    )
    table.add_column("figure")
    for column in ("measured", "budget"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("ok")
    for figure in report.figures:
        budget = "" if figure.budget is None else f"{'>=' if figure.at_least else '<='} {figure.budget:g} {figure.unit}"
        value = "not measured" if figure.value is None else f"{_rounded(figure)} {figure.unit}"
        verdict = "" if figure.budget is None else "ok" if figure.ok else "FAILED"
        name = escape(figure.name) + (f"\n[dim]  {escape(figure.note)}[/dim]" if figure.note else "")
        table.add_row(name, value, budget, verdict, style=None if figure.ok else "red")
    console.print(table)


def _rounded(figure: Figure) -> str:
    if figure.value is None:
        return ""
    digits = {"ms": 1, "cosine": 5, "": 0}.get(figure.unit, 2)
    return f"{figure.value:,.{digits}f}"
