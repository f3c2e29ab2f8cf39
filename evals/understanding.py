"""How well utterances are understood: acts, preferences and links, against labels written by hand.

`rapport eval understanding` prints macro-F1 over acts, F1 of preferences (facet, value, polarity) and the accuracy of
entity linking, each with a 95% bootstrap interval over utterances, beside a naive listener that knows every name of the
catalogue and nothing of language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from bot import PERSON_ACTS, Understanding
from evals.labelled import Labelled, read_labelled
from evals.metrics import Interval, resamples
from evals.options import Progress, UnderstandingOptions
from evals.session import open_bot
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

TARGETS = {"act macro-F1": 0.90, "preference F1": 0.90, "entity linking": 0.95}
_SAMPLES = 1000
_FASTER, _SLOWER = {"brisk", "frantic", "breakneck", "fast"}, {"slow", "measured"}
_MOVES: dict[tuple[str, int], str] = {
    ("year", 1): "newer", ("year", -1): "older", ("minutes", 1): "longer", ("minutes", -1): "shorter",
    ("light_dark", -1): "lighter", ("light_dark", 1): "darker", ("funny_serious", -1): "funnier",
    ("funny_serious", 1): "more serious", ("realistic_fantastic", -1): "more realistic",
    ("realistic_fantastic", 1): "more fantastic", ("simple_complex", -1): "simpler",
    ("simple_complex", 1): "more complex",
}  # fmt: skip
_MOVED = {"violence", "gore", "frightening", "sex", "language_level"}


class Heard(NamedTuple):
    """What was heard in one utterance, in the words of the labels."""

    acts: set[str]
    preferences: set[tuple[str, str, int]]
    links: set[str]


class Tally(NamedTuple):
    """Counts of one utterance: per act (right, given, wanted); preferences and links the same."""

    acts: dict[str, tuple[int, int, int]]
    preferences: tuple[int, int, int]
    links: tuple[int, int, int]


class Scores(Record):
    """The three figures of some utterances, and F1 by act."""

    utterances: int
    act_f1: Interval
    preference_f1: Interval
    linking: Interval
    by_act: dict[str, float]


class UnderstandingReport(Record):
    """Scores of the product and of the naive listener, and the product's by language and by level."""

    ours: Scores
    naive: Scores
    by_language: dict[str, Scores]
    by_level: dict[str, Scores]
    misses: list[str]

    @property
    def ok(self) -> bool:
        found = (self.ours.act_f1, self.ours.preference_f1, self.ours.linking)
        return all(one.mean >= target for one, target in zip(found, TARGETS.values(), strict=True))


def run_understanding(options: UnderstandingOptions, progress: Progress) -> UnderstandingReport:
    """Understand each labelled utterance in its context and compare. Raises InputError for a broken file."""
    records = read_labelled(options.files)[: options.limit]
    with open_bot(options, progress) as bot:
        names = {item.id: _titled(item.title, item.year) for item in bot.catalogue.items}
        naive_listener = _naive(bot, names)
        ours: list[Tally] = []
        naive: list[Tally] = []
        misses: list[str] = []
        for place, record in enumerate(records):
            progress("Understanding", place + 1, len(records))
            heard = _heard(bot.understand(record.say, _context(record, bot)), names)
            ours.append(_tally(record, heard))
            naive.append(_tally(record, naive_listener(record.say)))
            misses += _misses(record, heard)
    groups: dict[str, dict[str, list[Tally]]] = {"lang": {}, "level": {}}
    for record, tally in zip(records, ours, strict=True):
        groups["lang"].setdefault(record.lang, []).append(tally)
        groups["level"].setdefault(record.level, []).append(tally)
    return UnderstandingReport(
        ours=_scores(ours, options.seed), naive=_scores(naive, options.seed), misses=misses,
        by_language={name: _scores(tallies, options.seed) for name, tallies in groups["lang"].items()},
        by_level={name: _scores(tallies, options.seed) for name, tallies in groups["level"].items()},
    )  # fmt: skip


def _titled(title: str, year: int | None) -> str:
    return f"{title} ({year})" if year else title


def _context(record: Labelled, bot: Bot) -> list[tuple[str, str]]:
    context = [("user", said) for said in record.earlier]
    if record.shown:
        context.append(("assistant", "\n".join(f"{place}. {name}" for place, name in enumerate(record.shown, 1))))
    if record.asked:
        config = bot.domain.facets.get(record.asked)
        context.append(("assistant", (config.question if config else None) or f"Which {record.asked}?"))
    return context


