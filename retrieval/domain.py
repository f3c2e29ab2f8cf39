"""DomainConfig: what a catalogue's fields mean and how people speak of them. One YAML file a domain."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retrieval.errors import DomainError
from retrieval.plain_yaml import read_yaml

DOMAINS = Path(__file__).parent / "domains"
SCALES = frozenset({"axis", "fame"})
"""Roles of numbers in 0..1 between two named ends."""


class Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))


class Noun(Config):
    """Forms of the word for an item."""

    one: str
    many: str


class Verb(Config):
    """Forms of what people do with an item: "watch", "watched", "watching"."""

    base: str
    past: str
    gerund: str


class Phrases(Config):
    """How a fact of this facet is said. `{value}`, `{title}`, `{subject}` are filled in; None = not said.

    fact: a predicate after the title ("was directed by {value}"); wish: after "you asked for"
    ("something by {value}"); tag: a short label on a card; unknown: when the record does not say.
    """

    fact: str | None = None
    wish: str | None = None
    tag: str | None = None
    unknown: str | None = None


class FacetConfig(Config):
    """A facet with text values.

    role: what it is to the conversation: genre, person, theme, mood, pace, language, country, series,
    alias, award or other. fields: catalogue fields that fill it. speaks: whether people name its
    values in conversation (then they are linked in text). synonyms: catalogue string -> ways to say it.
    askable: how readily people
    answer a question about it, 0 (never ask) to 1. similar: what a shared value is worth when items are compared.
    main: how many of an item's values count, from the front; None counts all.
    unsaid: values that are matched but do not fit the `fact` phrase.
    names: catalogue value -> how it is said inside a sentence of the language; a value without one is said as it is.
    groups: name -> the values that it stands for ("Asia"), with "*" for any letters ("Academy Award*"); values with a
    minus before them stand for all others. People name groups and synonyms even where values are not spoken.
    narrower: catalogue value -> values that are kinds of it; whoever wants none of it wants none of these.
    opposites: catalogue value -> values that no item may have for whoever wishes for it.
    infer: whether `rapport catalog enrich` may infer it, into the first of its fields.
    asks: regular expressions of questions it answers ("who directed").
    """

    role: str
    fields: tuple[str, ...]
    speaks: bool = True
    askable: float = 0.0
    similar: float = 0.0
    main: int | None = Field(None, ge=1)
    noun: Noun | None = None
    question: str | None = None
    phrases: Phrases = Phrases()
    synonyms: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    definitions: dict[str, str] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict)
    unsaid: tuple[str, ...] = ()
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    narrower: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    opposites: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    infer: bool = False
    asks: tuple[str, ...] = ()


class Pole(Config):
    """One end of a number: its name ("light"), the words that point there, and the facet values that go with it."""

    name: str
    words: tuple[str, ...] = ()
    comparatives: tuple[str, ...] = ()
    signs: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class NumberConfig(Config):
    """A number of the catalogue: year, length, a tone axis, a content level.

    role: year, length, age, axis, level, fame or other; fame is of no field, but the share of the catalogue that is
    less well known. step: how far one critique moves, in the unit.
    unit: singular and plural, for wording. levels: names of 0, 1, 2, ... for a level. similar: what an equal value is
    worth when items are compared; one that lies further away than the catalogue's spread takes off as much.
    infer: whether `rapport catalog enrich` may infer it, into the first of its fields.
    """

    role: str
    fields: tuple[str, ...] = ()
    unit: Noun | None = None
    low: Pole | None = None
    high: Pole | None = None
    step: float = 1.0
    similar: float = 0.0
    levels: tuple[str, ...] = ()
    phrases: Phrases = Phrases()
    infer: bool = False
    asks: tuple[str, ...] = ()


class OccasionConfig(Config):
    """When, with whom or what for items are wanted, and what suits that: it guides and never binds.

    kind: of several occasions of a kind (company, season) the last one said holds. label: how it reads in a sentence
    ("for a date"). said: regular expressions of the words for it, in lower case without accents. suits: facet -> value
    -> how well it fits, -1..1. at_most: number -> what it should not exceed, in the number's unit.
    """

    kind: str
    label: str
    said: tuple[str, ...] = ()
    suits: dict[str, dict[str, Annotated[float, Field(ge=-1, le=1)]]] = Field(default_factory=dict)
    at_most: dict[str, float] = Field(default_factory=dict)


class DomainConfig(Config):
    name: str
    language: str = "en"
    """The language that its phrases and synonyms are in; values keep the catalogue's own strings in all of them."""
    item_names: dict[str, tuple[str, ...]] = Field(default_factory=dict, exclude=True)
    """What items are called in this language, by "Title (Year)"; for any catalogue that has them."""
    person_names: dict[str, tuple[str, ...]] = Field(default_factory=dict, exclude=True)
    file: str = Field("", exclude=True)
    noun: Noun
    called: tuple[str, ...] = ()
    verb: Verb
    text: tuple[str, ...] = ("text", "description")
    image: tuple[str, ...] = ("image",)
    url: tuple[str, ...] = ("url",)
    popularity: tuple[str, ...] = ("popularity",)
    kin: str | None = None
    """A catalogue field with links between items: a list of {id, reason}."""
    praise: str | None = None
    """A catalogue field with a sentence on why people love an item, from which descriptions are learnt too."""
    asked_for: str | None = None
    """A catalogue field with sentences that somebody might say who wants this item without knowing it."""
    proper: tuple[str, ...] = ()
    """Names among facet values, which keep their capitals in a sentence; languages and countries do anyway."""
    unrecorded: tuple[str, ...] = ()
    """Regular expressions of questions that no record of this domain answers ("where can I watch it")."""
    ignore: tuple[str, ...] = ()
    greeting: str
    starters: tuple[str, ...] = ()
    facets: dict[str, FacetConfig]
    numbers: dict[str, NumberConfig]
    occasions: dict[str, OccasionConfig] = Field(default_factory=dict)

    def facets_of(self, role: str) -> list[str]:
        """Facet names that have a role, in file order."""
        return [name for name, facet in self.facets.items() if facet.role == role]

    def number_of(self, role: str) -> str | None:
        """The first number with a role, or None."""
        return next((name for name, number in self.numbers.items() if number.role == role), None)

    @cached_property
    def person_nouns(self) -> tuple[str, ...]:
        """What people of this domain are called ("director"), one word a facet."""
        return tuple(f.noun.one for f in self.facets.values() if f.role == "person" and f.noun is not None)

    @property
    def item_words(self) -> tuple[str, ...]:
        """What an item is called: the noun, its plural, and the other words for it."""
        return (self.noun.one, self.noun.many, *self.called)

    @cached_property
    def kind_words(self) -> frozenset[str]:
        """Words, in lower case, that name a genre or a mood: as a theme they would say nothing new."""
        words: set[str] = set()
        for facet in self.facets.values():
            if facet.role in {"genre", "mood"}:
                for value, synonyms in facet.synonyms.items():
                    words |= {value.lower(), *(synonym.lower() for synonym in synonyms)}
        return frozenset(words)

    @cached_property
    def field_to_facet(self) -> dict[str, str]:
        return {field: name for name, facet in self.facets.items() for field in facet.fields}

    @cached_property
    def field_to_number(self) -> dict[str, str]:
        return {field: name for name, number in self.numbers.items() for field in number.fields}


