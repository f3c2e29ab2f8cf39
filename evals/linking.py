"""Entity linking on recorded dialogues: are the items that people named found in lower case and without a year?

Those who recorded the dialogues marked which items a turn names. The years they wrote behind titles are taken out
and the text is lower-cased, as people type. A link is right when it has the title of a marked item; without its
year nothing can tell two items of one title apart, so the strict figure, by id, stands beside. Links to items
that nobody marked may still be right (people name items without marking them): a committed list of links that
were read says what share of them is.
"""

from __future__ import annotations

import random
import re
import time
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import yaml
from pydantic import ValidationError
from rich import box
from rich.console import Console
from rich.table import Table

from bot.lexicon import load_lexicon
from evals.figures import percentile
from evals.metrics import Interval, intervals
from evals.options import LinkingOptions, Progress, silent
from evals.recorded import (
    RecordedDialogue,
    catalogue_rows,
    count_mentions,
    find_training,
    item_sets,
    measuring_copy,
    read_dialogues,
    sample,
)
from evals.session import eval_home, open_bot
from retrieval.errors import InputError
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

RAPPORT = "Rapport"
BASELINE = "exact titles"
LEAST_RECALL = 0.90
LEAST_PRECISION = 0.90
_YEAR = re.compile(r"\s*\((?:18|19|20)\d\d\)")
_WORD = re.compile(r"[^\W_]+")


class Turn(NamedTuple):
    """One turn of the person who looks for something. text: lower case, no years; named: ids that were marked."""

    dialogue: int
    dialogue_id: str
    turn: int
    text: str
    named: tuple[str, ...]


class Link(Record):
    """One link: the words of the turn and the item they were linked to."""

    dialogue_id: str
    turn: int
    surface: str
    item: str
    title: str


class Judged(Record):
    """A link to an item that nobody marked, read by a person. why: the reason, in a few words."""

    dialogue_id: str
    turn: int
    surface: str
    item: str
    right: bool
    why: str


class LinkingResult(Record):
    """One system. The recalls are of all marked items, and of those with and without a word of their own, if any.

    strict: the right id. beyond: links to items that nobody marked; a_turn: those, for each turn.
    """

    system: str
    recall: Interval
    recall_distinctive: Interval | None
    recall_common: Interval | None
    strict: Interval
    links: int
    beyond: int
    a_turn: float


class LinkingReport(Record):
    """Entity linking. `precision` is of all links; None where no link beyond the marked ones was judged.

    `common`: marked items whose title has ordinary words only. `judged_right` of `judged` links were right, and
    `unjudged` links were not read: the same share of them counts as right. p50_ms, p95_ms: one understanding.
    """

    dialogues: str
    catalog: str
    train: str | None
    seed: int
    turns: int
    named: int
    common: int
    absent: int
    results: list[LinkingResult]
    judged: int
    judged_right: int
    unjudged: int
    right_beyond: Interval | None
    precision: Interval | None
    p50_ms: float
    p95_ms: float
    ok: bool


