"""Progress of long work in the terminal."""

from __future__ import annotations

import threading
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

STAGES = {
    "import": "Reading the catalogue",
    "embed": "Computing vectors",
    "store": "Storing vectors",
    "lexical": "Indexing words",
    "learn": "Learning from the annotated catalogue",
    "infer": "Inferring",
}
"""What each stage of retrieval is called in the terminal; any other stage keeps its own name."""
WORTH_A_LINE = 1_000
"""Steps from which a stage is mentioned where no bar can be drawn, as in the log of a server."""


class Latest:
    """A progress callback that only remembers, for where something else owns the screen."""

    def __init__(self) -> None:
        self.text = "Waking up"

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Stage, things done, things in all."""
        name = STAGES.get(stage, stage.capitalize())
        self.text = f"{name}: {done:,} of {total:,}" if done < total else "Waking up"


class Bars:
    """A progress callback that draws one bar for each stage. Thread-safe; nothing is drawn before the first call."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Stage, things done, things in all."""
        with self._lock:
            if stage not in self._tasks:
                name = STAGES.get(stage, stage.capitalize())
                if not self._console.is_terminal and total >= WORTH_A_LINE:
                    self._console.print(f"{name}: {total:,}")
                self._progress.start()
                self._tasks[stage] = self._progress.add_task(name)
            self._progress.update(self._tasks[stage], completed=done, total=total)

    def close(self) -> None:
        with self._lock:
            self._progress.stop()

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
