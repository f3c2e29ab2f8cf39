"""Scripted dialogues, run against a Bot: every check, and an audit of every turn that no script needs to ask for."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.records import Profile, Reply
from evals.audit import Violation, violations
from evals.checks import failures, validate
from evals.names import NameFinder, Support, Unsupported
from evals.options import DIALOGUES, DialogueOptions, Progress, silent
from evals.scripts import Script, read_scripts
from evals.session import MODEL_PATIENCE, fallen, open_bot, said, wordable
from retrieval.errors import InputError
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

STARTER = tuple(
    DIALOGUES / f"{name}.yaml" for name in ("starter", "evenings", "acts", "chinese", "french", "german", "spanish")
)
"""The scripts that run when no file is given; they speak of the starter catalogue."""

THIRTY = DIALOGUES / "thirty.txt"
"""Ids of thirty of them, over all languages and kinds, for a model that takes seconds a turn."""


class TurnResult(Record):
    """One scripted turn. `shown`: titles with years. `admitted`: bounds that a relax reply openly breaks.

    `sentences`: what a model could word; `fell_back`: share of them that are the template's.
    """

    turn: int
    say: str
    act: str
    text: str
    shown: list[str]
    checked: bool
    failed: list[str]
    violations: list[Violation]
    admitted: list[Violation]
    unsupported: list[Unsupported]
    sentences: int
    fell_back: float


class DialogueResult(Record):
    """One scripted dialogue."""

    file: str
    id: str
    turns: list[TurnResult]

    @property
    def checks(self) -> int:
        """Turns that have a check."""
        return sum(turn.checked for turn in self.turns)

    @property
    def failed(self) -> int:
        """Turns whose check failed."""
        return sum(bool(turn.failed) for turn in self.turns)

    @property
    def breaches(self) -> int:
        """Violations and unsupported names of all turns."""
        return sum(len(turn.violations) + len(turn.unsupported) for turn in self.turns)


class DialoguesReport(Record):
    """`ok`: every check holds, nothing forbidden was shown and nothing unsupported was said.

    `fell_back`: share of the sentences that a model could have worded that are the template's.
    """

    catalog: str
    model: str
    dialogues: list[DialogueResult]
    constraint_violations: int
    exclusion_violations: int
    unsupported_titles: int
    unsupported_people: int
    unsupported_years: int
    failed_turns: int
    checked_turns: int
    sentences: int
    fell_back: float
    ok: bool


def run_dialogues(options: DialogueOptions, progress: Progress = silent) -> DialoguesReport:
    """Run every dialogue of the files, each in a session of its own.

    Raises InputError when a file, or a condition in it, cannot be used; nothing has been said then.
    """
    scripts = [(path.name, script) for path in options.files or STARTER for script in read_scripts(Path(path))]
    if options.thirty:
        scripts = _listed(scripts, THIRTY)
    scripts = scripts[: options.limit]
    with open_bot(options, progress) as bot:
        for name, script in scripts:
            validate(script, bot.catalogue, name)
        bot.wait_for_model(MODEL_PATIENCE)
        finder = NameFinder(bot.catalogue)
        results = []
        for number, (name, script) in enumerate(scripts, start=1):
            results.append(run_script(bot, script, finder, name))
            progress("dialogues", number, len(scripts))
    return summarise(results, options)


def _listed(scripts: Sequence[tuple[str, Script]], path: Path) -> list[tuple[str, Script]]:
    """The dialogues whose ids a file lists, one a line. Raises InputError for an id that none has."""
    ids = path.read_text(encoding="utf-8").split()
    missing = set(ids) - {script.id for _, script in scripts}
    if missing:
        raise InputError(f"{path.name} lists {min(missing)!r}, which no dialogue is called. Give the files it is from.")
    return [(name, script) for name, script in scripts if script.id in ids]


def run_script(bot: Bot, script: Script, finder: NameFinder, file: str = "") -> DialogueResult:
    """Run one dialogue in a fresh session, which is erased afterwards."""
    session = f"script-{script.id}-{uuid.uuid4().hex[:12]}"
    support = Support(finder)
    shown: set[str] = set()
    on_screen: list[str] = []
    before = Profile()
    turns = []
    for number, turn in enumerate(script.turns, start=1):
        reply, fell_back = said(bot, session, turn.say)
        after = bot.profile(session)
        broken, admitted = violations(reply, after, on_screen, bot.catalogue)
        result = TurnResult(
            turn=number,
            say=turn.say,
            act=reply.act,
            text=reply.text,
            shown=_titles(reply),
            checked=bool(turn.check.model_fields_set),
            failed=failures(turn.check, reply, after, shown, bot.catalogue),
            violations=broken,
            admitted=admitted,
            unsupported=support.check(turn.say, reply, before, after),
            sentences=wordable(reply),
            fell_back=fell_back,
        )
        turns.append(result)
        on_screen = [recommendation.item.id for recommendation in reply.items] or on_screen
        shown |= set(on_screen)
        before = after
    bot.erase(session)
    return DialogueResult(file=file, id=script.id, turns=turns)


def summarise(results: Sequence[DialogueResult], options: DialogueOptions) -> DialoguesReport:
    """Counts over all turns."""
    turns = [turn for result in results for turn in result.turns]
    kinds = [one.kind for turn in turns for one in turn.violations]
    names = [one.kind for turn in turns for one in turn.unsupported]
    failed = sum(result.failed for result in results)
    sentences, fell_back = fallen(turns)
    return DialoguesReport(
        catalog=options.catalog.name if options.catalog else "starter",
        model=options.model,
        dialogues=list(results),
        constraint_violations=kinds.count("constraint"),
        exclusion_violations=kinds.count("exclusion"),
        unsupported_titles=names.count("title"),
        unsupported_people=names.count("person"),
        unsupported_years=names.count("year"),
        failed_turns=failed,
        checked_turns=sum(result.checks for result in results),
        sentences=sentences,
        fell_back=fell_back,
        ok=not kinds and not names and not failed,
    )


def _titles(reply: Reply) -> list[str]:
    items = [recommendation.item for recommendation in reply.items]
    return [item.title if item.year is None else f"{item.title} ({item.year})" for item in items]


def print_report(report: DialoguesReport, console: Console, show: bool = False) -> None:
    """The table, every failure with the reply it is about, and the lines of counts; `show` puts every turn first."""
    if show:
        print_transcripts(report, console)
    table = Table(
        title=f"Scripted dialogues on {report.catalog}, model {report.model}",
        caption="failed: turns whose check fails; broken: items shown against the profile; invented: unsupported names",
    )
    table.add_column("dialogue", no_wrap=True)
    for column in ("turns", "checked", "failed", "broken", "invented"):
        table.add_column(column, justify="right")
    for result in report.dialogues:
        broken = sum(len(turn.violations) for turn in result.turns)
        invented = sum(len(turn.unsupported) for turn in result.turns)
        counts = (len(result.turns), result.checks, result.failed, broken, invented)
        style = "red" if result.failed or result.breaches else None
        table.add_row(escape(result.id), *map(str, counts), style=style)
    console.print(table)
    for result in report.dialogues:
        for turn in result.turns:
            _print_problems(result, turn, console)
    if report.model != "none":
        console.print(
            f"model {escape(report.model)}: {100 * report.fell_back:.1f}% of {report.sentences} sentences fell back"
        )
    passed = report.checked_turns - report.failed_turns
    console.print(f"checks: {passed} of {report.checked_turns} turns passed")
    console.print(f"violations: constraints {report.constraint_violations} exclusions {report.exclusion_violations}")
    console.print(
        f"unsupported: titles {report.unsupported_titles} people {report.unsupported_people} "
        f"years {report.unsupported_years}"
    )


def _print_problems(result: DialogueResult, turn: TurnResult, console: Console) -> None:
    problems = [
        *turn.failed,
        *(f"{one.kind} broken: {one.title} against '{one.belief}'" for one in turn.violations),
        *(f"unsupported {one.kind}: {one.text}" for one in turn.unsupported),
    ]
    if problems:
        console.print(f"\n[bold]{escape(result.id)}, turn {turn.turn}:[/bold] {escape(turn.say)}")
        for problem in problems:
            console.print(f"  [red]{escape(problem)}[/red]")
        console.print(f"  [dim]{turn.act}: {escape(turn.text)}[/dim]")
        if turn.shown:
            console.print(f"  [dim]shown: {escape('; '.join(turn.shown))}[/dim]")


def print_transcripts(report: DialoguesReport, console: Console) -> None:
    """Every dialogue as it went, for reading."""
    for result in report.dialogues:
        console.rule(escape(result.id))
        for turn in result.turns:
            console.print(f"[bold cyan]> {escape(turn.say)}[/bold cyan]")
            console.print(f"[dim]{turn.act}[/dim] {escape(turn.text)}")
            for title in turn.shown:
                console.print(f"   [green]{escape(title)}[/green]")
            for problem in (*turn.failed, *(one.text for one in turn.unsupported)):
                console.print(f"   [red]! {escape(problem)}[/red]")
        console.print()
