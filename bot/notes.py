"""Notes of long runs: a line for each piece of work that is done, so that an interrupted run goes on."""

from __future__ import annotations

from pathlib import Path


def whole_lines(notes: Path) -> list[str]:
    """The lines of earlier runs, none without a file. A last line that was cut off is removed from the file."""
    if not notes.is_file():
        return []
    text = notes.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        notes.write_text(whole, encoding="utf-8")
    return whole.splitlines()
