"""The utterances that the act models learn from: read from their files, filled in, joined and set in both contexts."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.act_model import Signs
from bot.records import PERSON_ACTS
from bot.span_relations import RELATIONS, Kind, Said, possible
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError
from retrieval.records import Record

_PAIRS = 0.3  # joined pairs for each single utterance: people say several things at once
_MARKED = re.compile(r"\[(?P<words>[^\]]+)\]\((?P<relation>\w+)\)")
_VERDICTS = {"like", "dislike", "seen", "similar", "reject", "accept"}
_WISHLESS = {
    "greet", "thank", "farewell", "remove", "ask_item", "ask_catalogue", "why", "why_not", "compare", "undo", "reset",
    "show_profile", "forget", "help", "chitchat", "off_topic", "unclear",
}  # fmt: skip
_PLAIN = {"request", "disclose", "constrain"}
_SHORT = 8  # words
_LONELY = {"unclear"}  # nothing else is said with it


class Utterance(Record):
    """A text with its acts and what was on before it."""

    text: str
    acts: frozenset[str]
    shown: bool = False
    asked: bool = False


class MarkedUtterance(Record):
    """A text in which names are marked with what is said of them: (start, end, one of RELATIONS)."""

    text: str
    marks: tuple[tuple[int, int, str], ...]
    shown: bool = False
    asked: bool = False


class Examples(NamedTuple):
    """What is learnt from: texts, what the rules saw in each, and the acts said, (n, acts) by PERSON_ACTS."""

    texts: list[str]
    signs: list[Signs]
    wanted: NDArray[np.bool_]


class SpanExamples(NamedTuple):
    """What is learnt of names: texts, what the rules saw in each, and its spans with the relation that holds."""

    texts: list[str]
    signs: list[Signs]
    spans: list[list[tuple[Said, str]]]


class Learnt(NamedTuple):
    """What a model saves; and, for threshold and figures, the rows it was tested on without having learnt them, and how
    likely it found each act there, (rows, acts)."""

    saved: dict[str, NDArray[Any]]
    tested: NDArray[np.int64]
    predicted: NDArray[np.float64]


Learn = Callable[[Examples, NDArray[np.int64], int], Learnt]
"""From examples, the fold of each and a seed."""


def read_utterances(path: Path, catalogue: Catalogue, seed: int = 0) -> list[Utterance]:
    """The utterances of a file, placeholders filled from the catalogue.

    Raises InputError naming the line that does not fit, or a missing file.
    """
    rng = random.Random(seed)
    fillings = _fillings(catalogue)
    found: list[Utterance] = []
    if not path.is_file():
        raise InputError(f"No utterances at {path}. Write one a line: acts, context, text, separated by tabs.")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        acts = frozenset(act.strip() for act in parts[0].split(","))
        if len(parts) != 3 or acts - set(PERSON_ACTS):
            raise InputError(
                f"{path}, line {number}: expected acts, context and text with tabs between: {line[:80]!r}."
            )
        text = parts[2].strip()
        for name, values in fillings.items():
            text = text.replace(f"{{{name}}}", rng.choice(values))
        found.append(Utterance(text=text, acts=acts, shown="shown" in parts[1], asked="asked" in parts[1]))
    return found


def read_marked(path: Path) -> list[MarkedUtterance]:
    """The utterances of a file whose names are marked: "loved [Heat](like), but not with [Pacino](avoid)".

    Raises InputError naming the line that does not fit, or a missing file.
    """
    if not path.is_file():
        raise InputError(f"No marked utterances at {path}. Write one a line: context and text, a tab between.")
    found: list[MarkedUtterance] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        context, _, marked = line.partition("\t")
        plain, marks, last = "", [], 0
        for match in _MARKED.finditer(marked):
            plain += marked[last : match.start()]
            marks.append((len(plain), len(plain) + len(match["words"]), match["relation"]))
            plain += match["words"]
            last = match.end()
        if not marks or any(relation not in RELATIONS for _, _, relation in marks):
            raise InputError(
                f"{path}, line {number}: expected context, a tab and text with [names](relation) in it, the relations "
                f"among {', '.join(RELATIONS)}: {line[:80]!r}."
            )
        found.append(MarkedUtterance(
            text=plain + marked[last:], marks=tuple(marks), shown="shown" in context, asked="asked" in context
        ))  # fmt: skip
    return found


def aligned(one: MarkedUtterance, heard: Sequence[Said]) -> list[tuple[Said, str]]:
    """The marks of an utterance as the spans that the rules heard there, each with the relation it is marked with.

    A mark that nobody heard is learnt as well, since its words say as much. What the rules heard elsewhere is left out.
    """
    found = []
    for start, end, relation in one.marks:
        over = [said for said in heard if said.start < end and said.end > start]
        over = [said for said in over if possible(said.kind)[RELATIONS.index(relation)]]
        kind: Kind = "value" if relation in {"want", "avoid"} else "item"
        found.append((over[0] if over else Said(start, end, kind, "none"), relation))
    return found


def implied(one: Utterance, heard: Sequence[Said]) -> list[tuple[Said, str]]:
    """What the acts of an utterance say of its names, where only one thing can be meant.

    A single verdict on a single item is about it; where nothing is judged or wished, nothing is meant by any name. What
    the rules read of values counts in short plain wishes, so that learning the odd does not unlearn the usual.
    """
    if one.acts <= _PLAIN and len(one.text.split()) <= _SHORT:
        return [(said, said.rule) for said in heard if said.kind in {"value", "number"} and said.rule != "none"]
    verdicts = one.acts & _VERDICTS
    items = [said for said in heard if said.kind in {"item", "pointer"}]
    if not verdicts:
        idle = heard if one.acts <= _WISHLESS else items
        return [(said, "none") for said in idle]
    if len(verdicts) == len(items) == 1 and one.acts <= verdicts | _WISHLESS:
        return [(items[0], next(iter(verdicts)))]
    return []


def _fillings(catalogue: Catalogue) -> dict[str, list[str]]:
    known = sorted(catalogue.items, key=lambda item: -item.popularity)[:200]
    titles = [item.title for item in known]
    people = [person for item in known for person in item.people[:2]]
    fillings = {"item": titles, "item2": titles[::-1], "person": people}
    for name, config in catalogue.domain.facets.items():
        values = [said[0] for said in config.synonyms.values() if said] or list(catalogue.postings(name))
        fillings[name] = values or [name]
    return fillings


def with_pairs(utterances: Sequence[Utterance], seed: int) -> list[Utterance]:
    """The utterances and joined pairs of them, with the acts of both."""
    rng = random.Random(seed)
    single = [one for one in utterances if not one.acts & _LONELY]
    pairs = []
    for _ in range(int(_PAIRS * len(utterances))):
        one, two = rng.sample(single, 2)
        joint = rng.choice([". ", ", ", " - ", "; ", "! ", " "])
        if one.asked == two.asked:
            pairs.append(Utterance(
                text=one.text.rstrip(".!") + joint + two.text, acts=one.acts | two.acts,
                shown=one.shown or two.shown, asked=one.asked,
            ))  # fmt: skip
    return [*utterances, *pairs]


def in_any_context(utterances: Sequence[Utterance], seed: int) -> list[Utterance]:
    """The utterances, every other one that needs no items on the screen with some: people say them then as well."""
    rng = random.Random(seed)
    return [
        one if one.shown or one.asked else one.model_copy(update={"shown": rng.random() < 0.5}) for one in utterances
    ]
