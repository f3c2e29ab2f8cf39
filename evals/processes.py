"""Timing whole processes from the outside: importing, the terminal conversation and the web server."""

from __future__ import annotations

import os
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

import psutil

PATIENCE = 180.0
"""Seconds after which a process that does not do what is waited for is given up."""
_RUN = "from ui.cli import main; main()"
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_UTTERANCE = "something funny, please\n"


class TerminalTimes(NamedTuple):
    """Seconds from the start of `rapport chat` to its first output and to the first item shown; None: never.

    trouble: the last line of its error output when something never came.
    """

    prompt: float | None
    reply: float | None
    trouble: str = ""


class ServerTimes(NamedTuple):
    """Seconds from the start of `rapport serve` to a 200 of each address, None: never; resident bytes then."""

    healthz: float | None
    readyz: float | None
    resident: int | None
    trouble: str = ""


class Running(NamedTuple):
    """A process, when it was started (perf_counter), and the file of its error output."""

    process: subprocess.Popen[bytes]
    started: float
    errors: IO[bytes]

    def last_words(self) -> str:
        """The last line of the error output."""
        self.errors.seek(0)
        lines = self.errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else ""


def import_seconds(statement: str) -> float:
    """Seconds that a statement takes in a fresh interpreter, start of the interpreter excluded."""
    code = f"import time; start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    return float(done.stdout.split()[-1])


def terminal_times(environment: dict[str, str]) -> TerminalTimes:
    """Start `rapport chat` on pipes, say one thing at once, and watch what appears."""
    with _started(["chat"], environment) as running:
        assert running.process.stdin is not None
        running.process.stdin.write(_UTTERANCE.encode())
        running.process.stdin.flush()
        prompt: float | None = None
        heard = ""
        for chunk in output(running.process, running.started + PATIENCE):
            prompt = prompt if prompt is not None else time.perf_counter() - running.started
            heard += chunk
            if _YEAR.search(heard):
                return TerminalTimes(prompt, time.perf_counter() - running.started)
        return TerminalTimes(prompt, None, running.last_words())


def server_times(environment: dict[str, str]) -> ServerTimes:
    """Start `rapport serve` on a free port and ask until it is up and ready."""
    port = free_port()
    at = {"RAPPORT_HOST": "127.0.0.1", "RAPPORT_PORT": str(port)}
    with _started(["serve"], environment | at) as running:
        healthz = _answers(running, f"http://127.0.0.1:{port}/healthz")
        readyz = _answers(running, f"http://127.0.0.1:{port}/readyz") if healthz is not None else None
        if readyz is None:
            return ServerTimes(healthz, None, None, running.last_words())
        return ServerTimes(healthz, readyz, resident_bytes(running.process.pid))


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and its children; 0 when it has ended."""
    try:
        process = psutil.Process(pid)
        return int(sum(one.memory_info().rss for one in (process, *process.children(recursive=True))))
    except psutil.NoSuchProcess:
        return 0


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def _started(arguments: list[str], environment: dict[str, str]) -> Iterator[Running]:
    """A running `rapport`; ended on leaving, whatever happened."""
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", _RUN, *arguments],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            yield Running(process, started, errors)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def output(process: subprocess.Popen[bytes], deadline: float) -> Iterator[str]:
    """What a process writes, as soon as it is written, until it ends or the deadline passes."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.perf_counter()) > 0:
            if selector.select(left):
                data = os.read(process.stdout.fileno(), 65_536)
                if not data:
                    return
                yield data.decode("utf-8", "replace")


def _answers(running: Running, url: str) -> float | None:
    while running.process.poll() is None and time.perf_counter() - running.started < PATIENCE:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                if response.status == 200:
                    return time.perf_counter() - running.started
        except OSError:
            time.sleep(0.05)
    return None
