"""A domain in other languages: every file loads, names what the domain has, and can be said."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from retrieval.catalogue import Catalogue
from retrieval.domain import DOMAINS, DomainConfig, Phrases, load_domain, translated, translations
from retrieval.errors import DomainError

PAIRS = [
    (domain.stem, language)
    for domain in sorted(DOMAINS.glob("*.yaml")) if "." not in domain.stem
    for language in translations(load_domain(domain.stem))[1:]
]  # fmt: skip


@pytest.fixture(params=PAIRS, ids=lambda pair: ".".join(pair))
def pair(request: pytest.FixtureRequest) -> tuple[DomainConfig, DomainConfig]:
    """A domain and its translation."""
    name, language = request.param
    base = load_domain(name)
    return base, translated(base, language)


def phrases(domain: DomainConfig) -> dict[str, Phrases]:
    return {name: config.phrases for name, config in [*domain.facets.items(), *domain.numbers.items()]}


def test_it_keeps_what_the_domain_means(pair: tuple[DomainConfig, DomainConfig], starter: Catalogue) -> None:
    base, other = pair
    assert other.language != base.language
    assert list(other.facets) == list(base.facets)
    assert list(other.numbers) == list(base.numbers)
    for name, facet in base.facets.items():
        assert (other.facets[name].role, other.facets[name].fields) == (facet.role, facet.fields)
        # Values are the catalogue's own in every language.
        known = {*facet.synonyms, *starter.postings(name)}
        if facet.role not in {"language", "country"}:  # other catalogues have more of these
            assert {*other.facets[name].synonyms, *other.facets[name].names} <= known, name
    for name, number in base.numbers.items():
        assert (other.numbers[name].role, other.numbers[name].step) == (number.role, number.step)
        assert (other.numbers[name].low is None) == (number.low is None)
        assert (other.numbers[name].high is None) == (number.high is None)
        assert len(other.numbers[name].levels) == len(number.levels)


def test_it_says_what_the_domain_says_in_its_own_words(pair: tuple[DomainConfig, DomainConfig]) -> None:
    base, other = pair
    for name, said in phrases(base).items():
        for part in ("fact", "wish", "unknown"):
            mine, theirs = getattr(phrases(other)[name], part), getattr(said, part)
            assert (mine is None) == (theirs is None), f"{name}.{part}"
            if mine is not None:
                assert mine != theirs or mine == "{value}", f"{name}.{part} is left as it was"
                slots = {slot for _, slot, _, _ in string.Formatter().parse(mine) if slot}
                assert slots <= {"value", "title", "subject"}, f"{name}.{part}: {mine}"
                assert part == "unknown" or "value" in slots, f"{name}.{part}: {mine}"
    for name, facet in base.facets.items():
        assert (other.facets[name].question is None) == (facet.question is None), name
        assert facet.question is None or other.facets[name].question != facet.question, name
        if facet.askable and facet.role not in {"language", "country"}:
            assert set(facet.synonyms) <= set(other.facets[name].names), f"{name}: values without a name"
    assert other.greeting != base.greeting
    assert other.noun.one not in {"", base.noun.one} or other.language in {"fr", "de"}
    assert other.starters


def test_its_questions_are_patterns(pair: tuple[DomainConfig, DomainConfig]) -> None:
    _, other = pair
    asks = [ask for config in [*other.facets.values(), *other.numbers.values()] for ask in config.asks]
    assert asks
    for ask in asks:
        re.compile(ask.replace("{it}", "x"))


def test_a_domain_speaks_its_own_language_and_those_beside_it(tmp_path: Path) -> None:
    source = (
        (DOMAINS / "movies.yaml").read_text(encoding="utf-8").replace("../starter", str(DOMAINS.parent / "starter"))
    )
    (tmp_path / "mine.yaml").write_text(source, encoding="utf-8")
    assert translations(load_domain(tmp_path / "mine.yaml")) == ("en",)
    (tmp_path / "mine.xx.yaml").write_text("greeting: hej\n", encoding="utf-8")
    mine = load_domain(tmp_path / "mine.yaml")
    assert translations(mine) == ("en", "xx")
    assert translated(mine, "xx").greeting == "hej"
    (tmp_path / "mine.xy.yaml").write_text("facets: {smell: {noun: {one: a, many: b}}}\n", encoding="utf-8")
    with pytest.raises(DomainError, match="smell"):
        translated(mine, "xy")
