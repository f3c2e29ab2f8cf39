"""The check before anything is shown: what the record supports passes, everything else is caught."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.answering import plan_answer
from bot.grounding import Checker
from bot.picking import pick_lines
from bot.plan import Claim, Line
from bot.records import ItemQuestion, Understanding
from bot.state import SessionState
from prompts.loader import load_templates
from retrieval.catalogue import Catalogue
from retrieval.records import Recommendation

TOPICS = ["director", "actor", "writer", "year", "minutes", "genre", "suitable_from", "violence", "series", "award"]


class Many(list[Any]):
    """A list that does not fill the screen when a test fails."""

    def __repr__(self) -> str:
        return f"<{len(self)} of them>"


class Said(NamedTuple):
    """A line as it would be shown."""

    text: str
    line: Line


def worded(line: Line) -> Said:
    template = load_templates("en", "replies").templates[line.template][0]
    return Said(template.format_map({"noun": "film", "nouns": "films", **line.slots}), line)


@pytest.fixture(scope="session")
def answers(starter: Catalogue) -> list[Said]:
    """A true answer on every topic for every item."""
    found = Many()
    for item in starter.items:
        for topic in TOPICS:
            asked = Understanding(text="?", question=ItemQuestion(topic=topic, item_id=item.id))
            found += [worded(line) for line in plan_answer(asked, SessionState(), starter).lines]
    return found


@pytest.fixture(scope="session")
def people(starter: Catalogue) -> list[str]:
    """Full names of two words or more."""
    return Many(sorted(name for name in starter.postings("person") if len(name.split()) > 1))


def test_every_true_answer_passes(answers: list[Said], starter: Catalogue, checker: Checker) -> None:
    assert len(answers) == len(TOPICS) * len(starter.items)
    assert [said.text for said in answers if checker.problems(said.text, said.line)] == []


def test_every_true_pick_passes(starter: Catalogue, checker: Checker) -> None:
    for item in starter.items:
        for line in pick_lines([Recommendation(item=item, score=0)], starter):
            said = worded(line)
            assert checker.problems(said.text, line) == [], said.text


@given(data=st.data())
def test_another_person_is_always_caught(
    data: st.DataObject, answers: list[Said], people: list[str], checker: Checker
) -> None:
    said = data.draw(st.sampled_from([said for said in answers if said.line.people]))
    named = [name for name in said.line.people if len(name.split()) > 1 and name in said.text]
    assume(named)
    true, false = data.draw(st.sampled_from(named)), data.draw(st.sampled_from(people))
    assume(not any(false in name for name in (*said.line.people, *said.line.titles)))
    text = said.text.replace(true, false)
    assert any(problem.startswith("person") for problem in checker.problems(text, said.line)), text


@given(data=st.data(), year=st.integers(1900, 2030))
def test_another_year_is_always_caught(data: st.DataObject, year: int, answers: list[Said], checker: Checker) -> None:
    said = data.draw(st.sampled_from(answers))
    shown = re.findall(r"\((\d{4})\)", said.text)
    assume(shown and float(year) not in said.line.numbers)
    text = said.text.replace(f"({shown[0]})", f"({year})")
    assert f"number: {year}" in checker.problems(text, said.line), text


@given(data=st.data())
def test_another_title_is_always_caught(
    data: st.DataObject, answers: list[Said], starter: Catalogue, checker: Checker
) -> None:
    titles = [item.title for item in starter.items if len(item.title.split()) > 1]
    said = data.draw(st.sampled_from([said for said in answers if len(said.line.titles[0].split()) > 1]))
    other = data.draw(st.sampled_from(titles))
    mine = said.line.titles[0]
    assume(not any(other in name for name in (*said.line.titles, *said.line.people)))
    text = said.text.replace(mine, other)
    assert checker.problems(text, said.line), text


@given(data=st.data())
def test_any_other_number_is_caught(data: st.DataObject, answers: list[Said], checker: Checker) -> None:
    said = data.draw(st.sampled_from([said for said in answers if re.search(r"\d+ minutes", said.text)]))
    minutes = data.draw(st.integers(1, 400))
    assume(float(minutes) not in said.line.numbers)
    text = re.sub(r"\d+ minutes", f"{minutes} minutes", said.text)
    assert f"number: {minutes}" in checker.problems(text, said.line)


@given(data=st.data())
def test_a_claim_of_another_item_is_false_unless_it_has_it_too(
    data: st.DataObject, answers: list[Said], starter: Catalogue, checker: Checker
) -> None:
    claims = [claim for said in answers for claim in said.line.claims]
    claim = data.draw(st.sampled_from(claims))
    other = data.draw(st.sampled_from(starter.items))
    moved = claim.model_copy(update={"item_id": other.id})
    if claim.number is not None:
        true = starter.number(other, claim.facet) == claim.number
    else:
        true = claim.value in starter.values(other, claim.facet)
    assert checker.holds(claim)
    assert checker.holds(moved) is true


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        (Claim(item_id="heat-1995", facet="director", value="Michael Mann"), True),
        (Claim(item_id="heat-1995", facet="director", value="Steven Spielberg"), False),
        (Claim(item_id="heat-1995", facet="director", value="michael mann"), False),
        (Claim(item_id="heat-1995", facet="minutes", number=170), True),
        (Claim(item_id="heat-1995", facet="minutes", number=171), False),
        (Claim(item_id="heat-1995", facet="minutes", number=1, than="fargo-1996"), True),
        (Claim(item_id="heat-1995", facet="minutes", number=-1, than="fargo-1996"), False),
        (Claim(item_id="heat-1995", facet="minutes", number=1, than="heat-1995"), False),
        (Claim(item_id="gone", facet="minutes", number=170), False),
        (Claim(item_id="heat-1995", facet="nonsense", value="x"), False),
        (Claim(item_id="heat-1995", facet="nonsense", number=1), False),
    ],
)
def test_claims_are_held_against_the_record(claim: Claim, holds: bool, checker: Checker) -> None:
    assert checker.holds(claim) is holds


LINE = Line(
    template="answer", titles=["Heat"], people=["Michael Mann"], numbers=[1995.0],
    claims=[Claim(item_id="heat-1995", facet="director", value="Michael Mann")],
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Heat (1995) was directed by Michael Mann.",
        "Heat was directed by Michael Mann, and it is tense.",
        "It was directed by Michael Mann.",
    ],
)
def test_a_true_line_passes(text: str, checker: Checker) -> None:
    assert checker.problems(text, LINE) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Heat (1996) was directed by Michael Mann.", "number: 1996"),
        ("Heat (1995) was directed by Steven Spielberg.", "person: Steven Spielberg"),
        ("Heat (1995), like Pulp Fiction, was directed by Michael Mann.", "title: Pulp Fiction"),
        ("Heat (1995) won 3 awards and was directed by Michael Mann.", "number: 3"),
        ("Heat (1995) was directed by Michael Mann with Al Pacino.", "person: Al Pacino"),
        ("“Pulp Fiction” and Heat are by Michael Mann.", "title: Pulp Fiction"),
        ("Heat (1995), like Hiroshima mon amour, was directed by Michael Mann.", "title: Hiroshima mon amour"),
        ("Heat (1995), like Superman (2025), was directed by Michael Mann.", "title: Superman (2025"),
    ],
)
def test_a_line_that_adds_something_is_caught(text: str, problem: str, checker: Checker) -> None:
    assert problem in checker.problems(text, LINE)


OLD_AND_NEW = [("superman-1978", 1978), ("superman-2025", 2025)]


@pytest.mark.parametrize(("item_id", "year"), OLD_AND_NEW)
@pytest.mark.parametrize("said", [1978, 2025])
def test_of_two_items_with_one_title_the_year_tells_which(item_id: str, year: int, said: int, checker: Checker) -> None:
    line = Line(template="answer", titles=[checker.catalogue.get(item_id).title], numbers=[year])
    assert (checker.problems(f"Superman ({said}) is exciting.", line) == []) is (said == year)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("The Empire Strikes Back (1980) belongs to the series Star Wars.", True),
        ("Star Wars (1980) belongs to the series Star Wars.", False),
        ("Star Wars (1980) belongs to the series.", False),
        ("Star Wars belongs to the series Star Wars.", False),
        ("The Empire Strikes Back (1980) belongs to the series The Dark Knight.", False),
    ],
)
def test_a_series_may_be_named_like_an_item(text: str, passes: bool, checker: Checker) -> None:
    item = next(item for item in checker.catalogue.items if item.title == "The Empire Strikes Back")
    claim = Claim(item_id=item.id, facet="series", value="Star Wars")
    line = Line(template="answer", titles=[item.title], numbers=[1980], claims=[claim])
    assert (checker.problems(text, line) == []) is passes
    assert checker.problems(text, line.model_copy(update={"claims": []}))


def test_a_false_claim_is_caught_whatever_the_words_say(checker: Checker) -> None:
    line = LINE.model_copy(update={"claims": [Claim(item_id="fargo-1996", facet="director", value="Michael Mann")]})
    assert any(p.startswith("claim") for p in checker.problems("It was directed by Michael Mann.", line))


def test_what_the_person_said_may_be_repeated_and_only_that(checker: Checker) -> None:
    line = LINE.model_copy(update={"quotes": ["by Steven Spielberg from 1993"]})
    assert checker.problems("You said “by Steven Spielberg from 1993”.", line) == []
    assert checker.problems("You said “by Steven Spielberg from 1994”.", line)
    assert checker.problems("You said “with Tom Hanks”.", line) == ["person: Tom Hanks"]
