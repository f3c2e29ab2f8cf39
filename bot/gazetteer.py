"""Every name of a catalogue that a person may say, keyed by its folded words."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from bot.families import Families
from bot.fuzzy import Near, WordIndex
from bot.lexicon import NEVER, Lexicon, elided, load_lexicon
from bot.text import fold, is_sign, key
from retrieval.catalogue import Catalogue

Form = Literal["full", "partial", "surname", "first", "synonym", "value"]
_PERSON_WEIGHT_FLOOR = 0.05
_FIRST_NAME_DOMINANCE = 3.0
_ARTICLES = {"the", "a", "an"}
_PARTS = {"part", "episode", "chapter", "vol", "volume"}
_SUBTITLE = re.compile(r":\s|\s[-\u2013\u2014]\s|\sor:\s|\uff1a|\u2014")
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")
_DIGIT = re.compile(r"\d")
_DOTS = re.compile(r"[\u00b7\u30fb\u2022\uff0e]")
_TAIL = 0.5  # what a subtitle by itself is worth
_WITH_AN_ARTICLE = 0.7
_BETTER_KNOWN = 3.0
_SPOKEN_OF, _KNOWN, _WELL_KNOWN = 6000, 3000, 1000  # items
_REMEMBERED = 8192


class Name(NamedTuple):
    """One meaning of a key.

    kind: "item", a facet name, or a number name of the domain. `row` is the catalogue row of an item.
    `weight` is how well known the thing is (summed popularity for people). `form` says how the key
    relates to the thing: its whole name, a part of a title, a surname, a first name, a synonym from the
    domain file, or a raw catalogue value. `direction` is the end of a number that the word points at.
    """

    kind: str
    value: str
    weight: float
    form: Form
    row: int = -1
    direction: int = 0
    comparative: bool = False


_Names = defaultdict[str, list[Name]]


class Fame(NamedTuple):
    """Popularity from which an item counts as known or well known, and below which it is obscure.

    People speak of some thousand items, however many a catalogue has.
    """

    obscure: float = 0.1
    known: float = 0.3
    well_known: float = 0.6


class _Part:
    """A dictionary of names in its final order, with what looking things up in it needs."""

    def __init__(self, names: _Names) -> None:
        self.names = dict(names)
        self.reach: dict[str, int] = {}
        for said, meant in self.names.items():
            if len(meant) > 1:
                meant[:] = _in_order(meant)
            first, size = said.partition(" ")[0], said.count(" ") + 1
            self.reach[first] = max(self.reach.get(first, 0), size)
        self.longest = max(self.reach.values(), default=1)
        self.words = WordIndex(self.names)


class Gazetteer:
    """A dictionary from key to names: items and people, and the facet values and qualities of one language."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.person_roles: dict[str, set[str]] = {}
        self.first_names: frozenset[str] = frozenset()
        """First names of two people or more, as keys."""
        things: _Names = defaultdict(list)
        self._add_people(catalogue, things)
        self.families = Families(catalogue, self._add_titles(catalogue, things))
        _add_better_known(things)
        self.fame = _fame_in(catalogue)
        self._things = _Part(things)
        self._speak(catalogue)

    def in_language(self, catalogue: Catalogue) -> Gazetteer:
        """The same items and people, with the words of another language for facet values and for qualities.

        `catalogue` is the same one seen in that language (Catalogue.in_language).
        """
        if catalogue.domain.language == self._language:
            return self
        other = copy.copy(self)
        other._speak(catalogue)
        return other

    def _speak(self, catalogue: Catalogue) -> None:
        self._language = catalogue.domain.language
        values: _Names = defaultdict(list)
        self._add_facets(catalogue, values)
        self._add_numbers(catalogue, values)
        self._add_translations(catalogue, values)
        self._values = _Part(values)
        self.longest = max(self._things.longest, self._values.longest)
        self.near = lru_cache(maxsize=_REMEMBERED)(self._near)

    def named(self, said: str) -> list[Name]:
        """Everything that a key means: facet values and qualities, people, items, each kind best known first."""
        own, shared = self._values.names.get(said), self._things.names.get(said)
        if not own or not shared:
            return [*(own or shared or ())]
        return _in_order({(name.kind, name.value, name.row): name for name in (*own, *shared)}.values())

    def reach(self, word: str) -> int:
        """How many words the longest key has that begins with a word; 0 when none does."""
        return max(self._values.reach.get(word, 0), self._things.reach.get(word, 0))

    def knows(self, said: str) -> bool:
        """Whether a key means anything."""
        return said in self._things.names or said in self._values.names

    def _near(self, word: str) -> tuple[Near, ...]:
        """Words of keys that are a slip or two away from a word, nearest first."""
        found = {*self._things.words.near(word), *self._values.words.near(word)}
        return tuple(sorted(found, key=lambda near: (near.distance, near.key)))

    def _add_translations(self, catalogue: Catalogue, names: _Names) -> None:
        """What the language calls items and people of the catalogue, and how it says names that it would take apart."""
        domain, lexicon = catalogue.domain, load_lexicon(catalogue.domain.language)
        if lexicon.elided == NEVER and not domain.item_names and not domain.person_names:
            return
        for row, item in enumerate(catalogue.items):
            own = {item.title, *catalogue.values(item, "alias")}
            there = domain.item_names.get(f"{item.title} ({item.year})", ())
            for title in (*there, *(title for title in own if elided(fold(title), lexicon) != fold(title))):
                apart = elided(fold(title), lexicon)
                for said, (worth, whole) in _ways_to_say(apart, lexicon.linking.articles).items():
                    form: Form = "synonym" if whole else "partial"
                    _add(names, said, Name("item", item.title, item.popularity * worth, form, row))
        for person in self.person_roles:
            apart = elided(fold(person), lexicon)
            for said in (*domain.person_names.get(person, ()), *([apart] if apart != fold(person) else [])):
                known = (name.weight for name in self._things.names.get(key(person), ()) if name.value == person)
                name = Name("person", person, max(known, default=0.0), "full")
                _add(names, key(said), name)
                _add(names, _family_of_signs(said), name._replace(form="surname"))

    def _add_titles(self, catalogue: Catalogue, names: _Names) -> list[str]:
        """Take in the ways to say each title and alias; the key of every title, by row."""
        keys: list[str] = []
        dull = {*_ARTICLES, *_PARTS, *(key(word) for word in catalogue.domain.item_words)}
        for row, item in enumerate(catalogue.items):
            for number, title in enumerate([item.title, *catalogue.values(item, "alias")]):
                form: Form = "full" if number == 0 else "synonym"
                ways = _ways_to_say(title)
                if number == 0:
                    keys.append(next(iter(ways)))
                for said, (worth, whole) in ways.items():
                    if not whole and all(word in dull or word.isdigit() for word in said.split()):
                        continue  # "part 2" and "the movie" are parts of too many
                    name = Name("item", item.title, item.popularity * worth, form if whole else "partial", row)
                    _add(names, said, name)
        return keys

    def _add_people(self, catalogue: Catalogue, names: _Names) -> None:
        weights: dict[str, float] = defaultdict(float)
        for facet in catalogue.domain.facets_of("person"):
            for person, rows in catalogue.postings(facet).items():
                weights[person] += float(catalogue.popularity[rows].sum()) + 0.001 * len(rows)
                self.person_roles.setdefault(person, set()).add(facet)
        surnames: dict[str, list[tuple[float, str]]] = defaultdict(list)
        first_names: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for person, weight in weights.items():
            words = key(person).split()
            if not words:
                continue
            _add(names, " ".join(words), Name("person", person, weight, "full"))
            if is_sign(words[0]):
                _add(names, _family_of_signs(person), Name("person", person, weight, "surname"))
                continue
            parts = [word for word in words if word not in {"jr", "sr", "ii", "2", "3"}]
            if len(parts) > 1:
                surnames[parts[-1]].append((weight, person))
                first_names[parts[0]].append((weight, person))
                if len(parts) > 2 and parts[-2] in {"de", "del", "von", "van", "la", "le", "di", "da", "ten", "to"}:
                    surnames[" ".join(parts[-2:])].append((weight, person))
        for surname, people in surnames.items():
            if len(surname) > 3:
                weight, person = max(people)
                _add(names, surname, Name("person", person, weight, "surname"))
        for facet in catalogue.domain.facets_of("person"):
            for person, nicknames in catalogue.domain.facets[facet].synonyms.items():
                for nickname in nicknames if person in weights else ():
                    _add(names, key(nickname), Name("person", person, weights[person], "first"))
        self.first_names = frozenset(first for first, people in first_names.items() if len(people) > 1)
        for first, people in first_names.items():
            ranked = sorted(people, reverse=True)
            dominant = len(ranked) == 1 or ranked[0][0] > _FIRST_NAME_DOMINANCE * ranked[1][0]
            if len(first) > 3 and dominant and ranked[0][0] > _PERSON_WEIGHT_FLOOR and first not in surnames:
                _add(names, first, Name("person", ranked[0][1], ranked[0][0] * 0.5, "first"))

    def _add_facets(self, catalogue: Catalogue, names: _Names) -> None:
        lexicon = load_lexicon(catalogue.domain.language)
        for facet, config in catalogue.domain.facets.items():
            if config.role in {"person", "alias"}:
                continue
            present = catalogue.postings(facet)
            by_key: dict[str, list[str]] = defaultdict(list)
            for value in present:
                by_key[key(value)].append(value)
            for concept, synonyms in config.synonyms.items():
                forms = {form for said in (concept, *synonyms) for form in _plural_forms(_heard_key(said, lexicon))}
                # A catalogue may write the concept in one of the ways people say it ("sci-fi").
                written = [concept] if concept in present else [v for form in sorted(forms) for v in by_key[form]]
                for value in written or [concept]:
                    for form in forms:
                        _add(names, form, Name(facet, value, float(len(present.get(value, ()))), "synonym"))
            for value in present if config.speaks else ():
                _add(names, key(value), Name(facet, value, float(len(present[value])), "value"))

    def _add_numbers(self, catalogue: Catalogue, names: _Names) -> None:
        lexicon = load_lexicon(catalogue.domain.language)
        for number, config in catalogue.domain.numbers.items():
            for direction, pole in ((-1, config.low), (1, config.high)):
                if pole is None:
                    continue
                comparatives = {_heard_key(word, lexicon) for word in pole.comparatives}
                nouns = {key(number)} if config.role == "level" and direction > 0 else set()
                for word in {_heard_key(word, lexicon) for word in (pole.name, *pole.words)} | comparatives | nouns:
                    name = Name(
                        number, pole.name, 0.5, "synonym", direction=direction, comparative=word in comparatives
                    )
                    _add(names, word, name)


