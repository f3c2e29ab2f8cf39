"""Random dialogues against what must always hold: a generator, an oracle, and the smallest dialogue that goes wrong."""

from __future__ import annotations

import itertools
import random
import shutil
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.markup import escape

from bot.records import Preference, Reply
from evals.grammar import Grammar
from evals.moves import Condition, Move
from evals.options import Progress, PropertyOptions, silent
from evals.oracle import Facts, Oracle, Violation, speaks_of
from evals.session import MODEL_PATIENCE, eval_home, open_bot
from retrieval.errors import InputError
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

_BATCH = 500
_SHRUNK = 20
_TRIES = 150
_MOVES = (5, 9)
_STATE = ("rapport.db*", "lock", "owner")
_MOVES_FILE = TypeAdapter(list[Move])


class Counterexample(Record):
    """The smallest dialogue found that goes wrong in one way. `dialogue`: the number of the one it was cut from."""

    dialogue: int
    violation: Violation
    moves: list[Move]


class Played(Record):
    """What a number of dialogues came to. `turns` are utterances; `steps` are taps and edits besides."""

    dialogues: int = 0
    turns: int = 0
    steps: int = 0
    shown: int = 0
    checks: int = 0
    violations: list[Violation] = []
    counterexamples: list[Counterexample] = []


class PropertyReport(Played):
    """`seconds` is the wall clock from the first dialogue to the last. `ok`: nothing was violated."""

    catalog: str
    model: str
    seed: int
    seconds: float
    ok: bool


class Player:
    """One person's dialogue with a Bot, held against the oracle move by move. `session` must be unused."""

    def __init__(self, bot: Bot, oracle: Oracle, session: str) -> None:
        self.bot = bot
        self.oracle = oracle
        self.sessions = [session]
        self.person = f"{session}-person"
        bot.open(session, self.person)

    @property
    def session(self) -> str:
        return self.sessions[-1]

    def play(self, move: Move) -> list[Violation]:
        """Make a move; what then does not hold."""
        try:
            reply = self._made(move)
        except Exception as error:  # noqa: BLE001 - whatever a move raises is what is looked for
            name = type(error).__name__
            return [Violation(kind="error", about=name, detail=f"“{move.say or move.form}” raised {name}: {error}")]
        found = self.oracle.take(move, reply, self.bot.profile(self.session))
        if self.bot.profile(self.session) != self.oracle.profile:
            found.append(
                Violation(kind="replay", about="twice", detail="the log was read twice with different results")
            )
        return found

    def _made(self, move: Move) -> Reply | None:
        bot = self.bot
        if move.command == "return":
            self.sessions.append(f"{self.sessions[0]}-{len(self.sessions) + 1}")
            bot.open(self.session, self.person)
        elif move.say:
            return bot.reply(self.session, move.say)
        elif move.tap:
            screen = self.oracle.state.screen
            for place in move.places:
                if place <= len(screen):
                    bot.event(self.session, move.tap, screen[place - 1])
        elif move.edit == "add":
            bot.edit(self.session, add=[_preference(one) for one in move.adds])
        else:
            hard = [belief for belief in bot.profile(self.session).all() if belief.hard]
            ids = [belief.id for belief in hard if any(speaks_of(belief, drop) for drop in move.drops)]
            bot.edit(self.session, remove=ids)
        return None


def dialogue(player: Player, grammar: Grammar, rng: random.Random) -> tuple[list[Move], list[Violation]]:
    """Talk until something does not hold, at most nine moves: the moves made, and what the last of them violates."""
    names = list(grammar.productions)
    weights = [grammar.productions[name][0] for name in names]
    moves: list[Move] = []
    for _ in range(rng.randint(*_MOVES)):
        make = grammar.productions[rng.choices(names, weights)[0]][1]
        moves.append(make(rng.choice, player.oracle.scene))
        found = player.play(moves[-1])
        if found:
            return moves, found
    return moves, []


def replay(player: Player, moves: Sequence[Move]) -> list[Violation]:
    """Make given moves until something does not hold; what then does not."""
    return next((found for move in moves if (found := player.play(move))), [])


