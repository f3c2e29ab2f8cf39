"""Streams of text: from a producer in a thread of its own, and cut at stop strings."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_PATIENCE = 30.0

Emit = Callable[[str], bool]
"""Takes the next piece of text; True asks the producer to stop."""


def pumped(produce: Callable[[Emit], None]) -> Iterator[str]:
    """What `produce` emits, as it comes. Closing the iterator stops the producer at its next piece and waits for that.

    An error of the producer is raised here.
    """
    arrived: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
    stopped = threading.Event()

    def emit(text: str) -> bool:
        if text and not stopped.is_set():
            arrived.put(text)
        return stopped.is_set()

    def work() -> None:
        try:
            produce(emit)
            arrived.put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the text is read
            arrived.put(error)

    thread = threading.Thread(target=work, name="rapport-model", daemon=True)
    thread.start()
    try:
        while (piece := arrived.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        stopped.set()
        # A thread that is still inside a native library when Python ends takes the process down with it.
        thread.join(_PATIENCE)


def until(pieces: Iterator[str], stops: Sequence[str]) -> Iterator[str]:
    """The text before the first stop string. What may be the beginning of one is held back."""
    longest = max((len(stop) for stop in stops), default=0)
    held = ""
    for piece in pieces:
        held += piece
        found = [place for stop in stops if stop and (place := held.find(stop)) >= 0]
        if found:
            if min(found):
                yield held[: min(found)]
            return
        safe = len(held) - max(longest - 1, 0)
        if safe > 0:
            yield held[:safe]
            held = held[safe:]
    if held:
        yield held


def written_by(
    model: BaseChatModel, messages: Sequence[tuple[str, str]], max_tokens: int, stop: Sequence[str] = ()
) -> Generator[str]:
    """Pieces of the answer. What is said goes to the model and to nobody else, whatever LangSmith is set to."""
    from langsmith import tracing_context

    with tracing_context(enabled=False):
        for chunk in model.stream(list(messages), stop=list(stop) or None, max_tokens=max_tokens):
            yield str(chunk.text)