def _heard_key(said: str, lexicon: Lexicon) -> str:
    """The key of words as a language takes them apart ("l'horreur" -> "l horreur")."""
    return key(elided(fold(said), lexicon))


def _family_of_signs(person: str) -> str:
    """The key of the last name of somebody whose name is written in signs with dots between; else nothing."""
    parts = _DOTS.split(person)
    family = key(parts[-1])
    return family if len(parts) > 1 and is_sign(family) and " " in family else ""


def _fame_in(catalogue: Catalogue) -> Fame:
    least = Fame()
    ranked = sorted(map(float, catalogue.popularity), reverse=True)
    at = [ranked[place] if place < len(ranked) else 0.0 for place in (_SPOKEN_OF, _KNOWN, _WELL_KNOWN)]
    return Fame(*(max(floor, found) for floor, found in zip(least, at, strict=True)))


def _in_order(names: Iterable[Name]) -> list[Name]:
    """Best known first; but whoever says a whole title means it, however well known a longer one is."""
    return sorted(names, key=lambda name: (name.kind == "item" and name.form == "partial", -name.weight))


def _add(names: _Names, said: str, name: Name) -> None:
    """Take in a meaning of a key; of two that are the same thing the more complete form stays."""
    if not said:
        return
    for place, old in enumerate(names[said]):
        if (old.kind, old.value, old.row) == (name.kind, name.value, name.row):
            if old.form == "partial" and name.form != "partial":
                names[said][place] = name
            return
    names[said].append(name)


