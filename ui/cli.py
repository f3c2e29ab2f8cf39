"""The command line: rapport chat, serve, catalog, profile, train, eval, bench, doctor."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from typing import Annotated, Any

import typer

from retrieval.errors import RapportError
from ui import cli_data, cli_eval, cli_train
from ui.options import Catalog, Domain, Home, Model, RapportGroup, console, errors, settings_with

app = typer.Typer(
    cls=RapportGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A conversational recommender that listens, explains its picks and can be corrected.",
)
app.add_typer(cli_data.catalog, name="catalog")
app.add_typer(cli_data.profile, name="profile")
app.add_typer(cli_eval.evals, name="eval")
app.command()(cli_eval.bench)
app.add_typer(cli_train.train, name="train")


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
        with suppress(KeyboardInterrupt):
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
