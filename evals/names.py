"""Titles, people and years in the text of a reply, and which of them nothing in the conversation supports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import prompts
from bot.records import Item, Profile, Reply
from retrieval.catalogue import Catalogue
from retrieval.records import Record

_TOKEN = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
_SHORT_DECADE = re.compile(r"(?<![\d.])(\d0)['\u2019]?s\b")
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n]\s*|[-*\u2022\u2013\u2014]\s+)[\"'\u201c\u2018(*_]*$")
_YEAR_BEHIND = re.compile(r"[\"'\u201d\u2019*_]*\s*\((?:1[89]|20)\d\d\)")
_LONGEST = 12
_SINGLE_LETTERS = 5


class Unsupported(Record):
    """A name or year in a reply that nothing supports. kind: title, person or year."""

    kind: str
    text: str


class NameFinder:
    """Finds every title and person of a catalogue in a text, in the catalogue's own spelling and case.

    A name that plain speech may also hold counts only with a year in brackets behind it: a single word that
    is short or that the product's own sentences use, or words of which only the first has a capital where a
    sentence begins ("Perfect!" is no title, "Perfect (1985)" is one).
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.ordinary = ordinary_words(catalogue)
        self._kinds: dict[tuple[str, ...], dict[str, str]] = {}
        for name in catalogue.postings("person"):
            self._add(name, "person")
        for item in catalogue.items:
            self._add(item.title, "title")

    @cached_property
    def years(self) -> set[str]:
        """The first and the last year of the catalogue: a reply may say what it covers."""
        years = [item.year for item in self.catalogue.items if item.year is not None]
        return {str(min(years)), str(max(years))} if years else set()

    def find(self, text: str) -> list[tuple[str, str]]:
        """All (kind, name) in a text, left to right, the longest at each place. kind: title or person."""
        tokens = list(_TOKEN.finditer(text))
        found: list[tuple[str, str]] = []
        at = 0
        while at < len(tokens):
            match = self._longest(text, tokens, at)
            if match is None:
                at += 1
                continue
            kind, name, length = match
            found.append((kind, name))
            at += length
        return found

    def _add(self, name: str, kind: str) -> None:
        tokens = tuple(_TOKEN.findall(name))
        if 0 < len(tokens) <= _LONGEST:
            self._kinds.setdefault(tokens, {})[name] = kind

    def _longest(self, text: str, tokens: Sequence[re.Match[str]], at: int) -> tuple[str, str, int] | None:
        for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
            key = tuple(token.group() for token in tokens[at : at + length])
            for name, kind in self._kinds.get(key, {}).items():
                start, end = tokens[at].start(), tokens[at + length - 1].end()
                if text[start:end] == _bare(name) and not self._plain_speech(text, start, end, key):
                    return kind, name, length
        return None

    def _plain_speech(self, text: str, start: int, end: int, key: tuple[str, ...]) -> bool:
        if _YEAR_BEHIND.match(text[end:]):
            return False
        capitals = sum(word[0].isupper() or word[0].isdigit() for word in key)
        if capitals == 0 or (capitals == 1 and _SENTENCE_START.search(text[:start])):
            return True
        return len(key) == 1 and (len(key[0]) < _SINGLE_LETTERS or key[0].casefold() in self.ordinary)


def _bare(name: str) -> str:
    """A name from its first to its last word, without marks around it."""
    spans = list(_TOKEN.finditer(name))
    return name[spans[0].start() : spans[-1].end()]


def ordinary_words(catalogue: Catalogue) -> set[str]:
    """Words of the product's own sentences, its domain file and the facet values people speak, in lower case."""
    folder = Path(prompts.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if _is_prompt(path)]
    texts.append(json.dumps(catalogue.domain.model_dump(mode="json"), ensure_ascii=False))
    people = set(catalogue.domain.facets_of("person"))
    spoken = [name for name, facet in catalogue.domain.facets.items() if facet.speaks and name not in people]
    texts += [value for name in spoken for value in catalogue.postings(name) if len(value.split()) <= 3]
    return {word.casefold() for text in texts for word in _TOKEN.findall(text)}


def _is_prompt(path: Path) -> bool:
    return path.is_file() and path.suffix not in {".py", ".pyc"}


class Support:
    """All that a reply may speak of in one session: grows turn by turn."""

    def __init__(self, finder: NameFinder) -> None:
        self.finder = finder
        self._said: list[str] = []
        self._items: dict[str, Item] = {}
        self._years: set[str] = set(finder.years)

    def check(self, said: str, reply: Reply, before: Profile, after: Profile) -> list[Unsupported]:
        """What in a reply is supported by nothing said, believed, shown before or asked about."""
        self._said.append(said)
        self._years |= _years_of_decades(said)
        self._take_profile(before)
        self._take_profile(after)
        for entity in reply.understanding.entities:
            # "Which one do you mean?" names those that the same words may mean.
            self._take_items([entity.item_id, *entity.alternatives])
            self._said += [entity.value] if entity.value else []  # the whole name of whom the person named in part
        self._take_items([reply.understanding.question.item_id] if reply.understanding.question else [])
        self._take_items(reply.understanding.targets)
        self._take_items(recommendation.item.id for recommendation in reply.items)
        known = "\n".join([*self._said, *(_facts(item) for item in self._items.values())])
        low = known.casefold()
        found = [
            Unsupported(kind=kind, text=name)
            for kind, name in self.finder.find(reply.text)
            if not _occurs(_bare(name).casefold(), low)
        ]
        years = self._years | set(_YEAR.findall(known))
        found += [Unsupported(kind="year", text=year) for year in _YEAR.findall(reply.text) if year not in years]
        return found

    def _take_profile(self, profile: Profile) -> None:
        for belief in profile.all():
            self._said += [belief.label, belief.value, *(evidence.quote for evidence in belief.evidence)]
            self._take_items([belief.item_id])
            self._years |= {str(int(end)) for end in (belief.low, belief.high) if end is not None}

    def _take_items(self, item_ids: Iterable[str | None]) -> None:
        for item_id in item_ids:
            if item_id is not None and item_id in self.finder.catalogue.row:
                self._items.setdefault(item_id, self.finder.catalogue.get(item_id))


def _facts(item: Item) -> str:
    """What the catalogue says of an item, as text."""
    values = [value for facet in item.facets.values() for value in facet]
    numbers = [f"{number:g}" for number in item.numbers.values()]
    return "\n".join([item.title, *values, *numbers, item.text])


def _occurs(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _years_of_decades(said: str) -> set[str]:
    """Both centuries' readings of "the 80s", first and last year of each."""
    decades = [int(found) for found in _SHORT_DECADE.findall(said)]
    decades += [int(year) for year in _YEAR.findall(said) if year.endswith("0")]
    firsts = [decade + century for decade in decades for century in ((0,) if decade > 99 else (1900, 2000))]
    return {str(year) for first in firsts for year in (first, first + 9)}
