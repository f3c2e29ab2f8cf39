"""Dialogue acts of a piece of text, told by what was learnt from the utterances in bot/utterances.

Two models of one shape: `SentenceActs` reads English through the sentence encoder with low-rank changes (DESIGN
section 4: an act classifier over sentence embeddings); `WordActs` goes by the words alone, for the languages that the
encoder cannot read. bot/act_training.py trains them. Both are told what the rules saw, so they learn where the rules
can be trusted.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.span_relations import RELATIONS, Likely, Said, covered, possible, span_features
from bot.text import fold
from retrieval.bert import Floats
from retrieval.encoder import QueryEncoder, ReadText

FOLDER = Path(__file__).parent / "utterances"

_BUCKETS = 8192
_KEPT, _AT_ONCE = 128, 32  # texts
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[?!]")
_HAN = re.compile(r"[\u3400-\u9fff]")


class Signs(NamedTuple):
    """What the rules saw in a piece of text, and what was on before it.

    names: rule acts, cues and kinds of things named ("cue:undo", "kind:item"). shown: whether items are on the screen.
    asked: whether a question was put.
    """

    names: frozenset[str]
    shown: bool
    asked: bool


class ActModel(Protocol):
    """How likely each act is said; an act counts from its threshold, both in the order of PERSON_ACTS."""

    thresholds: Floats

    def read_ahead(self, texts: Sequence[str]) -> None:
        """Read texts that will be asked about, all at once."""

    def probabilities(self, texts: Sequence[str], signs: Sequence[Signs]) -> Floats:
        """(n, acts) in 0..1."""

    def relations(self, text: str, signs: Signs, spans: Sequence[Said]) -> list[Likely]:
        """What is said of each span of a text; nothing where the model does not know."""


class WordActs:
    """One-vs-rest logistic regression over hashed n-grams and signs."""

    def __init__(self, saved: Mapping[str, NDArray[Any]]) -> None:
        self.thresholds = saved["thresholds"].astype(np.float32)
        self._weights, self._bias = saved["weights"].astype(np.float32), saved["bias"].astype(np.float32)
        self._signs = places(str(name) for name in saved["signs"])

    def read_ahead(self, texts: Sequence[str]) -> None:
        """Nothing: the words of a text are counted when it is asked about."""

    def probabilities(self, texts: Sequence[str], signs: Sequence[Signs]) -> Floats:
        return _logistic(word_features(texts, signs, self._signs) @ self._weights.T + self._bias)

    def relations(self, text: str, signs: Signs, spans: Sequence[Said]) -> list[Likely]:
        return []


class SentenceActs:
    """A linear model per act over the token vectors of a changed encoder and the signs.

    Each act weighs the tokens for itself (attention with one learnt query an act: Lin et al. 2017, section 2), so that
    the half of a sentence that says it is not drowned by the other half. What is said of a span is read off the mean of
    its tokens, which have seen all others, off the acts of the text and off what the rules read.
    """

    def __init__(self, saved: Mapping[str, NDArray[Any]], encoder: QueryEncoder) -> None:
        self.thresholds = saved["thresholds"].astype(np.float32)
        self._encoder = encoder
        self._network = encoder.changed({n.removeprefix("delta."): saved[n] for n in saved if n.startswith("delta.")})
        self._look, self._say, self._sign_weights, self._bias = (
            saved[name].astype(np.float32) for name in ("look", "say", "sign_weights", "bias")
        )
        self._tell, self._rule_weights, self._act_weights, self._tell_bias = (
            saved[name].astype(np.float32) for name in ("tell", "rule_weights", "act_weights", "tell_bias")
        )
        self._signs = places(str(name) for name in saved["signs"])
        # What was read last is mostly asked about again; replaced as a whole, so that threads need no lock.
        self._last: dict[str, ReadText] = {}

    def read_ahead(self, texts: Sequence[str]) -> None:
        for start in range(0, min(len(texts), _KEPT), _AT_ONCE):
            self._read(texts[start : start + _AT_ONCE])

    def probabilities(self, texts: Sequence[str], signs: Sequence[Signs]) -> Floats:
        read = self._read(texts)
        return self._judged([read[text].states for text in texts], signs)

    def _read(self, texts: Sequence[str]) -> dict[str, ReadText]:
        """At least these texts, read."""
        known = self._last
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            earlier = list(known.items())[-_KEPT:]
            known = {**dict(earlier), **{text: known[text] for text in texts if text in known},
                     **dict(zip(new, self._encoder.read(new, self._network), strict=True))}  # fmt: skip
            self._last = known
        return known

    def _judged(self, states: Sequence[Floats], signs: Sequence[Signs]) -> Floats:
        spoken = np.stack([(_softmax(self._look @ one) * (self._say @ one)).sum(axis=1) for one in states])
        return _logistic(spoken + sign_features(signs, self._signs) @ self._sign_weights.T + self._bias)

    def relations(self, text: str, signs: Signs, spans: Sequence[Said]) -> list[Likely]:
        read = self._read([text])[text]
        (acts,) = self._judged([read.states], [signs])
        places = [covered(span, read.offsets) for span in spans]
        rows = [read.states[:, place].mean(axis=1) if place else np.zeros(len(read.states)) for place in places]
        scores = np.stack(rows) @ self._tell.T + span_features(spans) @ self._rule_weights.T + self._tell_bias
        scores = scores + self._act_weights @ acts
        scores = np.where(np.stack([possible(span.kind) for span in spans]), scores, -np.inf)
        return [dict(zip(RELATIONS, map(float, row), strict=True)) for row in _softmax(scores.astype(np.float32))]


def word_features(texts: Sequence[str], signs: Sequence[Signs], known: Mapping[str, int]) -> Floats:
    """One row a text, (n, buckets + signs): its hashed n-grams, of length 1, and its signs in `known`."""
    grams = np.zeros((len(texts), _BUCKETS), dtype=np.float32)
    for row, text in enumerate(texts):
        for gram in n_grams(text):
            grams[row, zlib.crc32(gram.encode()) % _BUCKETS] += 1.0
        grams[row] /= max(float(np.linalg.norm(grams[row])), 1.0)
    return np.hstack([grams, sign_features(signs, known)])


def sign_features(signs: Sequence[Signs], known: Mapping[str, int]) -> Floats:
    """(n, signs): 1 where a sign was seen."""
    flags = np.zeros((len(signs), len(known)), dtype=np.float32)
    for row, seen in enumerate(signs):
        for name in seen_names(seen):
            if name in known:
                flags[row, known[name]] = 1.0
    return flags


def seen_names(signs: Signs) -> set[str]:
    """All names of some signs, the context among them."""
    return {*signs.names, *(["shown"] if signs.shown else []), *(["asked"] if signs.asked else [])}


def known_signs(signs: Sequence[Signs]) -> list[str]:
    """All names that occur in some signs, in order."""
    return sorted({name for one in signs for name in seen_names(one)})


def places(names: Iterable[str]) -> dict[str, int]:
    """The place of each name."""
    return {name: place for place, name in enumerate(names)}


def n_grams(text: str) -> list[str]:
    """Words, pairs of words, and for writing without spaces runs of one to three characters."""
    folded = fold(text)
    if _HAN.search(folded):
        plain = re.sub(r"\s", "", folded)
        return [plain[i : i + size] for size in (1, 2, 3) for i in range(len(plain) - size + 1)]
    words = ["^", *_WORD.findall(folded), "$"]
    return [*words[1:-1], *(f"{one} {two}" for one, two in pairwise(words))]


def load_act_model(language: str, encoder: QueryEncoder | None) -> ActModel | None:
    """The trained model of a language; None where there is none, or where it needs an encoder that is not given."""
    path = FOLDER / f"{language}.npz"
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        saved = {name: file[name] for name in file.files}
    if "look" not in saved:
        return WordActs(saved)
    return SentenceActs(saved, encoder) if encoder is not None else None


def _softmax(scores: Floats) -> Floats:
    grown: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
    share: Floats = grown / grown.sum(axis=1, keepdims=True)
    return share


def _logistic(scores: Floats) -> Floats:
    probable: Floats = (1.0 / (1.0 + np.exp(-scores))).astype(np.float32)
    return probable
