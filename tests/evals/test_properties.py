"""Random dialogues keep their promises; and the oracle that says so sees every kind of broken promise."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from rich.console import Console

from bot import Bot, Profile, Reply
from bot.store import Store
from evals.grammar import Grammar
from evals.moves import Condition, Drop, Move, Shift
from evals.options import PropertyOptions
from evals.oracle import Facts, Oracle, Violation
from evals.properties import Player, print_report, read_moves, replay, run_properties, script, shrink
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError

Doctor = Callable[[Reply, Catalogue], Reply]
_DIALOGUES = 300

NO_HORROR = Condition(facet="genre", values=("Horror",), wanted=False, firm=True)
BEFORE_1990 = Condition(facet="year", high=1989)
RECENT = Shift(number="year", direction=1, absolute=True)
AFTER_1970 = Condition(facet="year", low=1971)


@pytest.fixture(scope="session")
def grammar(starter: Catalogue) -> Grammar:
    return Grammar(starter)


@pytest.fixture(scope="session")
def facts(starter: Catalogue) -> Facts:
    return Facts(starter)


@pytest.fixture
def oracle(facts: Facts) -> Oracle:
    return Oracle(facts)


@pytest.fixture
def player(bot: Bot, oracle: Oracle) -> Player:
    return Player(bot, oracle, uuid.uuid4().hex)


def machine_of(grammar: Grammar) -> type[RuleBasedStateMachine]:
    """A state machine with a rule for every production of the grammar."""

    def rule_of(name: str) -> Any:
        make = grammar.productions[name][1]

        @rule(data=st.data())
        def play(self: Any, data: st.DataObject) -> None:
            move = make(lambda options: data.draw(st.sampled_from(options)), self.player.oracle.scene)
            self.moves.append(move)
            found = self.player.play(move)
            assert not found, f"{[one.detail for one in found]}\n{script(self.moves)}"

        play.__name__ = name.replace(" ", "_")
        return play

    rules = {name.replace(" ", "_"): rule_of(name) for name in grammar.productions}
    return type("Talk", (RuleBasedStateMachine,), rules)


def test_what_was_said_holds_undo_undoes_and_nothing_is_lost(bot: Bot, grammar: Grammar, facts: Facts) -> None:
    """The same dialogues every time; `rapport eval properties --seed N` plays others."""
    talk = machine_of(grammar)

    def begin() -> RuleBasedStateMachine:
        machine: Any = talk()
        machine.player = Player(bot, Oracle(facts), uuid.uuid4().hex)
        machine.moves = []
        return machine  # type: ignore[no-any-return]

    run_state_machine_as_test(
        begin,
        settings=settings(
            max_examples=_DIALOGUES, stateful_step_count=8, derandomize=True, database=None,
            phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )  # fmt: skip


# ---------------------------------------------------------------- the oracle


def showing(reply: Reply, catalogue: Catalogue, *wanted: str) -> Reply:
    """The same reply with other items in it."""
    picks = [
        pick.model_copy(update={"item": catalogue.get(item_id)})
        for pick, item_id in zip(reply.items, wanted, strict=False)
    ]
    return reply.model_copy(update={"items": picks})


def kinds(found: list[Violation]) -> set[str]:
    return {one.kind for one in found}


SAID = Move(form="test", say="no horror", adds=(NO_HORROR,))
DOCTORED: list[tuple[str, Doctor]] = [
    ("shown", lambda reply, catalogue: showing(reply, catalogue, "alien-1979")),
    ("repeated", lambda reply, catalogue: showing(reply, catalogue, "heat-1995", "heat-1995")),
    ("act", lambda reply, _: reply.model_copy(update={"act": "mumble"})),
    ("act", lambda reply, _: reply.model_copy(update={"act": "undo"})),
    ("text", lambda reply, _: reply.model_copy(update={"text": " \n"})),
]


def test_an_honest_reply_violates_nothing(bot: Bot, oracle: Oracle, session: str) -> None:
    reply = bot.reply(session, SAID.say)
    assert reply.items
    assert oracle.take(SAID, reply, bot.profile(session)) == []
    assert oracle.checks > 10


@pytest.mark.parametrize(("kind", "doctor"), DOCTORED)
def test_a_doctored_reply_is_caught(kind: str, doctor: Doctor, bot: Bot, oracle: Oracle, session: str) -> None:
    reply = doctor(bot.reply(session, SAID.say), bot.catalogue)
    assert kind in kinds(oracle.take(SAID, reply, bot.profile(session)))


def test_what_was_judged_or_shown_is_not_shown_again(bot: Bot, oracle: Oracle, session: str) -> None:
    first = bot.reply(session, "a comedy")
    assert oracle.take(Move(form="test", say="a comedy"), first, bot.profile(session)) == []
    reply, profile = bot.reply(session, "I've seen the first one"), bot.profile(session)
    again = showing(reply, bot.catalogue, *(pick.item.id for pick in first.items))
    found = oracle.take(Move(form="test", say="seen", verdict="seen", places=(1,)), again, profile)
    assert kinds(found) == {"judged", "repeated"}
    oracle.state = oracle.state._replace(judged=frozenset())
    honest = again.model_copy(update={"text": "You have now seen everything, so these come round again:"})
    assert kinds(oracle.take(Move(form="test", say="more"), honest, profile)) == {"judged"}, "the profile knows better"


def test_a_profile_that_forgets_or_invents_is_caught(bot: Bot, oracle: Oracle, session: str) -> None:
    reply = bot.reply(session, "no horror, and I've seen Heat")
    profile = bot.profile(session)
    move = Move(form="test", say="no horror, seen heat", adds=(NO_HORROR,), verdict="seen", items=("heat-1995",))
    assert kinds(oracle.take(move, reply, Profile(seen=profile.seen))) == {"kept"}
    assert kinds(oracle.take(Move(form="test", say="hi"), None, Profile(constraints=profile.constraints))) == {"kept"}
    oracle.state = oracle.state._replace(judged=frozenset())
    assert kinds(oracle.take(Move(form="test", say="hi"), None, profile)) == {"judged"}


def test_an_undo_that_leaves_anything_is_caught(bot: Bot, oracle: Oracle, session: str) -> None:
    undo = Move(form="undo", say="undo", command="undo")
    for said in ("a comedy", "no horror"):
        before = bot.profile(session)
        assert oracle.take(Move(form="test", say=said), bot.reply(session, said), bot.profile(session)) == []
    after, reply = bot.profile(session), bot.reply(session, "undo")
    past = list(oracle.past)
    assert [one.about for one in oracle.take(undo, reply, after)] == ["profile"]
    oracle.past = past
    other = reply.model_copy(update={"act": "chitchat", "items": []})
    assert [one.about for one in oracle.take(undo, other, before)] == ["undo", "screen"]


def test_a_restart_keeps_what_lasts_alone(bot: Bot, oracle: Oracle, session: str) -> None:
    reply = bot.reply(session, "a comedy")
    profile = bot.profile(session)
    oracle.take(Move(form="test", say="a comedy"), reply, profile)
    for command in ("reset", "forget"):
        start = Move(form=command, say=command, command=command)
        assert kinds(oracle.take(start, reply.model_copy(update={"act": "reset"}), profile)) == {command}


def test_a_wish_may_be_let_go_if_the_reply_names_it_and_an_exclusion_never(
    bot: Bot, oracle: Oracle, session: str
) -> None:
    reply = bot.reply(session, "no horror")
    profile = bot.profile(session)
    late = showing(reply, bot.catalogue, "the-big-short-2015").model_copy(update={"act": "relax"})
    move = Move(form="test", say="no horror, before 1990", adds=(NO_HORROR, BEFORE_1990))
    assert kinds(oracle.take(move, late, profile)) == {"shown"}
    oracle.state = oracle.state._replace(shown=frozenset())
    named = late.model_copy(update={"text": "Nothing fits. Letting go of “before 1990” and “no Horror”, there is one:"})
    assert oracle.take(move, named, profile) == []
    assert oracle.state.conditions == (NO_HORROR,)


@pytest.mark.parametrize(
    ("moves", "left"),
    [
        ([Move(form="", adds=(BEFORE_1990,)), Move(form="", adds=(AFTER_1970,))], {BEFORE_1990, AFTER_1970}),
        ([Move(form="", adds=(BEFORE_1990,)), Move(form="", adds=(Condition(facet="year", low=2000),))],
         {Condition(facet="year", low=2000)}),
        ([Move(form="", adds=(NO_HORROR, BEFORE_1990)), Move(form="", fresh=True)], {NO_HORROR}),
        ([Move(form="", adds=(NO_HORROR,)), Move(form="", drops=(Drop(facet="genre", value="Horror"),))], set()),
        ([Move(form="", adds=(BEFORE_1990,)), Move(form="", drops=(Drop(facet="year"),))], set()),
        ([Move(form="", adds=(BEFORE_1990,)), Move(form="", shifts=(Shift(number="year", direction=-1),))],
         {BEFORE_1990}),
        ([Move(form="", adds=(BEFORE_1990,)), Move(form="", shifts=(RECENT,))], set()),
        ([Move(form="", adds=(NO_HORROR,)), Move(form="", adds=(Condition(facet="genre", values=("Horror",)),))],
         {Condition(facet="genre", values=("Horror",))}),
    ],
)  # fmt: skip
def test_the_newest_word_on_a_thing_is_in_force(oracle: Oracle, moves: list[Move], left: set[Condition]) -> None:
    for move in moves:
        oracle.take(move, None, Profile())
    assert set(oracle.state.conditions) == left


def test_beliefs_cover_a_condition_together(facts: Facts, bot: Bot, session: str) -> None:
    bot.reply(session, "before 1950, and no horror")
    hard = [belief for belief in bot.profile(session).all() if belief.hard]
    sixties = Condition(facet="year", low=1960, high=1969, wanted=False)
    assert facts.covers(hard, sixties)
    assert facts.covers(hard, NO_HORROR)
    assert not facts.covers(hard[:1], NO_HORROR)
    assert not facts.covers(hard, Condition(facet="genre", values=("Comedy",), wanted=False))


# ---------------------------------------------------------------- the grammar and the runs


def test_every_production_says_something_that_it_means(grammar: Grammar) -> None:
    for name, (_, make) in grammar.productions.items():
        rng = random.Random(name)
        moves = [make(rng.choice, Oracle(Facts(grammar.catalogue)).scene) for _ in range(50)]
        assert all(move.say or move.tap or move.edit or move.command for move in moves), name
        assert all("{" not in move.say for move in moves), name
        values = {(one.facet, value) for move in moves for one in move.adds for value in one.values}
        assert all(value in grammar.catalogue.postings(facet) for facet, value in values), name


def test_a_dialogue_is_cut_down_to_what_fails() -> None:
    moves = [Move(form=str(number)) for number in range(9)]
    least = shrink(moves, lambda some: {"3", "7"} <= {move.form for move in some})
    assert [move.form for move in least] == ["3", "7"]


def test_a_script_is_read_as_it_was_written(player: Player, tmp_path: Path) -> None:
    moves = [
        Move(form="not a kind", say="no horror", adds=(NO_HORROR,)),
        Move(form="tap", tap="seen", verdict="seen", places=(1,)),
        Move(form="edit", edit="remove", drops=(Drop(facet="genre", value="Horror"),)),
        Move(form="undo", say="undo", command="undo"),
        Move(form="return", command="return"),
    ]
    path = tmp_path / "script.yaml"
    path.write_text(script(moves), encoding="utf-8")
    assert read_moves(path) == moves
    assert replay(player, moves) == []
    assert player.oracle.shown == 3


@pytest.mark.parametrize("text", ["- {say: hi, mood: sunny}", "- [", "hello"])
def test_a_script_that_makes_no_sense_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "script.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"script\.yaml"):
        read_moves(path)


def test_a_run_counts_what_it_played_and_leaves_nothing_behind(home: Path) -> None:
    report = run_properties(PropertyOptions(dialogues=3, seed=5, home=home))
    assert report.dialogues == 3
    assert report.turns > 6
    assert report.checks > report.shown > 0
    assert not any(Store.in_home(home).knows(f"dialogue-{number}") for number in range(3))


def test_a_broken_promise_is_reported_with_its_script(home: Path, tmp_path: Path) -> None:
    """A script that means what it does not say stands for a misunderstanding."""
    path = tmp_path / "script.yaml"
    path.write_text(script([Move(form="not a kind", say="a horror film", adds=(NO_HORROR,))]), encoding="utf-8")
    report = run_properties(PropertyOptions(script=path, home=home))
    assert not report.ok
    console = Console(record=True, width=200)
    print_report(report, console)
    text = console.export_text()
    assert "against: not genre Horror" in text
    assert "say: a horror film" in text
    assert f"violations {len(report.violations)}" in text.splitlines()[-1]