def load_domain(name_or_path: str | Path) -> DomainConfig:
    """Read a domain by name (a file in retrieval/domains) or by path.

    A key `vocabulary` names a YAML file, relative to the domain file, whose sections give synonyms and
    definitions to facets and words to the poles of numbers (see docs/catalogue.md).

    Raises DomainError when the file is missing or does not fit the schema.
    """
    path = Path(name_or_path)
    if path.suffix not in {".yaml", ".yml"}:
        path = DOMAINS / f"{name_or_path}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in DOMAINS.glob("*.yaml") if "." not in file.stem))
        raise DomainError(f"No domain '{name_or_path}'. Known domains: {known}; or give the path of a YAML file.")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        vocabulary = data.pop("vocabulary", None)
        if vocabulary:
            _merge_vocabulary(data, yaml.safe_load((path.parent / vocabulary).read_text(encoding="utf-8")))
        return DomainConfig.model_validate({**data, "file": str(path)})
    except (yaml.YAMLError, ValidationError, OSError, AttributeError, KeyError) as error:
        raise DomainError(f"Domain file {path} cannot be used: {error}") from error


@lru_cache(maxsize=32)
def _translation(path: Path) -> dict[str, Any] | None:
    return read_yaml(path) if path.is_file() else None


def translations(domain: DomainConfig) -> tuple[str, ...]:
    """The languages a domain can speak: its own, then those with a file beside its own."""
    path = Path(domain.file)
    found = path.parent.glob(f"{path.stem}.*.yaml") if domain.file else ()
    return (domain.language, *sorted(file.suffixes[0][1:] for file in found))


