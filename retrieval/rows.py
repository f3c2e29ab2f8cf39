"""One row of a catalogue file: a plain record in, the typed fields of an Item out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, NoReturn

from retrieval.domain import DomainConfig
from retrieval.errors import CatalogueError

MAX_TEXT = 4_000
INFERRED = "inferred"
"""The field that says which values of a record are estimates: {"moods": {"tense": 0.8}, "tone.light_dark": 0.7}."""
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NUMERIC = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"([+-]?\d{1,4})-\d{1,2}(-\d{1,2})?(T.*)?")
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&")
# White space, control characters, and the marks that reverse the direction of whatever is printed after them.
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


class BadRowError(CatalogueError):
    """One row cannot be used; caught by the import, which reports it and goes on."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class RowReader:
    """Turns records of one file into the fields of Item, by what the domain says each field is."""

    def __init__(self, domain: DomainConfig) -> None:
        self.domain = domain
        self.year = domain.number_of("year")
        self.numbers = {*domain.field_to_number, *domain.popularity}
        self.facets = set(domain.field_to_facet)
        apart = {"id", "title", *domain.text, *domain.image, *domain.url, *domain.ignore}
        self.apart = apart - self.facets - self.numbers
        self.known = self.apart | self.facets | self.numbers
        self.genres = _fields(domain, "genre")
        self.people = _fields(domain, "person")

    def cell(self, name: str, cell: str) -> Any:
        """What a cell of a CSV file stands for: None, a number, a list or text."""
        value = cell.strip()
        if not value:
            return None
        if name in self.apart or name in self.numbers:
            return value
        if name not in self.facets and _NUMERIC.fullmatch(value):
            return float(value)
        if value.startswith("[") and not SURROGATE.search(value):
            try:
                return json.loads(value, parse_constant=refuse_constant)
            except (ValueError, RecursionError):
                return value
        separator = "|" if "|" in value else ";"
        return value.split(separator) if separator in value else value

    def draft(self, record: dict[str, Any]) -> dict[str, Any]:
        """The fields of Item, all but `popularity`. Raises BadRowError naming the field at fault."""
        item_id = _name(record, "id")
        title = plain_text(_name(record, "title"))
        if not title:
            raise BadRowError("title", "nothing is left once HTML tags are removed")
        estimates = record.get(INFERRED)
        if isinstance(estimates, dict):
            flat = dict(_flatten({field: value for field, value in record.items() if field != INFERRED}))
        else:
            flat = dict(_flatten(record))
        facets: dict[str, list[str]] = {}
        numbers: dict[str, float] = {}
        for field, value in flat.items():
            if field in self.numbers or (field not in self.known and _is_number(value)):
                numbers[field] = self._number(field, value)
            elif field in self.facets:
                facets[field] = _values(value, (str, int, float))
            elif field not in self.known:
                facets[field] = _values(value, (str,))
        facets = {field: values for field, values in facets.items() if values}
        year = next((numbers[field] for field in self._year_fields() if field in numbers), None)
        return {
            "id": item_id,
            "title": title,
            "year": None if year is None else int(year),
            "genres": _merge(facets, self.genres),
            "people": _merge(facets, self.people),
            "facets": facets,
            "numbers": numbers,
            "text": _text(flat, self.domain.text),
            "image": _first(flat, self.domain.image),
            "url": _first(flat, self.domain.url),
            "inferred": self._inferred(estimates) if isinstance(estimates, dict) else {},
            "source": record,
        }

    def _inferred(self, estimates: dict[str, Any]) -> dict[str, dict[str, float] | float]:
        """Confidences by the domain's names of facets and numbers."""
        found: dict[str, dict[str, float] | float] = {}
        for field, given in estimates.items():
            where = f"{INFERRED}.{field}"
            if field in self.domain.field_to_facet and isinstance(given, dict):
                confidences = {value: _confidence(f"{where}.{value}", one) for value, one in given.items()}
                found[self.domain.field_to_facet[field]] = confidences
            elif field in self.domain.field_to_number:
                found[self.domain.field_to_number[field]] = _confidence(where, given)
            else:
                raise BadRowError(where, "expected a facet's field with {value: confidence}, or a number's with one")
        return found

    def _year_fields(self) -> tuple[str, ...]:
        return self.domain.numbers[self.year].fields if self.year else ()

    def _number(self, field: str, value: Any) -> float:
        text = value.strip() if isinstance(value, str) else ""
        if text and field in self._year_fields() and (date := _DATE.fullmatch(text)):
            text = date.group(1)
        try:
            number = float(text) if isinstance(value, str) else float(value) if _is_number(value) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise BadRowError(field, f"expected a number, got {kind_of(value)}")
        return number


def _confidence(field: str, value: Any) -> float:
    if not _is_number(value) or not 0 <= value <= 1:
        raise BadRowError(field, f"expected a confidence from 0 to 1, got {kind_of(value)}")
    return float(value)


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number; leave the field out")


def _fields(domain: DomainConfig, role: str) -> tuple[str, ...]:
    return tuple(field for name in domain.facets_of(role) for field in domain.facets[name].fields)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def kind_of(value: Any) -> str:
    if isinstance(value, (str, int, float)):
        return repr(value)[:60]
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else "null"


def _name(record: dict[str, Any], field: str) -> str:
    """A required field as text; whole numbers are accepted, for ids and for titles such as 1984."""
    value = record.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None or value == "":
        raise BadRowError(field, "is missing; every row needs one")
    if not isinstance(value, str):
        raise BadRowError(field, f"expected text, got {kind_of(value)}")
    if not (text := _BLANK.sub(" ", value).strip()):
        raise BadRowError(field, "is blank; every row needs one")
    return text


def _flatten(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Fields with dotted names ("content.violence"), nulls and empty strings left out."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        elif value is not None and value != "":
            yield prefix + key, value


def _values(value: Any, kinds: tuple[type, ...]) -> list[str]:
    """Facet values as written, each once; a list that holds anything but `kinds` gives none."""
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    parts = [part for part in (value if isinstance(value, list) else [value]) if part is not None]
    if not all(isinstance(part, kinds) and not isinstance(part, bool) for part in parts):
        return []
    return list(dict.fromkeys(text for part in parts if (text := str(part).strip())))


def _merge(facets: dict[str, list[str]], fields: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(value for field in fields for value in facets.get(field, ())))


def _first(flat: dict[str, Any], fields: tuple[str, ...]) -> str | None:
    found = (flat.get(field) for field in fields)
    return next((value.strip() for value in found if isinstance(value, str) and value.strip()), None)


def _text(flat: dict[str, Any], fields: tuple[str, ...]) -> str:
    parts: list[str] = []
    for field in fields:
        value = flat.get(field)
        for piece in value if isinstance(value, list) else [value]:
            plain = plain_text(piece) if isinstance(piece, str) else ""
            if plain and not any(plain in part for part in parts):
                parts.append(plain)
    return " ".join(parts)[:MAX_TEXT].rstrip()


class _Stripper(HTMLParser):
    """Collects the text between tags; what script and style hold is not text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in {"script", "style"}
        if tag in {"br", "p", "div", "li", "tr", "td", "h1", "h2", "h3"}:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"script", "style"} and self.hidden > 0

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def plain_text(markup: str) -> str:
    """Text without HTML tags, entities unescaped, white space squashed."""
    if _MARKUP.search(markup):
        stripper = _Stripper()
        stripper.feed(markup)
        stripper.close()
        markup = "".join(stripper.parts)
    return _BLANK.sub(" ", markup).strip()
