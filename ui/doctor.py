"""`rapport doctor`: what is installed, what is found, and how to mend what is not."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.settings import Settings
from retrieval.catalogue import Catalogue
from retrieval.domain import load_domain
from retrieval.errors import RapportError

PYTHON = (3, 11)
REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"
SPACE_NEEDED = 1_000_000_000
"""Bytes that a large catalogue's vectors and index may take."""


class Check(NamedTuple):
    """One line of the report; `mend` says what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


def examine(settings: Settings) -> list[Check]:
    """All checks, cheapest first. Nothing is changed on the disk."""
    checks = [_python(), _packages(REQUIREMENTS), _embedder(settings), _home(settings.home), _space(settings.home)]
    catalogue, check = _catalogue(settings)
    checks.append(check)
    if catalogue is not None:
        checks.append(_index(settings, catalogue))
    return checks


def _python() -> Check:
    return Check(
        "Python",
        sys.version_info >= PYTHON,
        f"{platform.python_version()} at {sys.executable}",
        "Install Python 3.11 or newer, then: make PYTHON=python3.11 setup",
    )


def _packages(requirements: Path) -> Check:
    """Every pinned requirement against what is installed."""
    mend = "Run: make setup"
    try:
        lines = requirements.read_text(encoding="utf-8").splitlines()
    except OSError:
        return Check("Packages", False, f"{requirements} cannot be read", "Run Rapport from its own folder.")
    wrong = list(_differences(lines))
    if wrong:
        return Check("Packages", False, "; ".join(wrong), mend)
    pinned = sum("==" in line for line in lines)
    return Check("Packages", True, f"{pinned} packages as in {requirements.name}")


def _differences(lines: list[str]) -> Iterator[str]:
    for line in lines:
        name, pinned, wanted = line.partition("#")[0].partition(";")[0].strip().partition("==")
        if not pinned:
            continue
        try:
            found = metadata.version(name.partition("[")[0])
        except metadata.PackageNotFoundError:
            yield f"{name} {wanted} is missing"
            continue
        # A local label such as +cpu is the same version, built for something.
        if found.partition("+")[0] != wanted:
            yield f"{name} is {found}, not {wanted}"


def _embedder(settings: Settings) -> Check:
    from retrieval.encoder import resolve_model

    try:
        folder = resolve_model(settings.embedder)
    except RapportError as error:
        return Check("Embedding model", False, str(error), "Run: make setup, or set RAPPORT_EMBEDDER")
    return Check("Embedding model", True, f"{settings.embedder} in {folder}")


def _home(home: Path) -> Check:
    """Whether the home can be written, and who owns it now; being in use is no problem."""
    existing = _nearest(home)
    writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    detail = f"{home}{_owner(home)}" if home.is_dir() else f"{home} (made at the first start)"
    return Check("Home", writable, detail, f"Give yourself the right to write {existing}, or set RAPPORT_HOME.")


def _owner(home: Path) -> str:
    """ ", in use by process N" while a process owns the home."""
    if not (home / "lock").exists():
        return ""
    try:
        with FileLock(home / "lock", timeout=0):
            return ""
    except Timeout:
        owner = home / "owner"
        pid = owner.read_text(encoding="utf-8").strip() if owner.is_file() else "unknown"
        return f", in use by process {pid}"
    except OSError:
        return ""


def _nearest(path: Path) -> Path:
    """The path itself, or the closest folder above it that exists."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists())


def _space(home: Path) -> Check:
    free = shutil.disk_usage(_nearest(home)).free
    return Check(
        "Free disk",
        free >= SPACE_NEEDED,
        f"{free / 1e9:.1f} GB free for {home}",
        f"Free {SPACE_NEEDED / 1e9:.0f} GB, or set RAPPORT_HOME to a larger disk.",
    )


def _catalogue(settings: Settings) -> tuple[Catalogue | None, Check]:
    from retrieval.importer import import_file
    from ui.reports import starter

    path = settings.catalog or starter()
    try:
        catalogue, report = import_file(path, load_domain(settings.domain))
    except RapportError as error:
        return None, Check("Catalogue", False, str(error), "Name another with --catalog or RAPPORT_CATALOG.")
    if report.skipped:
        return catalogue, Check(
            "Catalogue",
            False,
            f"{path}: {report.items:,} items, {len(report.skipped):,} rows cannot be used",
            f"See each row: rapport catalog check {path}",
        )
    return catalogue, Check("Catalogue", True, f"{path}: {report.items:,} items")


def _index(settings: Settings, catalogue: Catalogue) -> Check:
    """A missing index is no problem: the next start builds it."""
    built = next((settings.home / "indexes").glob(f"{catalogue.digest}-*/manifest.json"), None)
    if built is None:
        return Check("Index", True, "not built yet; the first start builds it")
    return Check("Index", True, f"built for this catalogue, in {built.parent}")


def print_checks(checks: list[Check], console: Console) -> None:
    """A line for each check: ok, or problem and under it the mend."""
    table = Table.grid(padding=(0, 2))
    for check in checks:
        mark = Text("ok", "green") if check.ok else Text("problem", "bold red")
        table.add_row(mark, Text(check.name), Text(check.detail, overflow="fold"))
        if not check.ok:
            table.add_row("", Text("mend", "dim"), Text(check.mend, overflow="fold"))
    console.print(table)
