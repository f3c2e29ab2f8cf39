"""The commands on catalogues and profiles."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retrieval.errors import RapportError
from ui.options import Catalog, Domain, Home, Json, Session, console, errors, settings_with

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

catalog = typer.Typer(no_args_is_help=True, help="Import, look at and check a catalogue.")
profile = typer.Typer(no_args_is_help=True, help="See, export, import and erase what is known of a session.")


@catalog.command("import")
def import_catalog(
    file: Annotated[Path, typer.Argument(help="JSON lines or CSV, also with .gz.")],
    domain: Domain = None,
    home: Home = None,
) -> None:
    """Check a catalogue and build its index, so that it opens at once later."""
    from bot import Bot
    from retrieval.domain import load_domain
    from retrieval.importer import import_file
    from ui.progress import Bars
    from ui.reports import print_import

    settings = settings_with(catalog=file, domain=domain, home=home)
    with Bars(errors) as bars:
        _, report = import_file(file, load_domain(settings.domain), bars)
        print_import(report, file, console)
        with Bot.create(settings=settings, progress=bars):
            pass
    option = f" --domain {settings.domain}" if domain else ""
    console.print(f"Ready. Use it with: rapport chat --catalog {file}{option}", highlight=False, soft_wrap=True)


@catalog.command("show")
def show_catalog(catalog: Catalog = None, domain: Domain = None) -> None:
    """Count the items of a catalogue, their facets and their numbers."""
    from retrieval.domain import load_domain
    from retrieval.importer import import_file
    from ui.reports import print_catalogue, starter

    settings = settings_with(catalog=catalog, domain=domain)
    path = settings.catalog or starter()
    catalogue, _ = import_file(path, load_domain(settings.domain))
    print_catalogue(catalogue, path, console)


@catalog.command("check")
def check_catalog(
    file: Annotated[Path | None, typer.Argument(help="JSON lines or CSV, also with .gz; none: the starter.")] = None,
    domain: Domain = None,
    data: Annotated[Path | None, typer.Option(help="A folder of public tables to hold the starter against.")] = None,
) -> None:
    """Say what an import would leave out; of the starter, all that breaks its own rules. Exits with 1 when there is
    anything.
    """
    from retrieval.domain import load_domain
    from retrieval.importer import import_file
    from ui.reports import print_import, starter

    settings = settings_with(domain=domain)
    path = file or starter()
    _, report = import_file(path, load_domain(settings.domain))
    print_import(report, path, console)
    fine = not report.skipped
    if file is None:
        from evals.starter.report import report_starter

        fine = report_starter(path, data, settings, console) and fine
    if not fine:
        raise typer.Exit(1)


@catalog.command("enrich")
def enrich_catalog(
    file: Annotated[Path, typer.Argument(help="JSON lines or CSV, also with .gz.")],
    out: Annotated[Path, typer.Option(help="The file to write: JSON lines, compressed when it is named .gz.")],
    annotated: Annotated[
        Path | None, typer.Option("--from", help="The catalogue to learn from; else the starter.")
    ] = None,
    reader: Annotated[
        str | None, typer.Option(help="A language model as second reader: bundled, hf:NAME, openai:NAME@BASE_URL.")
    ] = None,
    domain: Domain = None,
    home: Home = None,
) -> None:
    """Infer what a catalogue does not record (moods, themes, tone, content levels) and write a new one that has it."""
    from bot.item_reader import ItemReader
    from retrieval.domain import load_domain
    from retrieval.exporter import check_writable, enrich
    from retrieval.importer import import_file
    from retrieval.index import text_vectors
    from ui.progress import Bars
    from ui.reports import print_enriched, print_import, starter

    check_writable(out)
    if out.resolve() == file.resolve():
        raise RapportError(f"--out {out} is the catalogue itself. Give another name.")
    settings = settings_with(domain=domain, home=home)
    config = load_domain(settings.domain)
    teacher = annotated or starter()
    second = ItemReader(reader, settings, config) if reader is not None else None
    with Bars(errors) as bars:
        known, _ = import_file(teacher, config)
        catalogue, report = import_file(file, config, bars)
        print_import(report, file, console)

        def encode(texts: Sequence[str]) -> NDArray[np.float32]:
            return text_vectors(texts, settings.embedder, settings.home, settings.threads, bars)

        added = enrich(catalogue, known, encode, out, bars, second)
    print_enriched(added, catalogue.domain, teacher, console)
    option = f" --domain {settings.domain}" if domain else ""
    console.print(f"Written. Use it with: rapport chat --catalog {out}{option}", highlight=False, soft_wrap=True)


# ---------------------------------------------------------------- profile


@profile.command("show")
def show_profile(session: Session, catalog: Catalog = None, home: Home = None, domain: Domain = None) -> None:
    """Print what is believed of the person of a session, and why."""
    from bot import Bot
    from ui.terminal import print_profile

    with Bot.create(settings=settings_with(catalog=catalog, home=home, domain=domain, model="none")) as bot:
        print_profile(bot.profile(session), bot.catalogue, console)


@profile.command("export")
def export_profile(
    session: Session,
    catalog: Catalog = None,
    home: Home = None,
    domain: Domain = None,
    output: Annotated[Path | None, typer.Option("--json", help="Write to this file instead of the terminal.")] = None,
) -> None:
    """Give out everything that is believed, as JSON."""
    from bot import Bot

    with Bot.create(settings=settings_with(catalog=catalog, home=home, domain=domain, model="none")) as bot:
        text = bot.profile(session).model_dump_json(indent=2)
    if output is None:
        sys.stdout.write(text + "\n")
    else:
        _write(output, text)


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise RapportError(f"--json {output} cannot be written: {error.strerror}.") from error


@profile.command("import")
def import_profile(
    file: Annotated[Path, typer.Argument(help="A .csv or .zip of ratings, or a profile in .json.")],
    session: Annotated[str | None, typer.Option(help="The session to add it to; without it, a new one.")] = None,
    person: Annotated[str | None, typer.Option(help="Whose it is, for all their sessions.")] = None,
    user: Annotated[str | None, typer.Option(help="Whose rows to take from a file of several people.")] = None,
    catalog: Catalog = None,
    home: Home = None,
    domain: Domain = None,
    output: Json = None,
) -> None:
    """Bring ratings from Letterboxd, IMDb, Goodreads and others, or a profile that was exported."""
    from bot import Bot
    from ui.brought import print_report

    known = session or f"import-{secrets.token_hex(4)}"
    with Bot.create(settings=settings_with(catalog=catalog, home=home, domain=domain, model="none")) as bot:
        report = bot.bring(known, file, person=person, user=user)
        print_report(report, bot.domain, console)
    if output is not None:
        _write(output, report.model_dump_json(indent=2))
    console.print(f"To go on with it: rapport chat --session {known}", style="dim", highlight=False)


@profile.command("erase")
def erase_profile(
    session: Session,
    catalog: Catalog = None,
    home: Home = None,
    domain: Domain = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a session, its conversation and its profile for good."""
    from bot import Bot

    if not yes:
        typer.confirm(f"Delete session {session} and everything known of it?", abort=True)
    with Bot.create(settings=settings_with(catalog=catalog, home=home, domain=domain, model="none")) as bot:
        bot.erase(session)
    console.print("Erased.")