def _ways_to_say(title: str, articles: Collection[str] = _ARTICLES) -> dict[str, tuple[float, bool]]:
    """Keys under which a title is said: what each is worth, up to 1, and whether it is the whole title."""
    whole = key(title)
    ways = {whole: (1.0, True)}
    initials = title[1:2] in {".", "-", "'"}  # "A.D." has no article
    if "-" in title:
        ways.setdefault(key(_HYPHEN.sub("", title)), (1.0, True))
    parts = _SUBTITLE.split(title)
    pieces = [piece for piece in parts if key(piece)] if len(parts) > 1 else parts
    for count in range(1, len(pieces)):
        head = key(" ".join(pieces[:count]))
        if len(head) > 3:
            ways.setdefault(head, (0.9, False))
    tail = key(pieces[-1]) if len(pieces) > 1 else ""
    if tail.count(" ") > (tail.partition(" ")[0] in articles):
        ways.setdefault(tail, (_TAIL, False))
    for said, (worth, complete) in [*ways.items()] if _DIGIT.search(whole) else ():
        words = said.split()
        numbered = [one in _PARTS and two.isdigit() for one, two in pairwise(words)]
        if any(numbered[1:]):
            ways.setdefault(" ".join(word for word in words if word not in _PARTS), (worth, complete))
    for said, (worth, _) in [*ways.items()]:
        first, _, rest = said.partition(" ")
        if first in articles and rest and not initials:
            ways.setdefault(rest, (worth, False))
    return ways


def _add_better_known(names: _Names) -> None:
    """ "The X" means the title "X" too, where both are titles and that one is much better known."""
    for said in [*names]:
        article, _, rest = said.partition(" ")
        if article in _ARTICLES and rest in names and any(name.kind == "item" for name in names[said]):
            least = max(name.weight for name in names[said]) * _BETTER_KNOWN
            for name in names[rest]:
                if name.kind == "item" and name.form != "partial" and name.weight > least:
                    _add(names, said, name._replace(weight=name.weight * _WITH_AN_ARTICLE, form="synonym"))


def _plural_forms(text_key: str) -> set[str]:
    """A name and, of its last word, the plural as most languages here would have it ("dark comedies")."""
    forms = {text_key}
    last = text_key.rpartition(" ")[2]
    if len(last) > 3 and last.isalpha():
        if last.endswith("y"):
            forms.add(text_key[:-1] + "ies")
        elif not last.endswith("s"):
            forms.add(text_key + "s")
    return forms