def translated(domain: DomainConfig, language: str) -> DomainConfig:
    """The domain in another language: what `<domain>.<language>.yaml` beside its file says, over the domain itself.

    Names, roles and fields stay; phrases, questions and words for things are the language's own, and what it leaves
    out of
    a facet's synonyms cannot be said in it. Without such a file only the language changes: values are said and heard as
    the catalogue writes them. A key `called_there` names a file with `titles` ("Title (Year)") and `people` and what
    they
    are called in the language.

    Raises DomainError when the file does not fit the schema or names an unknown facet or number.
    """
    if language == domain.language:
        return domain
    path = Path(domain.file).with_suffix(f".{language}.yaml")
    said = (_translation(path) if domain.file else None) or {}
    data = domain.model_dump() | {"language": language, "file": domain.file}
    try:
        for section in ("facets", "numbers", "occasions"):
            for name, own in said.get(section, {}).items():
                data[section][name] |= own
        for name, facet in data["facets"].items():
            own = said.get("facets", {}).get(name, {})
            facet["synonyms"], facet["asks"] = own.get("synonyms", {}), own.get("asks", ())
        for name, number in data["numbers"].items():
            number["asks"] = said.get("numbers", {}).get(name, {}).get("asks", ())
        for name, occasion in data["occasions"].items():
            occasion["said"] = said.get("occasions", {}).get(name, {}).get("said", ())
        apart = {"facets", "numbers", "occasions", "called_there"}
        data |= {key: value for key, value in said.items() if key not in apart}
        called = read_yaml(path.parent / said["called_there"]) if "called_there" in said else {}
        data |= {"item_names": called.get("titles") or {}, "person_names": called.get("people") or {}}
        return DomainConfig.model_validate(data)
    except (ValidationError, AttributeError, KeyError, TypeError, OSError, yaml.YAMLError) as error:
        raise DomainError(f"Translation {path} of the domain cannot be used: {error}") from error


def _merge_vocabulary(data: dict[str, dict[str, dict]], vocabulary: dict[str, dict]) -> None:  # type: ignore[type-arg]
    for facet in data["facets"].values():
        section = vocabulary.get(facet.pop("vocabulary", ""), {})
        synonyms = facet.setdefault("synonyms", {})
        for value, entry in section.items():
            synonyms[value] = [*entry.get("synonyms", []), *synonyms.get(value, [])]
        facet["definitions"] = {value: entry["definition"] for value, entry in section.items()}
    for name, number in data["numbers"].items():
        axis = vocabulary.get("axes", {}).get(name)
        level = vocabulary.get("content", {}).get(number.pop("vocabulary", name))
        for end in ("low", "high"):
            if axis:
                pole = number.setdefault(end, {"name": axis[end]["name"]})
                pole["words"] = [*pole.get("words", []), *axis[end].get("synonyms", [])]
        if level:
            pole = number.setdefault("high", {"name": name})
            pole["words"] = [*pole.get("words", []), *level.get("synonyms", [])]
