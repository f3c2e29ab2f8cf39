"""Every name of a catalogue that a person may say, keyed by its folded words."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Literal, NamedTuple

from bot.text import key
from retrieval.catalogue import Catalogue

Form = Literal["full", "partial", "surname", "first", "synonym", "value"]
_PERSON_WEIGHT_FLOOR = 0.05
_FIRST_NAME_DOMINANCE = 3.0
_ARTICLES = {"the", "a", "an"}


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


class Gazetteer:
    """A dictionary from key to names, and blocks of keys for typo-tolerant lookup."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.names: dict[str, list[Name]] = defaultdict(list)
        self.longest = 1
        self.person_roles: dict[str, set[str]] = {}
        self._add_facets(catalogue)
        self._add_numbers(catalogue)
        self._add_people(catalogue)
        self._add_titles(catalogue)
        self.names = dict(self.names)
        for names in self.names.values():
            # Whoever says a whole title means it, however well known a longer one is.
            names.sort(key=lambda name: (name.kind == "item" and name.form == "partial", -name.weight))
        self.longest = min(12, max((found.count(" ") + 1 for found in self.names), default=1))
        blocks: dict[tuple[int, str], list[str]] = defaultdict(list)
        for found in self.names:
            if len(found) >= 5:
                blocks[found.count(" "), found[0]].append(found)
        self.blocks = dict(blocks)

    def _add(self, text_key: str, name: Name) -> None:
        if text_key and not any(
            old.kind == name.kind and old.value == name.value and old.row == name.row for old in self.names[text_key]
        ):
            self.names[text_key].append(name)

    def _add_titles(self, catalogue: Catalogue) -> None:
        for row, item in enumerate(catalogue.items):
            titles = [item.title, *catalogue.values(item, "alias")]
            for number, title in enumerate(titles):
                whole = key(title)
                form: Form = "full" if number == 0 else "synonym"
                self._add(whole, Name("item", item.title, item.popularity, form, row))
                first, _, rest = whole.partition(" ")
                if first in _ARTICLES and rest:
                    self._add(rest, Name("item", item.title, item.popularity, "partial", row))
                head = re.split(r":| - | or: ", title)[0]
                if head != title and len(key(head)) > 3:
                    self._add(key(head), Name("item", item.title, item.popularity * 0.9, "partial", row))

    def _add_people(self, catalogue: Catalogue) -> None:
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
            self._add(" ".join(words), Name("person", person, weight, "full"))
            parts = [word for word in words if word not in {"jr", "sr", "ii", "2", "3"}]
            if len(parts) > 1:
                surnames[parts[-1]].append((weight, person))
                first_names[parts[0]].append((weight, person))
                if len(parts) > 2 and parts[-2] in {"de", "del", "von", "van", "la", "le", "di", "da", "ten", "to"}:
                    surnames[" ".join(parts[-2:])].append((weight, person))
        for surname, people in surnames.items():
            if len(surname) > 3:
                weight, person = max(people)
                self._add(surname, Name("person", person, weight, "surname"))
        for first, people in first_names.items():
            ranked = sorted(people, reverse=True)
            dominant = len(ranked) == 1 or ranked[0][0] > _FIRST_NAME_DOMINANCE * ranked[1][0]
            if len(first) > 3 and dominant and ranked[0][0] > _PERSON_WEIGHT_FLOOR and first not in surnames:
                self._add(first, Name("person", ranked[0][1], ranked[0][0] * 0.5, "first"))

    def _add_facets(self, catalogue: Catalogue) -> None:
        for facet, config in catalogue.domain.facets.items():
            if not config.speaks or config.role in {"person", "alias"}:
                continue
            present = catalogue.postings(facet)
            by_key: dict[str, list[str]] = defaultdict(list)
            for value in present:
                by_key[key(value)].append(value)
            for concept, synonyms in config.synonyms.items():
                forms = {form for said in (concept, *synonyms) for form in _plural_forms(key(said))}
                # A catalogue may write the concept in one of the ways people say it ("sci-fi").
                written = [concept] if concept in present else [v for form in sorted(forms) for v in by_key[form]]
                for value in written or [concept]:
                    for form in forms:
                        self._add(form, Name(facet, value, float(len(present.get(value, ()))), "synonym"))
            for value in present:
                self._add(key(value), Name(facet, value, float(len(present[value])), "value"))

    def _add_numbers(self, catalogue: Catalogue) -> None:
        for number, config in catalogue.domain.numbers.items():
            for direction, pole in ((-1, config.low), (1, config.high)):
                if pole is None:
                    continue
                comparatives = {key(word) for word in pole.comparatives}
                nouns = {key(number)} if config.role == "level" and direction > 0 else set()
                for word in {key(word) for word in (pole.name, *pole.words)} | comparatives | nouns:
                    name = Name(
                        number, pole.name, 0.5, "synonym", direction=direction, comparative=word in comparatives
                    )
                    self._add(word, name)


def _plural_forms(text_key: str) -> set[str]:
    forms = {text_key}
    if " " not in text_key and len(text_key) > 3 and text_key.isalpha():
        if text_key.endswith("y"):
            forms.add(text_key[:-1] + "ies")
        elif not text_key.endswith("s"):
            forms.add(text_key + "s")
    return forms
