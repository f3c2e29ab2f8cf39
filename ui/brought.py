"""What to say of an import: one plain sentence, and the names that mean nothing here."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from bot.records import TasteReport, Unresolved
from retrieval.domain import DomainConfig
from ui.terminal import printable

SHOWN = 20


def told(report: TasteReport, domain: DomainConfig) -> str:
    """What became of an import, in a sentence."""
    if report.source == "Rapport":
        took = f"Of the {_count(report.rows, 'entry', 'entries')} of your profile {_is(report.changed)} new here"
    else:
        nouns = domain.noun
        number = _count(report.matched, nouns.one, nouns.many) if report.matched else f"no {nouns.one}"
        judged = f", of which you liked {report.liked:,} and disliked {report.disliked:,}"
        took = f"Your {report.source} file speaks of {number} that I know"
        took += judged if report.liked or report.disliked else ""
        took += " (none of it new)" if report.matched and not report.changed else ""
    lost, unread = len(report.unresolved), report.unusable
    aside = {
        f"{_count(lost, 'title matches', 'titles match')} nothing here": lost,
        f"{_is(report.kept)} as you told me yourself": report.kept,
        f"{_is(report.wanted)} only on a wish list and left out": report.wanted,
        f"{_is(report.unsaid)} not marked as {domain.verb.past} and left out": report.unsaid,
        f"{_count(unread, 'row', 'rows')} cannot be read": unread,
    }
    rest = [text for text, count in aside.items() if count]
    return f"{took}{f'; {_joined(rest)}' if rest else ''}."


def name_of(unresolved: Unresolved) -> str:
    """A name that means nothing here, with its year and what is wrong with it."""
    year = f" ({unresolved.year})" if unresolved.year is not None else ""
    return f"{unresolved.title}{year}: {unresolved.why}"


def print_report(report: TasteReport, domain: DomainConfig, console: Console) -> None:
    """The sentence, and up to 20 each of the names that match nothing and of the rows that cannot be read."""
    console.print(Text(told(report, domain)))
    unread = [f"row {one.row}, {one.field}: {one.message}" for one in report.problems]
    for title, lines, total in (
        ("Not taken in:", [name_of(one) for one in report.unresolved], len(report.unresolved)),
        ("Not readable:", unread, report.unusable),
    ):
        if lines:
            console.print(title, style="dim")
        for line in lines[:SHOWN]:
            console.print(Text(f"  {printable(line)}"))
        if total > SHOWN:
            console.print(f"  and {total - SHOWN:,} more (--json FILE writes all of them)", highlight=False)


def _joined(parts: list[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _is(number: int) -> str:
    return f"{number:,} {'is' if number == 1 else 'are'}"
