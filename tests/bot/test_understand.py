"""Understanding without a language model: what people say (utterances.yaml), and what holds of any text."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.records import PERSON_ACTS, Preference, Understanding
from bot.references import Context
from bot.understand import Understander
from retrieval.catalogue import Catalogue

Case = dict[str, Any]
CASES: list[Case] = yaml.safe_load(Path(__file__).with_name("utterances.yaml").read_text(encoding="utf-8"))
NUMBERS = {"decade": "year", "length": "minutes", "age": "suitable_from"}


def context_of(case: Case) -> Context:
    slate = case.get("slate", [])
    return Context(slate=slate, focus=slate[0] if len(slate) == 1 else None)


def either(text: str) -> list[str]:
    return text.split("|")


def number_of(preference: Preference) -> str:
    return NUMBERS.get(preference.facet, preference.facet)


def is_range(preference: Preference) -> bool:
    return preference.low is not None or preference.high is not None


def is_about(pair: list[str], preference: Preference) -> bool:
    """Whether a preference is about a [facet, value] pair of a case."""
    facet, value = pair
    named = {preference.facet, preference.role, number_of(preference)} & set(either(facet))
    return bool(named) and (value == "*" or is_range(preference) or preference.value in either(value))


def sides(preference: Preference) -> tuple[float | None, float | None]:
    """(low, high) of what is wanted; "not before 1980" wants what comes after."""
    if preference.polarity > 0 or (preference.low is not None and preference.high is not None):
        return preference.low, preference.high
    low = preference.high + 1 if preference.high is not None else None
    return low, preference.low - 1 if preference.low is not None else None


def lies(wanted: float | str | None, found: float | None) -> bool:
    return found is not None if wanted == "*" else wanted == found


def missing_facets(case: Case, found: Understanding) -> tuple[list[str], list[Preference]]:
    """What of wants, avoids, bounds and hard is not there, and the preferences that are accounted for."""
    said = [p for p in (*found.preferences, *found.constraints) if p.facet != "item"]
    missing: list[str] = []
    known: list[Preference] = []
    for key, sign in (("wants", 1), ("avoids", -1)):
        for pair in case.get(key, []):
            # "Nothing sad" may as well be kept as an upper bound on sadness.
            hits = [p for p in said if is_about(pair, p) and (p.polarity * sign > 0 or is_range(p))]
            missing += [] if hits else [f"{key} {pair}"]
            known += hits
    for number, low, high in case.get("bounds", []):
        ranges = [p for p in said if is_range(p) and number_of(p) == number]
        hits = [p for p in ranges if lies(low, sides(p)[0]) and lies(high, sides(p)[1])]
        missing += [] if hits else [f"bound {number} {low}..{high}"]
        known += hits
    for hard in case.get("hard", []):
        if not any(hard in (c.value, number_of(c)) for c in found.constraints):
            missing.append(f"constraint {hard}")
    known += [p for p in said if any(is_about(pair, p) for pair in case.get("maybe", []))]
    return missing, known


def wrong_items(case: Case, found: Understanding) -> list[str]:
    """Verdicts on items that are not there, or that nobody gave."""
    left = [(mention.title, mention.relation) for mention in found.mentions]
    wrong = []
    for title, relations in case.get("items", []):
        hit = next((pair for pair in left if pair[0] == title and pair[1] in either(relations)), None)
        if hit is None:
            wrong.append(f"item {title} {relations} missing")
        else:
            left.remove(hit)
    pointed = {title for title, _ in case.get("items", [])} | {case.get("about"), *case.get("targets", [])}
    return wrong + [f"unsaid item {t} {r}" for t, r in left if t not in pointed or r not in {"mention", "ask"}]


def wrong_critiques(case: Case, found: Understanding) -> list[str]:
    moves = {(critique.number, critique.direction) for critique in found.critiques}
    wanted = {(number, direction) for number, direction in case.get("critiques", [])}
    graded = {f for key in ("wants", "avoids", "maybe") for facet, _ in case.get(key, []) for f in either(facet)}
    graded |= {bound[0] for bound in case.get("bounds", [])}
    unsaid = {move for move in moves - wanted if move[0] not in graded}
    return [f"critique {move} missing" for move in wanted - moves] + [f"unsaid critique {move}" for move in unsaid]


def problems(case: Case, found: Understanding, catalogue: Catalogue) -> list[str]:
    """All that is wrong with how a case was understood; empty when nothing is."""
    missing, known = missing_facets(case, found)
    said = [p for p in (*found.preferences, *found.constraints) if p.facet != "item"]
    wrong = [f"{one} missing" for one in missing]
    wrong += [f"unsaid {p.facet} {p.value} {p.polarity:+g}" for p in said if p not in known]
    wrong += [f"act {act} missing" for act in case.get("acts", []) if act not in found.acts]
    wrong += [f"act {act} is there" for act in case.get("not", []) if act in found.acts]
    if "any" in case and not found.acts & set(case["any"]):
        wrong.append(f"none of the acts {case['any']}")
    wrong += wrong_items(case, found) + wrong_critiques(case, found)
    question = found.question
    if "topic" in case and (question is None or question.topic not in either(case["topic"])):
        wrong.append(f"asks {question and question.topic}, not {case['topic']}")
    asked = catalogue.get(question.item_id).title if question and question.item_id else None
    if "about" in case and asked != case["about"]:
        wrong.append(f"asks about {asked}, not {case['about']}")
    names = sorted(e.surface.lower() for e in found.entities if e.value is None and e.item_id is None)
    if names != sorted(name.lower() for name in case.get("unknown", [])):
        wrong.append(f"unknown names {names}, not {case.get('unknown', [])}")
    targets = sorted(catalogue.get(item_id).title for item_id in found.targets)
    if "targets" in case and targets != sorted(case["targets"]):
        wrong.append(f"points at {targets}, not {case['targets']}")
    if case.get("count") != found.quantity:
        wrong.append(f"count {found.quantity}, not {case.get('count')}")
    return wrong


@pytest.mark.parametrize("case", CASES, ids=[case["say"] for case in CASES])
def test_what_people_say(case: Case, understander: Understander, starter: Catalogue) -> None:
    assert problems(case, understander.understand(case["say"], context_of(case)), starter) == []


def test_the_table_is_sound(starter: Catalogue) -> None:
    """Its keys are known, its titles and ids exist, and no two rows are the same."""
    keys = {"say", "slate", "acts", "any", "not", "wants", "avoids", "bounds", "hard", "maybe", "items", "critiques"}
    keys |= {"topic", "about", "unknown", "targets", "count"}
    titles = {item.title for item in starter.items}
    assert len(CASES) >= 150
    rows = [(case["say"], *case.get("slate", [])) for case in CASES]
    assert len(set(rows)) == len(rows)
    for case in CASES:
        assert set(case) <= keys, case
        assert set(case.get("slate", [])) <= set(starter.row), case
        assert {title for title, _ in case.get("items", [])} <= titles, case
        assert set(case.get("targets", [])) | ({case["about"]} if "about" in case else set()) <= titles, case
        acts = {act for key in ("acts", "any", "not") for act in case.get(key, [])}
        assert acts <= set(PERSON_ACTS), case


def test_a_wrong_reading_is_noticed(understander: Understander, starter: Catalogue) -> None:
    found = understander.understand("I loved Heat; a comedy under two hours, no horror")
    right: Case = {
        "wants": [["genre", "Comedy"]], "avoids": [["genre", "Horror"]], "bounds": [["minutes", None, 120]],
        "items": [["Heat", "like"]],
    }  # fmt: skip
    assert problems(right, found, starter) == []
    for key in right:
        assert problems({k: v for k, v in right.items() if k != key}, found, starter), key
    assert problems(right | {"acts": ["undo"]}, found, starter)
    assert problems(right | {"not": ["like"]}, found, starter)
    assert problems(right | {"hard": ["Comedy"]}, found, starter)
    assert problems(right | {"items": [["Heat", "seen"]]}, found, starter)
    assert problems(right | {"unknown": ["Zed"]}, found, starter)
    assert problems(right | {"count": 3}, found, starter)


@pytest.mark.parametrize("case", CASES[::7], ids=[case["say"] for case in CASES[::7]])
def test_what_is_noted_rests_on_the_words(case: Case, understander: Understander) -> None:
    """Spans lie where they say, in order, and every quote is a piece of what was said, if not as loud."""
    text = case["say"]
    found = understander.understand(text, context_of(case))
    assert found.text == text
    for entity in found.entities:
        assert text[entity.start : entity.end] == entity.surface
    assert all(left.end <= right.start for left, right in pairwise(found.entities))
    quoted = [*found.preferences, *found.constraints, *found.critiques, *found.mentions]
    assert all(one.quote and one.quote.lower() in text.lower() for one in quoted)
    assert found.acts
    assert found.acts <= set(PERSON_ACTS)


@given(text=st.text(max_size=120))
@settings(max_examples=150)
def test_any_text_is_understood_somehow(text: str, understander: Understander) -> None:
    found = understander.understand(text, Context(slate=["heat-1995", "up-2009"]))
    assert found.acts
    assert all(text[entity.start : entity.end] == entity.surface for entity in found.entities)


VOCABULARY = """
    no not a the film comedy horror heat up her 80s under two hours like less more second it loved seen and or but by
    with spielberg hanks , . ? i i've something
