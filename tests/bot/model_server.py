"""A real HTTP server that speaks OpenAI's chat protocol, and can be slow, broken or mad on purpose."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Words = Callable[[str, int], Iterator[str | float | None]]
"""From the last message and the number of the request (from 1) to pieces of the answer; a number is a pause in
seconds, None breaks the connection off. ValueError becomes a 500."""


class Asked(NamedTuple):
    """The requests that came, and how many answers were read to their end."""

    bodies: list[dict[str, Any]]
    finished: list[int]


def notes_of(message: str) -> tuple[str, str]:
    """The title and the notes of a request."""
    head, _, facts = message.partition("\n")
    return head.removeprefix("Title: "), facts.removeprefix("Notes: ")


def copied(message: str, number: int) -> Iterator[str | float | None]:
    """The notes as they are, word by word: a good answer."""
    head, facts = notes_of(message)
    for word in f"{head} {facts}.".split(" "):
        yield f"{word} "


@contextmanager
def serving(words: Words) -> Iterator[tuple[str, Asked]]:
    """The address to put behind openai:NAME@, and what was asked there."""
    asked = Asked([], [])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.bodies.append(body)
            number = len(asked.bodies)
            try:
                pieces = words(body["messages"][-1]["content"], number)
                first = next(pieces, "")
            except ValueError as error:
                self.send_error(500, str(error))
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            try:
                self._say(first)
                for piece in pieces:
                    if piece is None:
                        return
                    self._say(piece)
                self._data({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                self.wfile.write(b"data: [DONE]\n\n")
                asked.finished.append(number)
            except (BrokenPipeError, ConnectionResetError):
                return

        def _say(self, piece: str | float | None) -> None:
            if isinstance(piece, float):
                time.sleep(piece)
            elif piece is not None:
                delta = {"role": "assistant", "content": piece}
                self._data({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})

        def _data(self, rest: dict[str, Any]) -> None:
            head = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "test"}
            self.wfile.write(f"data: {json.dumps(head | rest)}\n\n".encode())
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
