"""Turns of the HTTP API: one at a time in a session, each in one thread, and always to its end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic_core import to_json

from bot.records import TurnEvent
from retrieval.errors import RapportError
from ui.api_metrics import Metrics
from ui.api_problems import FAILED, BusyError, TurnError

log = logging.getLogger(__name__)

PING_SECONDS = 15.0
"""A stream with nothing to say says that it is alive this often."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Numbered = tuple[int, TurnEvent]
"""The number of a turn and one event of it."""


class Turns:
    """Starts turns and keeps account of which sessions are in one. Used from one event loop."""

    def __init__(self, at_once: int, metrics: Metrics) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="rapport-turn")
        self._metrics = metrics
        self._running: dict[str, asyncio.Event] = {}

    def running(self, session_id: str) -> bool:
        return session_id in self._running

    async def idle(self, session_id: str) -> None:
        """Wait until no turn of the session runs."""
        while (ended := self._running.get(session_id)) is not None:
            await ended.wait()

    def start(self, session_id: str | None, events: Callable[[], Iterator[Numbered]]) -> AsyncIterator[Numbered]:
        """Begin a turn at once, whether or not its events are read. Raises BusyError while another one runs.

        A session of None is nobody's: any number of its turns may run.
        """
        ended = asyncio.Event()
        if session_id is not None:
            if session_id in self._running:
                raise BusyError("This session is still answering the message before. Wait for it, then send this one.")
            self._running[session_id] = ended
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[Numbered | None] = asyncio.Queue()

        def tell(event: Numbered | None) -> None:
            # When the server stops there is nobody left to tell; the turn goes on.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(arrived.put_nowait, event)

        def end() -> None:
            if session_id is not None:
                del self._running[session_id]
            ended.set()

        def work() -> None:
            number, last = 0, None
            try:
                for number, event in self._measured(events()):
                    if event.kind in {"done", "error"}:
                        last = (number, event)
                    else:
                        tell((number, event))
            except RapportError as error:
                last = number, TurnEvent(kind="error", data={"code": error.code, "message": str(error)})
            except Exception:
                log.exception("A turn failed")
                last = number, TurnEvent(kind="error", data={"code": "internal", "message": FAILED})
            finally:
                # Who hears of the end may send the next message at once, so the session is free before.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(end)
                tell(last)
                tell(None)

        try:
            self._threads.submit(work)
        except RuntimeError:
            end()
            raise
        return _read(arrived)

    def close(self) -> None:
        """Wait for the turns that run; no other begins."""
        self._threads.shutdown(wait=True)

    def _measured(self, events: Iterator[Numbered]) -> Iterator[Numbered]:
        began = time.perf_counter()
        with self._metrics.running.track_inprogress():
            for number, event in events:
                if event.kind == "items":
                    self._metrics.cards_seconds.observe(time.perf_counter() - began)
                elif event.kind == "done":
                    self._metrics.turns.labels(event.data["reply"].act).inc()
                    if (first := event.data.get("first_token_seconds")) is not None:
                        self._metrics.first_token.observe(first)
                elif event.kind == "error":
                    self._metrics.turns.labels("error").inc()
                yield number, event
        self._metrics.turn_seconds.observe(time.perf_counter() - began)


async def _read(arrived: asyncio.Queue[Numbered | None]) -> AsyncIterator[Numbered]:
    while (event := await arrived.get()) is not None:
        yield event


async def accepted(events: AsyncIterator[Numbered]) -> AsyncIterator[Numbered]:
    """The same events once the first is there, so that a message that cannot be taken is no stream at all.

    Raises TurnError when the first event is an error.
    """
    first = await anext(events)
    if first[1].kind == "error":
        raise _error(first[1])

    async def all_of_it() -> AsyncIterator[Numbered]:
        yield first
        async for event in events:
            yield event

    return all_of_it()


async def finished(events: AsyncIterator[Numbered]) -> TurnEvent:
    """The done event. Raises TurnError when the turn ended in an error."""
    async for _, event in events:
        if event.kind == "error":
            raise _error(event)
        if event.kind == "done":
            return event
    raise TurnError("internal", FAILED)


def _error(event: TurnEvent) -> TurnError:
    return TurnError(str(event.data["code"]), str(event.data["message"]))


def as_stream(lines: AsyncIterator[bytes]) -> EventSourceResponse:
    """Server-sent events, each as its bytes, with a sign of life in long silences."""
    return EventSourceResponse(_alive(lines), headers=_HEADERS)


async def encoded(events: AsyncIterator[Numbered]) -> AsyncIterator[bytes]:
    """Turn events as server-sent events: the kind, the data as JSON, and the number of the turn as id."""
    async for number, event in events:
        yield format_sse_event(event=event.kind, data_str=to_json(event.data).decode(), id=str(number))


async def _alive(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    coming: asyncio.Task[bytes] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(_next(lines))
            done, _ = await asyncio.wait([coming], timeout=PING_SECONDS)
            if not done:
                yield KEEPALIVE_COMMENT
                continue
            line, coming = coming.result(), None
            if not line:
                return
            yield line
    finally:
        if coming is not None:
            coming.cancel()


async def _next(lines: AsyncIterator[bytes]) -> bytes:
    return await anext(lines, b"")