def shrink(moves: Sequence[Move], fails: Callable[[Sequence[Move]], bool], tries: int = _TRIES) -> list[Move]:
    """The moves without those that a failure does not need, found by leaving out ever smaller runs of them."""
    kept = list(moves)
    size = len(kept) // 2
    while size:
        start = 0
        while start < len(kept) and tries:
            shorter = kept[:start] + kept[start + size :]
            tries -= 1
            if shorter and fails(shorter):
                kept = shorter
            else:
                start += size
        size //= 2
    return kept


def play_batch(options: PropertyOptions, numbers: Sequence[int], home: Path) -> Played:
    """Play the dialogues with these numbers in a copy of a home; then open the copy again and compare."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "home"
        shutil.copytree(home, copy, ignore=shutil.ignore_patterns(*_STATE))
        options = options.model_copy(update={"home": copy})
        with open_bot(options) as bot:
            bot.wait_for_model(MODEL_PATIENCE)
            played, digests = _talked(bot, options.seed, numbers)
        with open_bot(options) as bot:
            changed = [session for session, digest in digests.items() if _digest(bot, session) != digest]
    lost = [
        Violation(kind="replay", about="reopened", detail=f"{name} is not the same after a restart") for name in changed
    ]
    return played.model_copy(update={"violations": [*played.violations, *lost], "checks": played.checks + len(digests)})


def _talked(bot: Bot, seed: int, numbers: Sequence[int]) -> tuple[Played, dict[str, str]]:
    """The dialogues with these numbers, and a digest of every session that they leave behind."""
    grammar, facts = Grammar(bot.catalogue), Facts(bot.catalogue)
    count: Counter[str] = Counter()
    digests: dict[str, str] = {}
    violations: list[Violation] = []
    examples: dict[tuple[str, str], Counterexample] = {}
    for number in numbers:
        player = Player(bot, Oracle(facts), f"dialogue-{number}")
        moves, found = dialogue(player, grammar, random.Random(f"{seed}/{number}"))
        count.update(turns=sum(bool(move.say) for move in moves), steps=sum(not move.say for move in moves))
        count.update(shown=player.oracle.shown, checks=player.oracle.checks)
        digests |= {session: _digest(bot, session) for session in player.sessions}
        violations += found
        for violation in found:
            if violation.key not in examples and len(examples) < _SHRUNK:
                least = _least(bot, facts, moves, violation, f"{number}-{len(examples)}")
                examples[violation.key] = Counterexample(dialogue=number, violation=violation, moves=least)
    played = Played(dialogues=len(numbers), violations=violations, counterexamples=list(examples.values()), **count)
    return played, digests


def _least(bot: Bot, facts: Facts, moves: Sequence[Move], violation: Violation, name: str) -> list[Move]:
    """The fewest of the moves that still violate the same."""
    attempts = itertools.count(1)

    def fails(some: Sequence[Move]) -> bool:
        player = Player(bot, Oracle(facts), f"shrink-{name}-{next(attempts)}")
        return any(one.key == violation.key for one in replay(player, some))

    return shrink(moves, fails)


def _digest(bot: Bot, session: str) -> str:
    """All that a session shows of itself, as one short text."""
    history = [(said, reply.model_dump_json()) for said, reply in bot.history(session)]
    return sha256(repr((bot.profile(session).model_dump_json(), history)).encode()).hexdigest()


def run_properties(options: PropertyOptions, progress: Progress = silent) -> PropertyReport:
    """Play random dialogues, or the one of a script, and check every reply.

    The home is copied for every batch, so that nothing is left in it. Raises RapportError when a model or catalogue
    cannot be had, InputError for a script that cannot be read.
    """
    moves = read_moves(options.script) if options.script else None
    began = time.monotonic()
    home = eval_home(options)
    with open_bot(options, progress) as bot:
        played = _played_script(bot, moves) if moves is not None else None
    if played is None:
        many = options.dialogues if options.limit is None else min(options.dialogues, options.limit)
        size = min(_BATCH, -(-many // options.processes))
        batches = [range(first, min(first + size, many)) for first in range(0, many, size)]
        played = _gathered(_batches(options, batches, home), progress, many)
    return PropertyReport(
        **dict(played), catalog=options.catalog.name if options.catalog else "starter", model=options.model,
        seed=options.seed, seconds=time.monotonic() - began, ok=not played.violations,
    )  # fmt: skip


def _batches(options: PropertyOptions, batches: Sequence[Sequence[int]], home: Path) -> Iterator[Played]:
    play = partial(play_batch, options, home=home)
    if options.processes == 1:
        yield from map(play, batches)
        return
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(play, batches)


def _gathered(batches: Iterable[Played], progress: Progress, many: int) -> Played:
    whole = Played()
    for one in batches:
        whole = Played(
            dialogues=whole.dialogues + one.dialogues, turns=whole.turns + one.turns, steps=whole.steps + one.steps,
            shown=whole.shown + one.shown, checks=whole.checks + one.checks,
            violations=[*whole.violations, *one.violations],
            counterexamples=[*whole.counterexamples, *one.counterexamples],
        )  # fmt: skip
        progress("dialogues", whole.dialogues, many)
    shortest: dict[tuple[str, str], Counterexample] = {}
    for example in sorted(whole.counterexamples, key=lambda one: (len(one.moves), one.dialogue)):
        shortest.setdefault(example.violation.key, example)
    return whole.model_copy(update={"counterexamples": list(shortest.values())})


def _played_script(bot: Bot, moves: list[Move]) -> Played:
    """Given moves, made in a session that is erased afterwards."""
    player = Player(bot, Oracle(Facts(bot.catalogue)), f"script-{uuid.uuid4().hex[:12]}")
    found = replay(player, moves)
    bot.erase(player.session)
    said = sum(bool(move.say) for move in moves)
    examples = [Counterexample(dialogue=0, violation=one, moves=moves) for one in found[:1]]
    return Played(
        dialogues=1, turns=said, steps=len(moves) - said, shown=player.oracle.shown, checks=player.oracle.checks,
        violations=found, counterexamples=examples,
    )  # fmt: skip


def read_moves(path: Path) -> list[Move]:
    """The moves of a YAML file. Raises InputError naming the move and the key at fault."""
    try:
        return _MOVES_FILE.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"Script {path} cannot be read: {error}. Give a YAML list of moves.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"Script {path}, {place}: {first['msg']}.") from error


def script(moves: Sequence[Move]) -> str:
    """Moves as YAML that `read_moves` reads again."""
    plain = [move.model_dump(mode="json", exclude_defaults=True) for move in moves]
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)


def print_report(report: PropertyReport, console: Console) -> None:
    """The violations by kind, the smallest script of each, and the line of counts at the end."""
    kinds = Counter(one.key for one in report.violations)
    for example in report.counterexamples:
        one = example.violation
        console.print(f"[red]{kinds[one.key]} x {escape(one.kind)} ({escape(one.about)})[/red]: {escape(one.detail)}")
        console.print(f"[dim]the smallest script, from dialogue {example.dialogue}:[/dim]")
        console.print(script(example.moves), markup=False, highlight=False, soft_wrap=True)
    rate = report.dialogues / report.seconds
    console.print(
        f"{report.seconds:.0f} s, {rate:.1f} dialogues a second, seed {report.seed}, on {escape(report.catalog)}"
    )
    console.print(
        f"dialogues {report.dialogues} turns {report.turns} taps and edits {report.steps} items shown {report.shown} "
        f"checks {report.checks} violations {len(report.violations)}",
        soft_wrap=True,
    )


def _preference(one: Condition) -> Preference:
    """A condition as the profile is told it."""
    value = one.values[0] if one.values else ""
    if not value and one.low is not None and one.high is not None:
        value = f"{one.low:g}-{one.high:g}"
    elif not value:
        value = f"<={one.high:g}" if one.high is not None else f">={one.low or 0:g}"
    return Preference(facet=one.facet, value=value, polarity=1.0 if one.wanted else -1.0, hard=True)
