"""Word, check, release: what a model says is shown only when its notes carry it, and no model can spoil a reply."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import Bot, Reply
from bot.grounding import Checker
from bot.picking import pick_lines
from bot.plan import Line
from bot.rewording import hopeless, named_in_full, problems, small_words
from bot.settings import Settings
from bot.voice import opening
from bot.wording import Spoken
from prompts.loader import load_prompt
from retrieval.catalogue import Catalogue
from retrieval.recommend import Recommender
from retrieval.records import Query, Recommendation
from tests.bot.model_server import Asked, Words, copied, notes_of, serving

PROMPT = load_prompt("en", "pick")
SMALL = small_words(PROMPT)
WISH = "something like Arrival but less sad"


# ---------------------------------------------------------------- the check


def line(head: str, *facts: str, people: tuple[str, ...] = (), titles: tuple[str, ...] = ()) -> Line:
    title, _, year = head.removesuffix(")").partition(" (")
    numbers = [float(word) for word in f"{year} {' '.join(facts)}".split() if word.isdigit()]
    return Line(
        template="pick", slots={"head": head, "because": " and ".join(facts), "hook": ""}, facts=list(facts),
        titles=[title, *titles], people=list(people), numbers=numbers,
    )  # fmt: skip


def wrong(sentence: str, said: Line, checker: Checker) -> list[str]:
    template = f"{said.slots['head']} {said.slots['because']}."
    return problems(sentence, said, template, SMALL, checker)


HEAT = line(
    "Heat (1995)", "is a thriller", "was directed by Michael Mann", "runs 170 minutes", people=("Michael Mann",)
)
LIGHT = line("Contact (1997)", "is close in spirit (a woman gets an answer from the sky)", "is lighter")
CALM = line("Up (2009)", "has no violence", "is mildly frightening")
TOO = line("Jaws (1975)", "feels exciting too")
LIKE = line("Goodfellas (1990)", "is a thriller like Heat", titles=("Heat",))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (HEAT, "Heat (1995) is a thriller, was directed by Michael Mann and runs 170 minutes."),
        (HEAT, "Heat (1995) runs 170 minutes and is a thriller, and it was directed by Michael Mann."),
        (HEAT, "Michael Mann directed Heat (1995), a thriller that runs 170 minutes."),
        (LIGHT, "Contact (1997) is lighter, and it is close in spirit (a woman gets an answer from the sky)."),
        (CALM, "Up (2009) is mildly frightening but has no violence."),
        (LIKE, "Goodfellas (1990) is a thriller, like Heat."),
        (TOO, "Jaws (1975) is another exciting one."),
        (TOO, "Jaws (1975) is also an exciting story."),
    ],
)
def test_a_sentence_that_says_the_notes_passes(said: Line, sentence: str, checker: Checker) -> None:
    assert wrong(sentence, said, checker) == []


@pytest.mark.parametrize(
    ("said", "sentence", "problem"),
    [
        (HEAT, "Heat (1995) is a gripping thriller, was directed by Michael Mann and runs 170 minutes.", "gripping"),
        (HEAT, "Heat (1995) is a thriller and runs 170 minutes.", "left out: directed by michael mann"),
        (HEAT, "Heat (1995) is a thriller that runs 107 minutes and was directed by Michael Mann.", "claim: runs"),
        (HEAT, "Heat (1996) is a thriller, was directed by Michael Mann and runs 170 minutes.", "title"),
        (HEAT, "It is a thriller, was directed by Michael Mann and runs 170 minutes.", "title"),
        (HEAT, "Heat (1995) is a thriller with Michael Mann and runs 170 minutes.", "with"),
        (HEAT, "Heat (1995) is a thriller about Michael Mann, directed in 170 minutes.", "about"),
        (HEAT, "Heat (1995) is a thriller, was directed by Michael Bay and runs 170 minutes.", "claim: directed"),
        (HEAT, "Heat (1995) is a thriller like Alien, was directed by Michael Mann and runs 170 minutes.", "like"),
        (HEAT, "**Heat (1995)** is a thriller, was directed by Michael Mann and runs 170 minutes.", "marks: *"),
        (HEAT, "Heat (1995) is a thriller, was directed by Michael Mann and runs 170 minutes", "whole sentence"),
        (HEAT, "Heat (1995) is a thriller.\nHeat (1995) runs 170 minutes.", "title"),
        (HEAT, "Watch Heat (1995), a thriller directed by Michael Mann that runs 170 minutes.", "watch"),
        (
            HEAT,
            "Title: Heat (1995) Notes: is a thriller, was directed by Michael Mann and runs 170 minutes.",
            "claim: title",
        ),
        (HEAT, "", "title"),
        (
            LIGHT,
            "Contact (1997) is not lighter, and it is close in spirit (a woman gets an answer from the sky).",
            "not",
        ),
        (LIGHT, "Contact (1997) is lighter (a woman gets an answer from the sky) and close in spirit.", "woman"),
        (LIGHT, "Contact (1997) is darker, and it is close in spirit (a woman gets an answer from the sky).", "darker"),
        (CALM, "Up (2009) has violence and is mildly frightening.", "violence"),
        (CALM, "Up (2009) has no violence and is frightening.", "frightening"),
        (CALM, "Up (2009) has no violence and is mildly mildly frightening.", "clumsy"),
        (LIGHT, "Contact (1997) is a close in spirit (a woman gets an answer from the sky), and is lighter.", "clumsy"),
        (TOO, "Jaws (1975) is exciting.", "left out: too"),
        (TOO, "Jaws (1975) is also exciting too.", "claim: too"),
        (CALM, "Up (2009) is also mildly frightening and has no violence.", "claim: too"),
        (TOO, "Jaws (1975) is another exciting.", "clumsy: another exciting"),
        (TOO, "Jaws (1975) is also a exciting story.", "clumsy: a exciting"),
        (LIKE, "Goodfellas (1990) is a thriller like Alien.", "claim: thriller"),
        (LIKE, "Goodfellas (1990) is a thriller.", "claim: thriller"),
    ],
)
def test_a_sentence_that_says_anything_else_fails(said: Line, sentence: str, problem: str, checker: Checker) -> None:
    assert any(problem in one for one in wrong(sentence, said, checker)), wrong(sentence, said, checker)


@pytest.fixture(scope="module")
def lines(starter: Catalogue, recommender: Recommender) -> list[Line]:
    """Picks with notes of every kind."""
    found = []
    for start in range(0, len(starter.items), 3):
        some = starter.items[start : start + 3]
        found += pick_lines([Recommendation(item=item, score=0) for item in some], starter)
    found += pick_lines(recommender.recommend(Query(text="friends on a long journey"), 10), starter)
    return [one for one in found if one.facts]


def test_every_template_sentence_would_pass_the_check(lines: list[Line], checker: Checker) -> None:
    assert len(lines) > 50
    for said in lines:
        assert wrong(f"{said.slots['head']} {said.slots['because']}.", said, checker) == []


@given(data=st.data())
def test_no_word_of_another_pick_gets_in(data: st.DataObject, lines: list[Line], checker: Checker) -> None:
    said, other = data.draw(st.sampled_from(lines)), data.draw(st.sampled_from(lines))
    known = set(f"{said.slots['head']} {said.slots['because']}".lower().replace(",", "").split()) | SMALL.joining
    words = [word for word in other.slots["because"].split() if word.isalpha() and word.lower() not in known]
    if not words:
        return
    own = said.slots["because"].split()
    place = data.draw(st.integers(0, len(own)))
    mixed = " ".join([*own[:place], data.draw(st.sampled_from(words)), *own[place:]])
    assert wrong(f"{said.slots['head']} {mixed}.", said, checker), mixed


@given(data=st.data())
def test_no_word_of_a_note_may_be_lost(data: st.DataObject, lines: list[Line], checker: Checker) -> None:
    said = data.draw(st.sampled_from(lines))
    own = said.slots["because"].split()
    heavy = [
        place for place, word in enumerate(own) if word.strip("(),.").isalpha() and word.lower() not in SMALL.joining
    ]
    place = data.draw(st.sampled_from(heavy))
    shorter = " ".join([*own[:place], *own[place + 1 :]])
    assert wrong(f"{said.slots['head']} {shorter}.", said, checker), shorter


@given(data=st.data())
def test_writing_is_given_up_only_where_the_sentence_could_not_pass(
    data: st.DataObject, lines: list[Line], checker: Checker
) -> None:
    said = data.draw(st.sampled_from(lines))
    sentence = f"{said.slots['head']} {said.slots['because']}."
    assert not any(hopeless(sentence[:end], said, SMALL) for end in range(len(sentence) + 1))
    assert hopeless(f"{sentence[:-1]} and zorbaxian ", said, SMALL)
    assert not hopeless(f"{sentence[:-1]} and zorbaxian", said, SMALL), "the last word may still grow"


def test_a_year_that_the_model_left_out_is_put_back() -> None:
    assert named_in_full("Heat is a thriller.", HEAT) == "Heat (1995) is a thriller."
    assert named_in_full("Heat (1995) is a thriller.", HEAT) == "Heat (1995) is a thriller."
    assert named_in_full("Heated talk.", HEAT) == "Heated talk."


def test_what_the_catalogue_says_of_a_pick_is_never_reworded() -> None:
    said = HEAT.model_copy(update={"slots": {**HEAT.slots, "hook": "A thief is tired."}})
    spoken = Spoken(said, f"{HEAT.slots['head']} {HEAT.slots['because']}. A thief is tired.", "")
    assert opening(spoken) == f"{HEAT.slots['head']} {HEAT.slots['because']}."


# ---------------------------------------------------------------- a whole turn, with a server


@contextmanager
def talking(home: Path, words: Words, deadline: float = 10.0, first: float = 5.0) -> Iterator[tuple[Bot, Asked]]:
    with serving(words) as (address, asked):
        settings = Settings(
            home=home, model=f"openai:test@{address}", deadline_seconds=deadline, first_sentence_seconds=first
        )
        with Bot.create(settings=settings) as bot:
            assert bot.wait_for_model(30)
            assert bot.model_state == "ready"
            yield bot, asked


def turn(bot: Bot, text: str = WISH) -> tuple[Reply, dict[str, object], float]:
    """The reply, what the done event says of the model, and the seconds it took."""
    began = time.monotonic()
    events = list(bot.stream(uuid.uuid4().hex, text))
    seconds = time.monotonic() - began
    done = events[-1].data
    assert [event.kind for event in events[:2]] == ["understood", "items"]
    assert "".join(event.data["text"] for event in events if event.kind == "token") == done["reply"].text
    assert {event.kind for event in events[2:-1]} == {"token"}
    return done["reply"], {key: value for key, value in done.items() if key != "reply"}, seconds


@pytest.fixture(scope="module")
def plain(bot: Bot) -> str:
    """The reply in the words of the templates."""
    return bot.reply(uuid.uuid4().hex, WISH).text


def reworded(message: str, number: int) -> Iterator[str | float | None]:
    """A good answer in words of its own."""
    head, facts = notes_of(message)
    yield f"{head}, it"
    yield f" {facts}."


def test_what_passes_is_said_and_the_rest_of_the_pick_stays(home: Path, plain: str) -> None:
    with talking(home, reworded) as (bot, asked):
        reply, outcome, _ = turn(bot)
    assert reply.text.replace(", it ", " ") == plain
    assert reply.text.count(", it ") == len(reply.items) == 3
    assert outcome["fell_back"] == 0
    assert outcome["tokens"] == 6
    assert outcome["first_token_seconds"] > 0
    assert str(outcome["model"]).startswith("openai:test@")
    assert len(asked.bodies) == 3


def test_every_request_begins_alike_and_ends_with_the_notes_alone(home: Path) -> None:
    with talking(home, copied) as (bot, asked):
        turn(bot, "I like sad things. something like Arrival")
    starts = [body["messages"][:-1] for body in asked.bodies]
    assert len(starts) == 3
    assert all(start == starts[0] for start in starts)
    assert all("I like sad" not in str(body) for body in asked.bodies)
    assert all(body["stream"] for body in asked.bodies)


def test_cards_and_the_lead_come_before_the_model(home: Path) -> None:
    read = threading.Event()
    in_time: list[bool] = []

    def waits_for_the_reader(message: str, number: int) -> Iterator[str | float | None]:
        in_time.append(read.wait(20))
        yield from copied(message, number)

    kinds = []
    with talking(home, waits_for_the_reader, deadline=60, first=40) as (bot, _):
        for event in bot.stream("s", WISH):
            kinds.append(event.kind)
            if kinds.count("token") == 5:
                read.set()
    assert kinds[:2] == ["understood", "items"]
    assert in_time
    assert all(in_time)


def test_a_reply_without_picks_needs_no_model(home: Path) -> None:
    with talking(home, copied) as (bot, asked):
        _, outcome, _ = turn(bot, "thanks")
    assert asked.bodies == []
    assert outcome["tokens"] == 0
    assert outcome["fell_back"] == 0


def test_with_no_model_the_done_event_says_so(bot: Bot) -> None:
    assert bot.model_state == "none"
    assert turn(bot)[1] == {"model": "none", "tokens": 0, "first_token_seconds": None, "fell_back": 0.0}


# ---------------------------------------------------------------- faults


def five_hundred(message: str, number: int) -> Iterator[str | float | None]:
    raise ValueError("broken")
    yield


def dies(message: str, number: int) -> Iterator[str | float | None]:
    yield notes_of(message)[0]
    yield None


def silent(message: str, number: int) -> Iterator[str | float | None]:
    yield 30.0


def trickles(message: str, number: int) -> Iterator[str | float | None]:
    for piece in copied(message, number):
        yield piece
        yield 0.7


def babbles(message: str, number: int) -> Iterator[str | float | None]:
    while True:
        yield "\ufffd\x00 <script>alert(1)</script> **Pulp Fiction** won 11 Oscars! "


def praises(message: str, number: int) -> Iterator[str | float | None]:
    yield f"{notes_of(message)[0]} is a masterpiece by Steven Spielberg, even better than Jaws (1975).\n"


def says_nothing(message: str, number: int) -> Iterator[str | float | None]:
    yield ""


@pytest.mark.parametrize("words", [five_hundred, dies, silent, trickles, babbles, praises, says_nothing])
def test_a_bad_model_costs_fluency_and_at_most_the_deadline(words: Words, home: Path, plain: str) -> None:
    with talking(home, words, deadline=3.0) as (bot, _):
        reply, outcome, seconds = turn(bot)
    assert seconds < 4.0
    assert reply.text == plain
    assert outcome["fell_back"] == 1


def test_a_server_that_is_not_there(home: Path, plain: str) -> None:
    settings = Settings(home=home, model="openai:test@http://127.0.0.1:9/v1", deadline_seconds=3.0)
    with Bot.create(settings=settings) as bot:
        bot.wait_for_model(30)
        reply, outcome, seconds = turn(bot)
    assert reply.text == plain
    assert outcome["fell_back"] == 1
    assert seconds < 4.0


def test_a_server_is_asked_once_more(home: Path) -> None:
    def first_fails(message: str, number: int) -> Iterator[str | float | None]:
        if number == 1:
            raise ValueError("for a moment")
        return copied(message, number)

    with talking(home, first_fails) as (bot, asked):
        _, outcome, _ = turn(bot)
    assert outcome["fell_back"] == 0
    assert len(asked.bodies) == 4


def test_one_bad_sentence_costs_one_sentence(home: Path, plain: str) -> None:
    def second_is_bad(message: str, number: int) -> Iterator[str | float | None]:
        return praises(message, number) if number == 2 else reworded(message, number)

    with talking(home, second_is_bad) as (bot, _):
        reply, outcome, _ = turn(bot)
    assert outcome["fell_back"] == pytest.approx(1 / 3)
    before, after = plain.split("\n\n"), reply.text.split("\n\n")
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True, False]


def test_nobody_waits_the_whole_deadline_for_a_first_sentence(home: Path, plain: str) -> None:
    with talking(home, silent, deadline=10.0, first=1.0) as (bot, _):
        reply, _, seconds = turn(bot)
    assert reply.text == plain
    assert 0.9 < seconds < 2.0


def after_the_first_slow(message: str, number: int) -> Iterator[str | float | None]:
    if number > 1:
        yield 2.0
    yield from copied(message, number)


def test_a_model_that_began_well_has_until_the_deadline(home: Path) -> None:
    with talking(home, after_the_first_slow, deadline=10.0, first=1.0) as (bot, _):
        _, outcome, seconds = turn(bot)
    assert outcome["fell_back"] == 0
    assert seconds > 3


@pytest.mark.parametrize("doing", ["says the next thing", "taps a card"])
def test_whoever_goes_on_ends_the_reply_that_is_still_being_worded(doing: str, home: Path, plain: str) -> None:
    with talking(home, silent, deadline=20.0, first=20.0) as (bot, _):
        events = bot.stream("s", WISH)
        picks = next(event for event in events if event.kind == "items").data["items"]
        first: list[Reply] = []
        reader = threading.Thread(target=lambda: first.extend(e.data["reply"] for e in events if e.kind == "done"))
        reader.start()
        began = time.monotonic()
        if doing == "taps a card":
            assert [belief.item_id for belief in bot.event("s", "seen", picks[0].item.id).seen] == [picks[0].item.id]
        else:
            assert bot.reply("s", "thanks").turn == 2
        assert time.monotonic() - began < 10
        reader.join(5)
        assert [reply.text for reply in first] == [plain]
        assert bot.history("s")[0][1].text == plain


def test_a_silent_model_is_left_alone_for_a_while(home: Path) -> None:
    with talking(home, silent, deadline=6.0, first=6.0) as (bot, asked):
        turn(bot)
        _, outcome, seconds = turn(bot)
    assert seconds < 5
    assert len(asked.bodies) == 1
    assert outcome["fell_back"] == 1


def test_who_stops_listening_stops_the_model_and_keeps_the_turn(home: Path, plain: str) -> None:
    def endless(message: str, number: int) -> Iterator[str | float | None]:
        yield f"{notes_of(message)[0]} "
        while True:
            yield 0.05
            yield "is "

    with talking(home, endless, deadline=20.0) as (bot, asked):
        events = bot.stream("s", WISH)
        for event in events:
            if event.kind == "token":
                break
        began = time.monotonic()
        events.close()  # type: ignore[attr-defined]
        assert time.monotonic() - began < 10
        ((said, reply),) = bot.history("s")
        assert (said, reply.text) == (WISH, plain)
        assert len(bot.reply("s", "who directed the second one?").text) > 10
        assert len(asked.bodies) <= 1
        assert asked.finished == []


def test_a_model_that_cannot_be_loaded_leaves_the_templates(home: Path, tmp_path: Path, plain: str) -> None:
    (tmp_path / "empty").mkdir()
    with Bot.create(home=home, model=f"hf:{tmp_path / 'empty'}") as bot:
        assert not bot.wait_for_model(60)
        assert bot.model_state == "failed"
        reply, outcome, _ = turn(bot)
    assert reply.text == plain
    assert outcome["fell_back"] == 1
