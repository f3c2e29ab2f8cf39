"""From plan to text: every template exists, gets its slots, and is not heard twice running."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import Bot
from bot.events import Worded
from bot.facts import Phrase
from bot.grounding import Checker
from bot.picking import merged
from bot.plan import Claim, Line, ReplyPlan
from bot.store import Store
from bot.wording import word
from prompts.loader import load_taps, load_templates
from retrieval.catalogue import Catalogue

CODE = sorted((Path(__file__).parents[2] / "bot").glob("*.py"))
REPLIES = load_templates("en", "replies").templates
PHRASES = load_templates("en", "phrases").templates
GIVEN = {"noun", "nouns", "verb", "gerund"}


def slots_of(wording: str) -> set[str]:
    """Names of the slots of a wording, without the capital that asks for a sentence's start."""
    names = [slot for _, slot, _, _ in string.Formatter().parse(wording) if slot]
    return {name[0].lower() + name[1:] for name in names}


PLAIN = sorted(key for key, wordings in REPLIES.items() if all(slots_of(w) <= GIVEN for w in wordings))


def lines_in_code() -> Iterator[tuple[str, ast.Call]]:
    """(where, call) of every Line(...) in the code."""
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Line":
                yield f"{path.name}:{node.lineno}", node


def argument(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def constants(node: ast.AST) -> list[str]:
    """Strings that an expression may come to: "a", or "a" if x else "b"."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*constants(node.body), *constants(node.orelse)]
    return []


def test_every_template_named_in_code_exists() -> None:
    named = [(where, key) for where, call in lines_in_code() for key in constants(argument(call, "template") or call)]
    assert len(named) > 20
    assert [(where, key) for where, key in named if key not in REPLIES] == []


def test_every_template_is_used_by_the_code() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in CODE]
    said = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    starts = tuple(
        part.values[0].value
        for tree in trees
        for part in ast.walk(tree)
        if isinstance(part, ast.JoinedStr) and isinstance(part.values[0], ast.Constant) and part.values[0].value
    )
    plain = {key: key.removesuffix("_many").removesuffix("_one") for key in REPLIES}
    used = {key for key in REPLIES if key in said or plain[key] in said or key.startswith(starts)}
    assert sorted(set(REPLIES) - used) == []
    used = {key for key in PHRASES if key in said or key.removesuffix("_short") in said or key.startswith(starts)}
    assert sorted(set(PHRASES) - used) == []
    assert sorted(set(load_taps("en").taps) - said) == []


def test_every_line_written_out_in_code_gives_the_slots_of_its_template() -> None:
    checked = 0
    for where, call in lines_in_code():
        slots = argument(call, "slots")
        if isinstance(slots, ast.Dict) and all(isinstance(key, ast.Constant) for key in slots.keys):
            given_slots = {key.value for key in slots.keys if isinstance(key, ast.Constant)}
        elif slots is None:
            given_slots = set()
        else:
            continue
        for key in constants(argument(call, "template") or call):
            checked += 1
            for wording in REPLIES[key]:
                assert slots_of(wording) <= given_slots | GIVEN, f"{where}: {key}: {wording}"
    assert checked > 15


CONVERSATIONS = [
    ["I'm not keen on musicals", "a comedy from the 90s", "forget the decade", "undo", "about lighthouse keepers"],
    ["I don't like westerns", "I hate horror", "something funny", "drop the western thing"],
    ["hi", "what should I watch?", "recommend something", "surprise me", "thanks", "thanks", "bye", "bye"],
    ["something like Arrival but less sad", "like Heat", "more", "more", "why the first?", "I've seen it", "undo"],
    ["a comedy", "no horror or war", "I hate musicals", "I loved Heat and Up", "I loved Alien", "shorter", "help"],
    ["I hated Fargo", "I hated Jaws and Coco", "seen Psycho", "seen Vertigo and Casablanca", "not the first one"],
    ["what do you know about me?", "undo", "I like thrillers", "what do you know about me?", "start over", "hello"],
    ["a japanese western from the 2010s with bill murray", "something with bill murray", "anything", "why not Aliens?"],
    ["who directed Alien?", "how long is it?", "what is it about?", "did it win any awards?", "compare it with Aliens"],
    ["how many comedies do you have?", "do you have Jaws?", "do you have Zorbaxian Nights?", "how many do you have?"],
    ["anything with Gortrude Plimsworth in it", "a film with Gortrude Plimsworth", "asdf", "what's the weather like?"],
    ["movies by kubrick", "more", "more", "more", "more", "I'll take the second", "perfect"],
    ["from the 80s, under two hours", "in french", "older", "newer", "funnier", "why the second?", "the last one"],
    ["how are you?", "why?", "how long is it?", "compare", "why not?", "how many westerns from the 2020s are there?"],
    ["no horror", "undo", "undo", "no musicals", "I hated Fargo", "seen Heat", "with Zed Quillfeather", "my profile"],
    ["I don't really like musicals", "a thriller", "compare the first and the second", "why not Heat?", "why Up?"],
    ["a comedy", "forget everything about me"],
    ["anything with a zeppelin in it", "closer to what i said please", "something balanced", "forget the lizards"],
    ["something funny", "more variety please", "stick closer to what I said", "surprise me"],
    ["the robbery goes fine, it's the people who fall apart", "how many Finnish musicals do you have?"],
    ["is Tom Hanks in Cast Away?", "is Heat a comedy?", "is it under two hours?", "is it any good?"],
    ["a comedy", "no clowns", "was Tenet any good?", "how long is the first one? and show me something shorter"],
    ["where can I watch the first one?", "where can I watch it?", "what's the oldest film you have?", "gore is fine"],
    ["I loved Nosferatu", "the 1922 one", "something like Scarface", "I can't stand horror", "I love horror"],
]  # fmt: skip


@pytest.fixture(scope="module")
def spoken(indexed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, str, list[str]]]]:
    """(said, reply, templates) of every turn, by session."""
    import shutil

    home = Path(shutil.copytree(indexed, tmp_path_factory.mktemp("spoken") / "home"))
    with Bot.create(home=home, model="none") as bot:
        for number, conversation in enumerate(CONVERSATIONS):
            for text in conversation:
                bot.reply(f"s{number}", text)
        replies = {f"s{number}": bot.history(f"s{number}") for number in range(len(CONVERSATIONS))}
    store = Store.in_home(home)
    found = {}
    for session, turns in replies.items():
        log = store.log(store.person_of(session, None))
        used = {entry.turn: entry.event.templates for entry in log if isinstance(entry.event, Worded)}
        found[session] = [(said, reply.text, used[reply.turn]) for said, reply in turns]
    store.close()
    return found


def test_no_reply_is_empty_or_shows_a_slot(spoken: dict[str, list[tuple[str, str, list[str]]]]) -> None:
    for turns in spoken.values():
        for said, text, templates in turns:
            assert text.strip(), said
            assert templates, said
            assert "{" not in text, f"{said} -> {text}"
            assert "}" not in text, f"{said} -> {text}"
            assert "None" not in text, f"{said} -> {text}"
            assert "  " not in text, f"{said} -> {text}"
            odd = (" .", " ,", "..", "“”", "()", "?.", "!.")
            assert not any(mark in text.replace("...", "") for mark in odd), f"{said} -> {text}"


def test_nearly_every_template_comes_up_in_talk(spoken: dict[str, list[tuple[str, str, list[str]]]]) -> None:
    used = {name.split("/")[0] for turns in spoken.values() for _, _, names in turns for name in names}
    assert used <= set(REPLIES)
    # Whether a count comes out as one depends on the catalogue.
    usual = {key for key in REPLIES if not key.endswith("_one")}
    assert len(used & usual) > 0.75 * len(usual), sorted(usual - used)


def test_no_wording_is_heard_in_two_turns_running(spoken: dict[str, list[tuple[str, str, list[str]]]]) -> None:
    for turns in spoken.values():
        for (_, _, before), (said, _, after) in pairwise(turns):
            for name in set(before) & set(after):
                key = name.split("/")[0]
                # A reply that uses a key more often than it has wordings must repeat one.
                often = sum(one.startswith(f"{key}/") for one in before + after)
                assert often > len(REPLIES[key]) or len(REPLIES[key]) == 1, f"{said}: {name}"


@given(plans=st.lists(st.lists(st.sampled_from(PLAIN), max_size=3, unique=True), max_size=12), first=st.integers(1, 50))
def test_wordings_take_turns(plans: list[list[str]], first: int, starter: Catalogue, checker: Checker) -> None:
    used: list[str] = []
    for turn, keys in enumerate(plans, start=first):
        plan = ReplyPlan(acts={"chitchat"}, lines=[Line(template=key) for key in keys])
        worded = word(plan, starter.domain, checker, used, turn)
        assert worded.rejected == []
        assert [name.split("/")[0] for name in worded.templates] == keys
        for name in worded.templates:
            key, _, number = name.partition("/")
            assert int(number) < len(REPLIES[key])
            recent = [old for old in used[-len(REPLIES[key]) + 1 :] if old.startswith(f"{key}/")]
            assert len(REPLIES[key]) == 1 or name not in recent
        used += worded.templates


def test_a_false_line_gives_way_to_its_plain_form(starter: Catalogue, checker: Checker) -> None:
    false = Claim(item_id="heat-1995", facet="director", value="Steven Spielberg")
    line = Line(
        template="pick", slots={"head": "Heat", "because": "was directed by Steven Spielberg"}, claims=[false],
        titles=["Heat"], plain="Heat.",
    )  # fmt: skip
    plan = ReplyPlan(acts={"recommend"}, lines=[Line(template="ack_surprise"), line])
    worded = word(plan, starter.domain, checker, [], 1)
    assert "Spielberg" not in worded.text
    assert worded.text.endswith("Heat.")
    assert len(worded.rejected) == 1
    without = word(
        plan.model_copy(update={"lines": [line.model_copy(update={"plain": ""})]}), starter.domain, checker, [], 1
    )
    assert without.text == ""
    assert without.templates == []


def test_neighbours_with_one_verb_are_drawn_together() -> None:
    def texts(*said: str) -> list[str]:
        return [phrase.text for phrase in merged([Phrase(text=text, topic=text) for text in said], "en")]

    assert texts("feels cosy", "feels funny", "runs 90 minutes") == ["feels cosy and funny", "runs 90 minutes"]
    assert texts("is a comedy", "is about dogs") == ["is a comedy", "is about dogs"]
    assert texts("feels cosy too", "feels funny") == ["feels cosy too", "feels funny"]
    assert texts("stars Ann Poole", "feels sad") == ["stars Ann Poole", "feels sad"]