def plain(text: str) -> str:
    """A title as this evaluation compares it: lower-case words without accents or punctuation, & as "and"."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(_WORD.findall(bare.replace("&", " and ").replace("'", "").replace("’", "")))  # noqa: RUF001


def turns_of(dialogues: Sequence[RecordedDialogue]) -> list[Turn]:
    """What the people who look for something said, without years and capitals."""
    return [
        Turn(number, dialogue.dialogue_id, place, _YEAR.sub("", turn.text).lower(), tuple(turn.items))
        for number, dialogue in enumerate(dialogues)
        for place, turn in enumerate(dialogue.turns)
        if turn.role == "user"
    ]


def read_judged(path: Path | None) -> list[Judged]:
    """The links that were read. Raises InputError naming the file and the entry that cannot be used."""
    if path is None:
        return []
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [Judged.model_validate(entry) for entry in entries or ()]
    except (OSError, yaml.YAMLError, ValidationError, TypeError) as error:
        raise InputError(
            f"--judged {path} cannot be used: {error}. Expected a list of entries with "
            f"{', '.join(Judged.model_fields)}."
        ) from error


class TitleFinder:
    """The naive baseline: the longest titles whose words occur in a row, whatever stands around them."""

    def __init__(self, titles: Iterable[tuple[str, str]]) -> None:
        self._ids: dict[str, str] = {}
        for item_id, title in titles:
            self._ids.setdefault(plain(title), item_id)
        self._longest = max((found.count(" ") + 1 for found in self._ids), default=0)

    def find(self, text: str) -> list[tuple[str, str]]:
        """(words, id) of each title in a text, left to right, without overlap."""
        words = plain(text).split()
        found, place = [], 0
        while place < len(words):
            for size in range(min(self._longest, len(words) - place), 0, -1):
                said = " ".join(words[place : place + size])
                if said in self._ids:
                    found.append((said, self._ids[said]))
                    place += size
                    break
            else:
                place += 1
        return found


def run_linking(options: LinkingOptions, progress: Progress = silent) -> LinkingReport:
    """Measure linking on recorded dialogues; `options.sample` gets links to be read, without what was said.

    Raises InputError when a file cannot be used or no turn of the dialogues names an item.
    """
    dialogues = sample(read_dialogues(options.dialogues), options.limit, options.seed)
    turns = turns_of(dialogues)
    judged = read_judged(options.judged)
    rows = catalogue_rows(options.catalog)
    if not any(turn.named for turn in turns):
        raise InputError(f"Dialogues {options.dialogues} have no user turn with items: nothing can be measured.")
    train_path = options.train or find_training(options.dialogues, {str(row["id"]) for row in rows})
    counts = count_mentions(item_sets(read_dialogues(train_path))) if train_path else None
    copy = measuring_copy(options.catalog.name.partition(".")[0], rows, counts, eval_home(options) / "catalogues")
    twins = {str(row["id"]): str(row["duplicate_of"]) for row in rows if row.get("duplicate_of")}
    with open_bot(options, progress, copy) as bot:
        titles = {item.id: item.title for item in bot.catalogue.items}
        ours, seconds = _linked(bot, turns, progress)
    naive = TitleFinder(titles.items())
    theirs = [[_link(turn, *found, titles) for found in naive.find(turn.text)] for turn in turns]
    absent = sum(item not in titles for turn in turns for item in turn.named)
    systems = {RAPPORT: ours, BASELINE: theirs}
    results = [_result(name, turns, links, titles, twins, options) for name, links in systems.items()]
    beyond = _beyond(turns, ours, titles)
    if options.sample is not None:
        _write_sample(options.sample, beyond, options.seed)
    verdicts = {(one.dialogue_id, one.turn, one.surface, one.item): one.right for one in judged}
    known = [verdicts.get((link.dialogue_id, link.turn, link.surface, link.item)) for link in beyond]
    right_beyond, precision = _precision(beyond, known, results[0].links, options)
    return LinkingReport(
        dialogues=options.dialogues.name,
        catalog=options.catalog.name,
        train=train_path.name if train_path else None,
        seed=options.seed,
        turns=len(turns),
        named=sum(len(turn.named) for turn in turns),
        common=int(sum(_is_common(titles[item]) for turn in turns for item in turn.named if item in titles)),
        absent=absent,
        results=results,
        judged=sum(one is not None for one in known),
        judged_right=sum(one is True for one in known),
        unjudged=sum(one is None for one in known),
        right_beyond=right_beyond,
        precision=precision,
        p50_ms=percentile(seconds, 50),
        p95_ms=percentile(seconds, 95),
        ok=results[0].recall.mean >= LEAST_RECALL and (precision is None or precision.mean >= LEAST_PRECISION),
    )


def _linked(bot: Bot, turns: Sequence[Turn], progress: Progress) -> tuple[list[list[Link]], list[float]]:
    titles = {item.id: item.title for item in bot.catalogue.items}
    found, seconds = [], []
    for number, turn in enumerate(turns, start=1):
        started = time.perf_counter()
        entities = bot.understand(turn.text).entities
        seconds.append(time.perf_counter() - started)
        found.append([_link(turn, e.surface, e.item_id, titles) for e in entities if e.kind == "item" and e.item_id])
        progress(RAPPORT, number, len(turns))
    return found, seconds


def _link(turn: Turn, surface: str, item_id: str, titles: dict[str, str]) -> Link:
    return Link(
        dialogue_id=turn.dialogue_id, turn=turn.turn, surface=surface, item=item_id, title=titles[item_id]
    )  # fmt: skip


def _is_common(title: str) -> bool:
    lexicon = load_lexicon("en")
    return all(word in lexicon.common or word in lexicon.stop for word in plain(title).split())


def _result(
    system: str, turns: Sequence[Turn], links: Sequence[Sequence[Link]], titles: dict[str, str],
    twins: dict[str, str], options: LinkingOptions,
) -> LinkingResult:  # fmt: skip
    rows: list[tuple[float, float]] = []
    common: list[bool] = []
    groups: list[int] = []
    for turn, linked in zip(turns, links, strict=True):
        names = {plain(link.title) for link in linked}
        ids = {twins.get(link.item, link.item) for link in linked}
        for item in turn.named:
            title = titles.get(item, "")
            rows.append((float(plain(title) in names), float(twins.get(item, item) in ids)))
            common.append(_is_common(title))
            groups.append(turn.dialogue)
    values, of, ordinary = np.array(rows), np.array(groups), np.array(common)
    drawn = (options.samples, options.seed)
    loose, strict = intervals(values, of, *drawn)
    distinctive, everyday = (
        intervals(values[chosen], of[chosen], *drawn)[0] if chosen.any() else None for chosen in (~ordinary, ordinary)
    )
    beyond = len(_beyond(turns, links, titles))
    return LinkingResult(
        system=system,
        recall=loose,
        recall_distinctive=distinctive,
        recall_common=everyday,
        strict=strict,
        links=sum(map(len, links)),
        beyond=beyond,
        a_turn=beyond / len(turns),
    )


def _beyond(turns: Sequence[Turn], links: Sequence[Sequence[Link]], titles: dict[str, str]) -> list[Link]:
    """Links to items whose title nobody marked in the turn."""
    found = []
    for turn, linked in zip(turns, links, strict=True):
        named = {plain(titles[item]) for item in turn.named if item in titles}
        found += [link for link in linked if plain(link.title) not in named]
    return found


def _precision(
    beyond: Sequence[Link], known: Sequence[bool | None], links: int, options: LinkingOptions
) -> tuple[Interval | None, Interval | None]:
    """The share of right links among those judged, and among all links, those to marked items being right."""
    read = [(link.dialogue_id, right) for link, right in zip(beyond, known, strict=True) if right is not None]
    if not read:
        return None, None
    dialogue = {name: number for number, name in enumerate(dict.fromkeys(name for name, _ in read))}
    values = np.array([[float(right)] for _, right in read])
    [share] = intervals(values, np.array([dialogue[name] for name, _ in read]), options.samples, options.seed)
    marked = links - len(beyond)
    mean, low, high = ((marked + len(beyond) * at) / links for at in (share.mean, share.low, share.high))
    return share, Interval(mean=mean, low=low, high=high)


def _write_sample(path: Path, beyond: Sequence[Link], seed: int, size: int = 200) -> None:
    """Write some links to be read, one YAML entry each, in the form of the judged list."""
    chosen = random.Random(seed).sample(list(beyond), min(size, len(beyond)))
    entries = [{**link.model_dump(), "right": None, "why": ""} for link in chosen]
    try:
        path.write_text(yaml.safe_dump(entries, sort_keys=False, allow_unicode=True), encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"--sample {path} cannot be written: {error.strerror}. Give a file in an existing folder."
        ) from error


def print_report(report: LinkingReport, console: Console) -> None:
    """The tables that `rapport eval linking` prints."""
    table = Table(
        title=f"{report.dialogues}, lower case, no years: {report.named:,} items named in {report.turns:,} turns",
        caption=_caption(report),
        box=box.SIMPLE,
        padding=(0, 1, 0, 0),
    )
    table.add_column("system", no_wrap=True)
    for head in ("recall", "distinct", "common", "strict", "links", "beyond", "a turn"):
        table.add_column(head, justify="right")
    for result in report.results:
        recalls = (result.recall, result.recall_distinctive, result.recall_common, result.strict)
        cells = [f"{_short(c.mean)}\n[dim]{_short(c.low)}-{_short(c.high)}[/dim]" if c else "none" for c in recalls]
        counts = (f"{result.links:,}", f"{result.beyond:,}", f"{result.a_turn:.2f}")
        table.add_row(result.system, *cells, *counts, style="bold" if result.system == RAPPORT else None)
    console.print(table)
    recall = report.results[0].recall.mean
    verdict = "ok" if recall >= LEAST_RECALL else "FAILED"
    console.print(f"Recall {recall:.3f}. Target: at least {LEAST_RECALL:.2f}: {verdict}")
    if report.precision is None or report.right_beyond is None:
        console.print("Precision: no link beyond the marked items was judged, so none is stated.")
    else:
        verdict = "ok" if report.precision.mean >= LEAST_PRECISION else "FAILED"
        console.print(
            f"Precision {report.precision.mean:.3f} ({report.precision.low:.3f} to {report.precision.high:.3f}): of "
            f"{report.judged:,} links to unmarked items that were read {report.judged_right:,} are right; "
            f"{report.unjudged:,} were not read. Target: at least {LEAST_PRECISION:.2f}: {verdict}"
        )
    console.print(f"One understanding: p50 {report.p50_ms:.1f} ms, p95 {report.p95_ms:.1f} ms")


def _short(value: float) -> str:
    """Three decimals without the zero before the point."""
    return f"{value:.3f}".removeprefix("0")


def _caption(report: LinkingReport) -> str:
    parts = [
        "Second lines: 95% intervals from resampled dialogues.",
        f"Common: {report.common:,} of the titles have ordinary words only; distinct: the others.",
        "Strict: the right id among items of one title, which no year tells apart here.",
        "Beyond: links to items that nobody marked.",
        f"Popularity counted on {report.train}." if report.train else "No training dialogues.",
    ]
    if report.absent:
        parts.append(f"{report.absent} named items are not in the catalogue.")
    return " ".join(parts)
