"""Items as rows of features, from which a linear model can learn what their records do not say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig
from retrieval.index import document_text
from retrieval.records import Item

Floats = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Floats]
"""Texts to unit rows, (n, d)."""

_WORD = r"(?u)\b\w+\b"

# What a block weighs is how readily a ridge uses it. Halving or doubling any of them moves the held-out figures of
# `rapport eval enrichment` in the third decimal.
_WEIGHTS = {"genres": 0.5, "decade": 0.3, "values": 1.0, "vector": 1.0, "words": 1.5}
BLOCKS = tuple(_WEIGHTS)
"""Genres, decade, people and keywords, the embedding, words and pairs of words of the text."""
FROM_TEXT = ("vector", "words")
"""Blocks that an item without a text does not have."""


class View(NamedTuple):
    """Some items of one catalogue and their vectors: unit rows, (n, d)."""

    catalogue: Catalogue
    items: Sequence[Item]
    vectors: Floats

    def take(self, rows: Iterable[int]) -> View:
        """The view of some of its items, by place."""
        chosen = list(rows)
        return View(self.catalogue, [self.items[row] for row in chosen], self.vectors[chosen])


class FeatureSpace:
    """The features that occur in some views, (n, width) for n items; every block has its own columns."""

    def __init__(self, views: Sequence[View]) -> None:
        from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

        domain = views[0].catalogue.domain
        self._genre_of = _genre_names(domain)
        self._learnt = set(learnt_fields(domain))
        tokens = {"analyzer": _as_it_is, "dtype": np.float32}
        makers = {
            "genres": CountVectorizer(binary=True, **tokens),
            "decade": CountVectorizer(binary=True, **tokens),
            "values": TfidfVectorizer(min_df=2, **tokens),
            "words": TfidfVectorizer(
                ngram_range=(1, 2), min_df=3, max_df=0.3, sublinear_tf=True, stop_words="english", dtype=np.float32
            ),
        }
        self._makers: dict[str, Any] = {}
        width = {"vector": views[0].vectors.shape[1]}
        for block, maker in makers.items():
            try:
                maker.fit([found for view in views for found in self._read(view, block)])
            except ValueError:  # nothing occurs often enough, as where no item has a text
                continue
            self._makers[block] = maker
            width[block] = len(maker.vocabulary_)
        self._width = [width.get(block, 0) for block in BLOCKS]

    def columns(self, blocks: Iterable[str]) -> NDArray[np.bool_]:
        """(width,) True for the columns of some blocks."""
        chosen = set(blocks)
        return np.repeat([block in chosen for block in BLOCKS], self._width)

    def rows(self, view: View) -> Floats:
        """(n, width), each block scaled by its weight."""
        return np.hstack([_WEIGHTS[block] * self._block(view, block) for block in BLOCKS])

    def _block(self, view: View, block: str) -> Floats:
        if block == "vector":
            return view.vectors
        if block not in self._makers:
            return np.zeros((len(view.items), 0), dtype=np.float32)
        found: Floats = self._makers[block].transform(self._read(view, block)).toarray()
        return found

    def _read(self, view: View, block: str) -> list[Any]:
        """What a block's vectoriser reads of each item: a text, or tokens."""
        if block == "words":
            return [_prose(item) for item in view.items]
        if block == "genres":
            return [[self._genre_of.get(name.casefold(), name.casefold()) for name in item.genres]
                    for item in view.items]  # fmt: skip
        if block == "decade":
            return [[] if item.year is None else [str(item.year // 10)] for item in view.items]
        return [list(self._values(view.catalogue, item)) for item in view.items]

    def _values(self, catalogue: Catalogue, item: Item) -> Iterator[str]:
        """People, and what a catalogue says of what is to be inferred in other fields than the one that is learnt."""
        for facet, config in catalogue.domain.facets.items():
            if config.role == "person" or config.infer:
                for field in config.fields:
                    if field not in self._learnt:
                        yield from (f"{facet}:{value.casefold()}" for value in item.facets.get(field, ()))


class Clues:
    """What in an item's own words points at each value of the facets to be inferred, whatever other items say."""

    def __init__(self, domain: DomainConfig, labels: Mapping[str, Sequence[str]], encode: Encode) -> None:
        """`labels`: the values of each facet. `encode` is for the definitions of the values."""
        self._learnt = set(learnt_fields(domain))
        self._meanings: dict[str, Floats] = {}
        self._ways: dict[str, tuple[Any, Floats]] = {}
        for facet, values in labels.items():
            config = domain.facets[facet]
            defined = [f"{value}. {config.definitions.get(value, '')}".strip() for value in values]
            self._meanings[facet] = encode(defined)
            self._ways[facet] = _finder([(value, *config.synonyms.get(value, ())) for value in values])

    def rows(self, view: View) -> dict[str, Floats]:
        """For each facet (n, values, 2): the cosine of an item's vector with the value's definition, 0 without a text,
        and 1 where the text, or what the catalogue says in other fields of the facet, has the value or another way to
        say it.
        """
        found = {}
        told = np.array([[bool(item.text)] for item in view.items])
        for facet, (finder, ways) in self._ways.items():
            near = told * (view.vectors @ self._meanings[facet].T)
            said = finder.transform([self._said(view.catalogue, facet, item) for item in view.items])
            found[facet] = np.stack([near, (said @ ways > 0).astype(np.float32)], axis=-1)
        return found

    def _said(self, catalogue: Catalogue, facet: str, item: Item) -> str:
        fields = [field for field in catalogue.domain.facets[facet].fields if field not in self._learnt]
        return " | ".join([_prose(item), *(value for field in fields for value in item.facets.get(field, ()))])


def _finder(ways: Sequence[Sequence[str]]) -> tuple[Any, Floats]:
    """A vectoriser that finds ways to say values, and which value each of its columns says, (columns, values)."""
    from sklearn.feature_extraction.text import CountVectorizer

    words = CountVectorizer(token_pattern=_WORD).build_analyzer()
    phrases = [{" ".join(words(way)) for way in some} - {""} for some in ways]
    known = sorted(set().union(*phrases)) or ["\0"]  # no text has this one
    longest = max((phrase.count(" ") + 1 for phrase in known), default=1)
    finder = CountVectorizer(token_pattern=_WORD, ngram_range=(1, longest), vocabulary=known, dtype=np.float32)
    return finder, np.array([[phrase in some for some in phrases] for phrase in known], dtype=np.float32)


def learnt_fields(domain: DomainConfig) -> list[str]:
    """The catalogue fields that can be inferred: the first of each facet and number marked with `infer`."""
    facets = [config.fields[0] for config in domain.facets.values() if config.infer]
    return facets + [config.fields[0] for config in domain.numbers.values() if config.infer]


def text_to_encode(catalogue: Catalogue, item: Item) -> str:
    """What an item's vector is made from: what the index encodes, without the fields that are to be inferred.

    Of an item that records none of them it is the text of the index, so that no text is encoded twice.
    """
    hidden = set(learnt_fields(catalogue.domain))
    facets = {field: values for field, values in item.facets.items() if field not in hidden}
    return document_text(catalogue, item.model_copy(update={"facets": facets}))


def _prose(item: Item) -> str:
    """The text without the title, which is all there is of some and says nothing of the mood."""
    return f" {item.text} ".replace(f" {item.title} ", " ")


def _genre_names(domain: DomainConfig) -> dict[str, str]:
    """Every way to say a genre, in lower case, to its name in the domain."""
    names: dict[str, str] = {}
    for facet in domain.facets_of("genre"):
        for name, ways in domain.facets[facet].synonyms.items():
            names |= {way.casefold(): names.get(way.casefold(), name) for way in ways}
            names[name.casefold()] = name
    return names


def _as_it_is(tokens: list[str]) -> list[str]:
    return tokens
