"""The command line: rapport chat, serve, catalog, profile, eval, bench, doctor."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from retrieval.errors import RapportError

if TYPE_CHECKING:
    from bot.settings import Settings

console = Console()
errors = Console(stderr=True)


class RapportGroup(TyperGroup):
    """Prints an expected error as one line and exits with 2; anything else is a defect and shows its traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RapportError as error:
            errors.print(f"{error}", style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(2) from error


app = typer.Typer(
    cls=RapportGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A conversational recommender that listens, explains its picks and can be corrected.",
)
catalog_app = typer.Typer(no_args_is_help=True, help="Import, look at and check a catalogue.")
profile_app = typer.Typer(no_args_is_help=True, help="See, export and erase what is known of a session.")
eval_app = typer.Typer(no_args_is_help=True, help="Measure the quality of conversations, offline.")
app.add_typer(catalog_app, name="catalog")
app.add_typer(profile_app, name="profile")
app.add_typer(eval_app, name="eval")

Model = Annotated[str | None, typer.Option(help="none, bundled, hf:NAME, openai:NAME@BASE_URL or auto.")]
Catalog = Annotated[Path | None, typer.Option(help="A catalogue file; without it, the starter catalogue.")]
Home = Annotated[Path | None, typer.Option(help="Where state and indexes are kept.")]
Domain = Annotated[str | None, typer.Option(help="A domain name, or the path of a domain file.")]
Session = Annotated[str, typer.Option(help="The id of the session.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N cases.")]
Seed = Annotated[int, typer.Option(help="Fixes every random draw.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the whole report to this file.")]
EvalModel = Annotated[str, typer.Option(help="none, bundled, hf:NAME, openai:NAME@BASE_URL or auto.")]
EvalDomain = Annotated[str, typer.Option(help="A domain name, or the path of a domain file.")]


def settings_with(**given: Any) -> Settings:
    """The settings of the environment with what was given on the command line in their place.

    Raises RapportError naming the setting that cannot be used.
    """
    from pydantic import ValidationError

    from bot.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise RapportError(f"Setting RAPPORT_{name} cannot be {first['input']!r}: {first['msg']}.") from error


@app.command()
def chat(
    model: Model = None,
    catalog: Catalog = None,
    home: Home = None,
    domain: Domain = None,
    session: Annotated[str | None, typer.Option(help="Continue this session instead of beginning one.")] = None,
) -> None:
    """Talk in the terminal. Reads from a pipe as well."""
    from retrieval.domain import load_domain
    from ui.loading import Loader
    from ui.progress import Latest
    from ui.terminal import converse

    settings = settings_with(model=model, catalog=catalog, home=home, domain=domain)
    greeting = load_domain(settings.domain).greeting
    progress = Latest()

    def make() -> Any:
        from bot import Bot

        return Bot.create(settings=settings, progress=progress)

    loader = Loader(make)
    known = session or f"chat-{secrets.token_hex(4)}"
    try:
        converse(loader, progress, known, greeting, console)
    finally:
        loader.close()
    console.print(f"To continue this conversation: rapport chat --session {known}", style="dim", highlight=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port to listen on.")] = None,
    model: Model = None,
    catalog: Catalog = None,
    home: Home = None,
    domain: Domain = None,
) -> None:
    """Serve the web page. The first start builds the index of the catalogue."""
    settings = settings_with(host=host, port=port, model=model, catalog=catalog, home=home, domain=domain)
    _check_port(settings.host, settings.port)
    # Gradio and uvicorn take seconds to import.
    import uvicorn

    from ui.progress import Bars
    from ui.server import create_app

    with Bars(errors) as bars:

        def make() -> Any:
            from bot import Bot

            return Bot.create(settings=settings, progress=bars)

        web = create_app(make, settings)
        server = uvicorn.Server(
            uvicorn.Config(web, host=settings.host, port=settings.port, log_level=settings.log_level.lower())
        )
        failure: list[RapportError] = []

        def then(error: RapportError | None) -> None:
            bars.close()
            if error is None:
                console.print(f"Rapport is ready: http://{settings.host}:{settings.port}", highlight=False)
            else:
                failure.append(error)
                server.should_exit = True

        web.state.loader.then = then
        console.print(
            f"Rapport is starting on http://{settings.host}:{settings.port} (Ctrl+C stops it)", highlight=False
        )
        server.run()
    if failure:
        raise failure[0]


def _check_port(host: str, port: int) -> None:
    """Raises RapportError when nothing can listen there."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise RapportError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another with --host or --port."
        ) from error


# ---------------------------------------------------------------- catalog


@catalog_app.command("import")
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


@catalog_app.command("show")
def show_catalog(catalog: Catalog = None, domain: Domain = None) -> None:
    """Count the items of a catalogue, their facets and their numbers."""
    from retrieval.domain import load_domain
    from retrieval.importer import import_file
    from ui.reports import print_catalogue, starter

    settings = settings_with(catalog=catalog, domain=domain)
    path = settings.catalog or starter()
    catalogue, _ = import_file(path, load_domain(settings.domain))
    print_catalogue(catalogue, path, console)


@catalog_app.command("check")
def check_catalog(
    file: Annotated[Path, typer.Argument(help="JSON lines or CSV, also with .gz.")], domain: Domain = None
) -> None:
    """Say what an import would leave out; exits with 1 when there is anything."""
    from retrieval.domain import load_domain
    from retrieval.importer import import_file
    from ui.reports import print_import

    _, report = import_file(file, load_domain(settings_with(domain=domain).domain))
    print_import(report, file, console)
    if report.skipped:
        raise typer.Exit(1)


# ---------------------------------------------------------------- profile


@profile_app.command("show")
def show_profile(session: Session, catalog: Catalog = None, home: Home = None, domain: Domain = None) -> None:
    """Print what is believed of the person of a session, and why."""
    from bot import Bot
    from ui.terminal import print_profile

    with Bot.create(settings=settings_with(catalog=catalog, home=home, domain=domain, model="none")) as bot:
        print_profile(bot.profile(session), bot.catalogue, console)


@profile_app.command("export")
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
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise RapportError(f"--json {output} cannot be written: {error.strerror}.") from error


@profile_app.command("erase")
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


# ---------------------------------------------------------------- eval and bench


def _measure(run: Callable[[Any, Any], Any], options: Any, show: Callable[[Any], None]) -> None:
    """Run a measurement with progress, print its report and exit with 1 when a target is missed."""
    from evals.options import write_json
    from ui.progress import Bars

    with Bars(errors) as bars:
        report = run(options, bars)
    write_json(report, options.json_file)
    show(report)
    if not report.ok:
        raise typer.Exit(1)


@eval_app.command("replay")
def eval_replay(
    dialogues: Annotated[Path, typer.Option(help="Recorded dialogues, JSON lines.")],
    catalog: Annotated[Path, typer.Option(help="The catalogue that their items belong to.")],
    condition: Annotated[str, typer.Option(help="rep-out or rep-in.")] = "rep-out",
    train: Annotated[Path | None, typer.Option(help="Dialogues for the baselines that count.")] = None,
    model: EvalModel = "none",
    domain: EvalDomain = "movies",
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Rank the items that people recommended in recorded dialogues, beside naive baselines."""
    from evals.options import ReplayOptions
    from evals.replay import print_report, run_replay

    options = _options(
        ReplayOptions, dialogues=dialogues, catalog=catalog, condition=condition, train=train, model=model,
        domain=domain, home=home, limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_replay, options, lambda report: print_report(report, console))


@eval_app.command("dialogues")
def eval_dialogues(
    files: Annotated[list[Path] | None, typer.Argument(help="YAML files; without any, those for the starter.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Print every turn.")] = False,
    model: EvalModel = "none",
    catalog: Catalog = None,
    domain: EvalDomain = "movies",
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Hold scripted dialogues and check every reply."""
    from evals.dialogues import print_report, run_dialogues
    from evals.options import DialogueOptions

    options = _options(
        DialogueOptions, files=tuple(files or ()), show=show, model=model, catalog=catalog, domain=domain,
        home=home, limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_dialogues, options, lambda report: print_report(report, console, show))


@app.command()
def bench(
    people: Annotated[int, typer.Option(min=1, help="People who talk at once.")] = 50,
    processes: Annotated[bool, typer.Option(help="Also time rapport chat and rapport serve from their start.")] = True,
    model: EvalModel = "none",
    catalog: Catalog = None,
    domain: EvalDomain = "movies",
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Measure time and memory against the budgets."""
    from evals.bench import print_report, run_bench
    from evals.options import BenchOptions

    options = _options(
        BenchOptions, people=people, processes=processes, model=model, catalog=catalog, domain=domain,
        home=home, limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_bench, options, lambda report: print_report(report, console))


def _options(kind: Callable[..., Any], **given: Any) -> Any:
    """An option record. Raises RapportError naming the option that cannot be used."""
    from pydantic import ValidationError

    try:
        return kind(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = "-".join(str(part) for part in first["loc"]).replace("_", "-")
        raise RapportError(f"Option --{name} cannot be {first['input']!r}: {first['msg']}.") from error


@app.command()
def doctor(model: Model = None, catalog: Catalog = None, home: Home = None, domain: Domain = None) -> None:
    """Check the installation; each problem comes with its mend. Exits with 1 when there is any."""
    from ui.doctor import examine, print_checks

    checks = examine(settings_with(model=model, catalog=catalog, home=home, domain=domain))
    print_checks(checks, console)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def main() -> None:
    """The entry point of the command `rapport`."""
    # Libraries that could report their use read these when they are imported.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
    app()
