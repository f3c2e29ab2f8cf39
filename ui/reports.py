"""What the catalog commands print."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

import retrieval
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig
from retrieval.exporter import EnrichReport
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


def print_enriched(report: EnrichReport, domain: DomainConfig, annotated: Path, console: Console) -> None:
    """How many items got what, and where it is from."""
    shared = (
        f"{report.shared:,} of {report.items:,} items are in {annotated.name} too and have what it records of them."
    )
    console.print(Text(shared))
    table = Table("inferred", "items", "share", title="Of the others", title_justify="left")
    for name in (*domain.facets, *domain.numbers):
        if name in report.inferred:
            count = report.inferred[name]
            table.add_row(name, f"{count:,}", f"{100 * count / report.items:.0f}%")
    console.print(table)
    for name, (right, wrong) in (report.reader.rates if report.reader else {}).items():
        console.print(f"{name}: of right values the second reader affirms {right:.0%}, of wrong ones {wrong:.0%}")


def print_catalogue(catalogue: Catalogue, path: Path, console: Console) -> None:
    """Counts, the commonest values of every facet and the range of every number."""
    items = catalogue.items
    told = sum(bool(item.text) for item in items)
    console.print(Text(f"{path}: {len(items):,} items, {told:,} with a text. Domain: {catalogue.domain.name}."))
    facets = Table("facet", "values", "items", "commonest", title="Facets", title_justify="left")
    for name, config in catalogue.domain.facets.items():
        postings = {value: rows for value, rows in catalogue.postings(name).items() if value not in config.groups}
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
