"""What the catalog commands print."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

import retrieval
from evals.starter import RUN, StarterReport
from evals.starter_facts import FactsReport
from retrieval.catalogue import Catalogue
from retrieval.importer import ImportReport
from ui.terminal import printable

SHOWN_PROBLEMS = 20
SHOWN_VALUES = 5


def starter() -> Path:
    """The catalogue file that is used when none is named."""
    return Path(retrieval.__file__).parent / "starter" / "movies.jsonl"


def print_import(report: ImportReport, path: Path, console: Console) -> None:
    """How many rows became items, and each row that did not, with the field at fault."""
    console.print(Text(f"{path}: {report.items:,} items from {report.rows:,} rows."))
    if report.duplicates:
        console.print(f"{report.duplicates:,} rows say that they repeat another; they were left out.")
    if report.twins:
        console.print(f"{len(report.twins):,} titles are shared by items of the same year; all were kept.")
    if not report.skipped:
        console.print("No problems.")
        return
    console.print(f"{len(report.skipped):,} rows cannot be used:", style="red")
    for problem in report.skipped[:SHOWN_PROBLEMS]:
        console.print(Text(printable(f"  row {problem.row}, {problem.field}: {problem.message}")))
    if len(report.skipped) > SHOWN_PROBLEMS:
        console.print(f"  and {len(report.skipped) - SHOWN_PROBLEMS:,} more")


def print_catalogue(catalogue: Catalogue, path: Path, console: Console) -> None:
    """Counts, the commonest values of every facet and the range of every number."""
    items = catalogue.items
    told = sum(bool(item.text) for item in items)
    console.print(Text(f"{path}: {len(items):,} items, {told:,} with a text. Domain: {catalogue.domain.name}."))
    facets = Table("facet", "values", "items", "commonest", title="Facets", title_justify="left")
    for name in catalogue.domain.facets:
        postings = catalogue.postings(name)
        if postings:
            common = sorted(postings, key=lambda value: (-len(postings[value]), value))[:SHOWN_VALUES]
            having = len(np.unique(np.concatenate(list(postings.values()))))
            shown = ", ".join(f"{value} {len(postings[value])}" for value in common)
            facets.add_row(name, f"{len(postings):,}", f"{having:,}", Text(printable(shown)))
    console.print(facets)
    numbers = Table("number", "items", "lowest", "middle", "highest", title="Numbers", title_justify="left")
    for name in catalogue.domain.numbers:
        column = catalogue.column(name)
        known = column[~np.isnan(column)]
        if len(known):
            low, middle, high = float(known.min()), float(np.median(known)), float(known.max())
            numbers.add_row(name, f"{len(known):,}", f"{low:g}", f"{middle:g}", f"{high:g}")
    console.print(numbers)


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
