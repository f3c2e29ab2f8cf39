"""Running every check of the starter catalogue and printing what it finds."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.settings import Settings
from evals.starter.facts import FactsReport, check_facts, descriptions
from evals.starter.rules import RUN, StarterReport, check_starter, read_films


def report_starter(path: Path, data: Path | None, settings: Settings, console: Console) -> bool:
    """Check a starter catalogue with the vocabulary beside it, print the findings, and tell whether all is well.

    `data`: a folder of public tables to compare facts and words with. Raises CatalogueError when a file cannot be
    read, EncoderError when the embedding model cannot be had.
    """
    from retrieval.encoder import DocumentEncoder, resolve_model

    encoder = DocumentEncoder(resolve_model(settings.embedder), settings.threads)
    report = check_starter(path, path.with_name("vocabulary.yaml"), encoder.encode, descriptions(data) if data else ())
    print_starter(report, console)
    if data is None:
        return report.ok
    facts = check_facts(read_films(path)[0], data)
    print_facts(facts, console)
    return report.ok and facts.ok


def print_starter(report: StarterReport, console: Console) -> None:
    """Errors, the coverage table, texts that come too close to others, and the line of counts at the end."""
    for error in report.errors:
        console.print(Text(error), style="red", soft_wrap=True)
    coverage = Table("covers", "reached", "at least", title="Coverage", title_justify="left")
    for target in report.targets:
        style = None if target.reached >= target.at_least else "red"
        coverage.add_row(target.what, f"{target.reached:,}", f"{target.at_least:,}", style=style)
    console.print(coverage)
    for name, column in report.counts.items():
        console.print(
            Text(f"{name}: " + ", ".join(f"{value} {count}" for value, count in column.items())), soft_wrap=True
        )
    for one, other, cosine in report.near:
        console.print(Text(f"{one} and {other}: synopses alike, cosine {cosine:.3f}"), style="red", soft_wrap=True)
    for film, run in report.copied:
        console.print(Text(f"{film}: “{run}” stands in somebody else's text"), style="red", soft_wrap=True)
    against = f"{report.compared:,} texts of others" if report.compared else "nothing (give --data FOLDER)"
    console.print(
        f"{report.films:,} films: {len(report.errors)} errors, {len(report.near)} near-duplicate synopses, "
        f"{len(report.copied)} runs of {RUN} words shared with {against}",
        soft_wrap=True,
    )


def print_facts(report: FactsReport, console: Console) -> None:
    """Shares of agreement with the tables, and each disagreement that nobody has judged."""
    table = Table("fact", "films compared", "agree", "share", "at least", title="Facts", title_justify="left")
    for one in report.agreements:
        style = None if one.share >= one.at_least else "red"
        table.add_row(
            one.field, f"{one.compared:,}", f"{one.agree:,}", f"{one.share:.1%}", f"{one.at_least:.0%}", style=style
        )
    console.print(table)
    for fact in report.open:
        said = f"{fact.film}, {fact.field}: ours {fact.ours}; {fact.source} says {fact.theirs}"
        console.print(Text(said), style="red", soft_wrap=True)
    for stale in report.stale:
        console.print(Text(f"{stale}: judged, but there is no disagreement (any more)"), style="red", soft_wrap=True)
    console.print(f"disagreements: {report.judged} judged and kept, {len(report.open)} open")
