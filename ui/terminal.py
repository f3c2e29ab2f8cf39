"""The conversation in a terminal, or through a pipe."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from bot.records import Profile, Recommendation, Reply
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError, RapportError
from ui.cards import facts, groups, name_of, strongest
from ui.loading import Loader, NotReadyError
from ui.progress import Latest

if TYPE_CHECKING:
    from bot import Bot

QUIT = frozenset({"/quit", "/exit", "/q"})
PROMPT = "you> "
ANSWER = "rapport> "
REDRAW_SECONDS = 0.2
ECHO_LIMIT = 200
HINT = "Type /quit to leave."


def printable(text: str) -> str:
    """Text without control characters, which a terminal would obey; line breaks stay."""
    return "".join(mark for mark in text if mark == "\n" or unicodedata.category(mark) not in {"Cc", "Cf", "Cs"})


def converse(loader: Loader, progress: Latest, session: str, greeting: str, console: Console) -> None:
    """Talk until /quit or the end of the input. The bot loads while the person types the first message.

    `progress` is where the loading tells how far it is; it is shown only while the person waits.
    Raises the RapportError that kept the bot from loading.
    """
    _answer(greeting, console)
    console.print(HINT, style="dim", highlight=False)
    loader.start()
    for said in _lines(console):
        bot = _awaited(loader, progress, console)
        try:
            _turn(bot, session, said, console)
        except RapportError as error:
            _answer(str(error), console)


def _awaited(loader: Loader, progress: Latest, console: Console) -> Bot:
    with console.status(progress.text) as status:
        while True:
            try:
                return loader.bot(REDRAW_SECONDS)
            except NotReadyError:
                status.update(progress.text)


def _lines(console: Console) -> Iterator[str]:
    """What the person says, message by message; input that comes through a pipe is echoed."""
    interactive = sys.stdin.isatty()
    if interactive:
        # Arrow keys and history for input().
        import readline  # noqa: F401
    while True:
        if interactive:
            try:
                line = input(PROMPT)
            except (EOFError, KeyboardInterrupt):
                console.print()
                return
        else:
            console.print(Text(PROMPT), end="")
            line = sys.stdin.readline()
            if not line:
                console.print()
                return
            console.print(Text(printable(line.rstrip("\n"))[:ECHO_LIMIT]))
        said = line.strip()
        if said.lower() in QUIT:
            return
        if said:
            yield said


def _answer(text: str, console: Console, end: str = "\n") -> None:
    console.print(Text.assemble((ANSWER, "bold green"), printable(text)), end=end)


class Wrapped:
    """Writes words as they come and breaks lines between them. `column` is where the first one begins."""

    def __init__(self, console: Console, column: int) -> None:
        self.console = console
        self.column = column

    def write(self, text: str) -> None:
        for word in re.findall(r"\n|[^\S\n]+|\S+", text):
            breaks = self.column + cell_len(word) > self.console.width and not word.isspace()
            self.console.out(f"\n{word}" if breaks else word, end="", highlight=False)
            self.column = 0 if word == "\n" else cell_len(word) + (0 if breaks else self.column)


def _turn(bot: Bot, session: str, said: str, console: Console) -> None:
    """One message and its reply, words as they come, then the picks."""
    _answer("", console, end="")
    words = Wrapped(console, len(ANSWER))
    reply: Reply | None = None
    for event in bot.stream(session, said):
        if event.kind == "token":
            words.write(printable(event.data["text"]))
        elif event.kind == "done":
            reply = Reply.model_validate(event.data["reply"])
        elif event.kind == "error":
            raise InputError(event.data["message"])
    console.print()
    if reply is not None:
        print_picks(reply.items, bot.catalogue, console)
        if reply.suggestions:
            labels = " | ".join(suggestion.label for suggestion in reply.suggestions)
            console.print(Text(f"  Try: {printable(labels)}", "dim"))


def print_picks(picks: list[Recommendation], catalogue: Catalogue, console: Console) -> None:
    """A numbered line for each pick with its facts, and under it the strongest reasons."""
    for number, pick in enumerate(picks, start=1):
        line = Text(f"  {number}. ") + Text(printable(name_of(pick.item)), "bold")
        told = " · ".join(facts(pick.item, catalogue))
        console.print(line + Text(f"  {printable(told)}" if told else "", "dim"))
        for reason in strongest(pick, catalogue):
            quote = f" (you said “{reason['quote']}”)" if reason["quote"] else ""
            console.print(Text(printable(f"     - {reason['label']}{quote}"), "dim"))


def print_profile(profile: Profile, catalogue: Catalogue, console: Console) -> None:
    """The profile, group by group, each belief with its strength and the words that it came from."""
    found = groups(profile, catalogue.domain)
    if not found:
        console.print("Nothing is known of this session.")
    for group in found:
        console.print(Text(group["title"], "bold"))
        for belief in group["beliefs"]:
            strength = "firm" if belief["hard"] else belief["strength"]
            quote = f"  “{belief['quote']}”, turn {belief['turn']}" if belief["quote"] else ""
            quote = quote or (f"  {belief['imported']}" if belief["imported"] else "")
            before = f"  before: “{belief['before']}”" if belief["before"] else ""
            console.print(Text(printable(f"  {belief['label']} ({strength}){quote}{before}")))