def _heard(understanding: Understanding, names: dict[str, str]) -> Heard:
    found: set[tuple[str, str, int]] = set()
    for said in [*understanding.preferences, *understanding.constraints]:
        sign = 1 if said.polarity > 0 else -1
        if said.facet == "item":
            found.add(("item", names[said.item_id or ""], sign))
        elif said.pole:
            found |= {("move", move, 1) for move in _moves(said.facet, said.pole)}
        elif said.low is not None or said.high is not None:
            found.add(_range(said.facet, said.low, said.high, sign))
        else:
            found.add((said.facet, said.value, sign))
    for critique in understanding.critiques:
        found |= {("move", move, 1) for move in _moves(critique.number, critique.direction)}
    for mention in understanding.mentions:
        if mention.relation == "seen":
            found.add(("seen", names[mention.item_id], 0))
        elif mention.relation == "similar":
            found.add(("similar", names[mention.item_id], 1))
    links = {
        f"{entity.kind}: {names[entity.item_id] if entity.item_id else entity.value}"
        if entity.value is not None else f"unknown: {entity.surface}"
        for entity in understanding.entities if entity.kind in {"item", "person"} or entity.value is None
    }  # fmt: skip
    return Heard(set(understanding.acts), {one for one in found if one[0] != "suitable_from"}, links)


def _moves(number: str, direction: int) -> set[str]:
    if number in _MOVED:
        return {f"{number}: {'more' if direction > 0 else 'less'}"}
    move = _MOVES.get((number, direction))
    return {f"{number}: {move}"} if move else set()


def _range(facet: str, low: float | None, high: float | None, sign: int) -> tuple[str, str, int]:
    facet = {"decade": "year", "length": "minutes"}.get(facet, facet)
    if facet == "age":
        return "age", f"{high if high is not None else low:g}", 1
    if sign < 0 and (low is None) != (high is None):
        # What is open at one end and unwanted is wanted at the other.
        step = 1.0 if facet == "year" else 0.0
        low, high = (high + step if high is not None else None), (low - step if low is not None else None)
        sign = 1
    if low is not None and high is not None:
        text = f"{low:g}" if low == high else f"{low:g}-{high:g}"
    else:
        text = f"<={high:g}" if high is not None else f">={low:g}"
    return facet, text, sign


def _wanted(record: Labelled) -> list[set[tuple[str, str, int]]]:
    """The labels of a record; each is a set of readings of which one is enough."""
    wanted = []
    for labels, sign in ((record.wants, 1), (record.avoids, -1), (record.seen, 0)):
        for label in labels:
            wanted.append({_reading(one, sign) for one in label.split(" | ")})
    return wanted


def _reading(label: str, sign: int) -> tuple[str, str, int]:
    facet, _, value = label.partition(": ")
    if sign == 0:
        return "seen", value, 0
    if facet in _MOVED or label in {f"{number}: {move}" for (number, _), move in _MOVES.items()}:
        return "move", label, 1
    return facet, value, sign


def _agrees(heard: tuple[str, str, int], wanted: set[tuple[str, str, int]]) -> bool:
    facet, value, sign = heard
    if heard in wanted:
        return True
    if facet == "pace":
        fast = (value in _FASTER) == (sign > 0)  # "not too slow" asks for a faster one
        return value in _FASTER | _SLOWER and ("pace", "faster" if fast else "slower", 1) in wanted
    return False


def _tally(record: Labelled, heard: Heard) -> Tally:
    given = heard.acts - record.maybe
    acts = {
        act: (int(act in given and act in record.acts), int(act in given), int(act in record.acts))
        for act in given | record.acts
    }  # fmt: skip
    wanted = _wanted(record)
    right = sum(any(_agrees(one, labels) for one in heard.preferences) for labels in wanted)
    extra = sum(not any(_agrees(one, labels) for labels in wanted) for one in heard.preferences)
    links_right = sum(_is_linked(label, heard.links) for label in record.entities)
    strange = sum(not any(_same_link(label, link) for label in record.entities) for link in heard.links)
    return Tally(
        acts, (right, right + extra, len(wanted)), (links_right, links_right + strange, len(record.entities))
    )  # fmt: skip


def _is_linked(label: str, links: set[str]) -> bool:
    return any(_same_link(label, link) for link in links)


def _same_link(label: str, link: str) -> bool:
    kind, _, value = label.partition(": ")
    link_kind, _, link_value = link.partition(": ")
    if kind == link_kind == "unknown":
        ours, theirs = link_value.casefold(), value.casefold()
        return ours in theirs or theirs in ours
    return any(link == one for one in label.split(" | "))


