"""Opening a home: one process has it, and the garbage collector waits meanwhile."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.errors import HomeInUseError, InputError


def own_home(home: Path) -> FileLock:
    """Take the home for this process. Raises HomeInUseError naming the process that has it."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The home folder {home} cannot be made: {error}. Set RAPPORT_HOME to a folder you own."
        ) from error
    holder = home / "owner"
    lock = FileLock(str(home / "lock"), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        pid = holder.read_text(encoding="utf-8").strip() if holder.is_file() else "unknown"
        raise HomeInUseError(
            f"Another process (pid {pid}) uses {home}. Stop it, or set RAPPORT_HOME to another folder."
        ) from error
    holder.write_text(str(os.getpid()), encoding="utf-8")
    return lock


@contextmanager
def collector_paused() -> Iterator[None]:
    """Opening makes millions of objects that all stay: to look through them for garbage takes a quarter of its time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
