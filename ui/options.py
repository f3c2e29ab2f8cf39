"""What the commands share: their options, the terminal, and how an expected error ends a command."""

from __future__ import annotations

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

Model = Annotated[str | None, typer.Option(help="none, bundled, hf:NAME, openai:NAME@BASE_URL or auto.")]
Catalog = Annotated[Path | None, typer.Option(help="A catalogue file; without it, the starter catalogue.")]
Home = Annotated[Path | None, typer.Option(help="Where state and indexes are kept.")]
Domain = Annotated[str | None, typer.Option(help="A domain name, or the path of a domain file.")]
Session = Annotated[str, typer.Option(help="The id of the session.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N cases.")]
Seed = Annotated[int, typer.Option(help="Fixes every random draw.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the whole report to this file.")]


class RapportGroup(TyperGroup):
    """Prints an expected error as one line and exits with 2; anything else is a defect and shows its traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RapportError as error:
            errors.print(f"{error}", style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(2) from error


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