def _misses(record: Labelled, heard: Heard) -> list[str]:
    """One line a difference, for reading."""
    given = heard.acts - record.maybe
    wanted = _wanted(record)
    lines = []
    if given != record.acts:
        lines.append(f"acts -{sorted(record.acts - given)} +{sorted(given - record.acts)}")
    lines += [f"not heard: {sorted(labels)}" for labels in wanted
              if not any(_agrees(one, labels) for one in heard.preferences)]  # fmt: skip
    lines += [f"heard wrongly: {one}" for one in sorted(heard.preferences)
              if not any(_agrees(one, labels) for labels in wanted)]  # fmt: skip
    lines += [f"not linked: {label}" for label in record.entities if not _is_linked(label, heard.links)]
    lines += [f"linked wrongly: {link}" for link in sorted(heard.links)
              if not any(_same_link(label, link) for label in record.entities)]  # fmt: skip
    return [f"{record.id} [{record.lang}] {record.say!r}: {line}" for line in lines]


def _scores(tallies: Sequence[Tally], seed: int) -> Scores:
    """Figures with intervals: utterances are drawn with replacement.

    Linking accuracy is strict: right links over all that were wanted or given, so that a spurious link costs as much as
    a missed one.
    """
    acts = [act for act in PERSON_ACTS if any(tally.acts.get(act, (0, 0, 0))[2] for tally in tallies)]
    counts = np.array(
        [[tally.acts.get(act, (0, 0, 0)) for act in acts] for tally in tallies], dtype=np.float64
    ).reshape(len(tallies), len(acts), 3)  # fmt: skip
    preferences = np.array([tally.preferences for tally in tallies], dtype=np.float64).reshape(-1, 3)
    links = np.array([tally.links for tally in tallies], dtype=np.float64).reshape(-1, 3)
    drawn = resamples(len(tallies), _SAMPLES, seed)
    by_act = _f1(counts.sum(axis=0))
    return Scores(
        utterances=len(tallies),
        act_f1=_interval(float(by_act.mean()) if acts else 1.0,
                         np.nanmean(_f1(np.einsum("sn,nac->sac", drawn, counts)), axis=1)),
        preference_f1=_interval(float(_f1(preferences.sum(axis=0))), _f1(drawn @ preferences)),
        linking=_interval(float(_accuracy(links.sum(axis=0))), _accuracy(drawn @ links)),
        by_act={act: round(float(value), 3) for act, value in zip(acts, by_act, strict=True)},
    )  # fmt: skip


def _f1(counts: Any) -> Any:
    right, given, wanted = counts[..., 0], counts[..., 1], counts[..., 2]
    return np.where(given + wanted > 0, 2 * right / np.maximum(given + wanted, 1e-9), np.nan)


def _accuracy(counts: Any) -> Any:
    right, given, wanted = counts[..., 0], counts[..., 1], counts[..., 2]
    return right / np.maximum(given + wanted - right, 1e-9)


def _interval(mean: float, drawn: Any) -> Interval:
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Interval(mean=mean, low=float(low), high=float(high))


def _naive(bot: Bot, names: dict[str, str]) -> Callable[[str], Heard]:
    """A listener that finds each title and facet value as written, takes all as wanted, and hears a request."""
    titles = {f" {item.title.casefold()} ": names[item.id] for item in bot.catalogue.items}
    values = {
        f" {value.casefold()} ": ("person" if config.role == "person" else facet, value)
        for facet, config in bot.domain.facets.items() if config.speaks for value in bot.catalogue.postings(facet)
    }  # fmt: skip

    def listen(text: str) -> Heard:
        said = f" {''.join(char if char.isalnum() else ' ' for char in text.casefold())} "
        items = {title for key, title in titles.items() if key in said}
        found = {(facet, value, 1) for key, (facet, value) in values.items() if key in said}
        people = {f"person: {value}" for facet, value, _ in found if facet == "person"}
        liked = {("item", title, 1) for title in items}
        return Heard({"request", "disclose"}, found | liked, people | {f"item: {title}" for title in items})

    return listen


def print_report(report: UnderstandingReport, console: Console, show: bool = False) -> None:
    """The figures as tables; with `show`, every difference."""
    if show:
        for line in report.misses:
            console.print(line, markup=False, highlight=False)
    table = Table("", "utterances", *TARGETS)
    rows = [
        ("Rapport", report.ours),
        ("names only", report.naive),
        *report.by_language.items(),
        *report.by_level.items(),
    ]
    for name, scores in rows:
        figures = (scores.act_f1, scores.preference_f1, scores.linking)
        table.add_row(name, str(scores.utterances), *(f"{f.mean:.3f} ({f.low:.3f}-{f.high:.3f})" for f in figures))
    table.add_row("target", "", *(f">= {target:.2f}" for target in TARGETS.values()))
    console.print(table)
    weak = sorted((value, act) for act, value in report.ours.by_act.items())
    console.print("F1 by act: " + ", ".join(f"{act} {value:.2f}" for value, act in weak), highlight=False)
    console.print("met" if report.ok else "missed")