"""
words = st.sampled_from(VOCABULARY.split())


@given(said=st.lists(words, min_size=1, max_size=14).map(" ".join))
@settings(max_examples=150)
def test_any_jumble_of_words_is_understood_somehow(said: str, understander: Understander) -> None:
    found = understander.understand(said, Context(slate=["heat-1995", "up-2009"], focus="heat-1995"))
    for one in (*found.preferences, *found.constraints):
        assert -1 <= one.polarity <= 1
        assert 0 <= one.strength <= 1
        assert one.low is None or one.high is None or one.low <= one.high


@given(said=st.sampled_from(CASES))
def test_the_same_words_mean_the_same_again(said: Case, understander: Understander) -> None:
    one, other = (understander.understand(said["say"], context_of(said)) for _ in range(2))
    assert one == other


@given(said=st.sampled_from([case for case in CASES if not re.search(r"[A-Z]", case["say"])]))
def test_quotes_and_dashes_of_a_phone_make_no_difference(said: Case, understander: Understander) -> None:
    text = said["say"]
    curly = text.replace("'", "’")  # noqa: RUF001
    one = understander.understand(text, context_of(said))
    other = understander.understand(curly, context_of(said))
    assert one.acts == other.acts
    assert [(p.facet, p.value) for p in one.preferences] == [(p.facet, p.value) for p in other.preferences]
    assert [(m.item_id, m.relation) for m in one.mentions] == [(m.item_id, m.relation) for m in other.mentions]


def test_a_screen_of_nothing_is_nothing_to_point_at(understander: Understander) -> None:
    for text in ("the second one", "I've seen it", "none of these", "that one", "seen them all"):
        found = understander.understand(text)
        assert found.mentions == []
        assert found.targets == []


def test_an_ordinal_beyond_the_screen_points_at_nothing(understander: Understander) -> None:
    found = understander.understand("I've seen the third one", Context(slate=["heat-1995", "up-2009"]))
    assert found.mentions == []
