"""Timing whole processes from the outside: importing, the terminal conversation and the web server."""

from __future__ import annotations

import os
import re
import selectors
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psutil

PATIENCE = 180.0
"""Seconds after which a process that does not do what is waited for is given up."""
_RUN = "from ui.cli import main; main()"
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_UTTERANCE = "something funny, please\n"


class TerminalTimes(NamedTuple):
    """Seconds from the start of `rapport chat` to its first output and to the first item shown; None: never."""

    prompt: float | None
    reply: float | None


class ServerTimes(NamedTuple):
    """Seconds from the start of `rapport serve` to a 200 of each address, None: never; resident bytes then."""

    healthz: float | None
    readyz: float | None
    resident: int


def import_seconds(statement: str) -> float:
    """Seconds that a statement takes in a fresh interpreter, start of the interpreter excluded."""
    code = f"import time; start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    return float(done.stdout.split()[-1])


def terminal_times(environment: dict[str, str]) -> TerminalTimes:
    """Start `rapport chat` on pipes, say one thing at once, and watch what appears."""
    with _started(["chat"], environment) as (process, started):
        assert process.stdin is not None
        process.stdin.write(_UTTERANCE.encode())
        process.stdin.flush()
        prompt: float | None = None
        heard = ""
        for chunk in _output(process, started + PATIENCE):
            prompt = prompt if prompt is not None else time.perf_counter() - started
            heard += chunk
            if _YEAR.search(heard):
                return TerminalTimes(prompt, time.perf_counter() - started)
    return TerminalTimes(prompt, None)


def server_times(environment: dict[str, str]) -> ServerTimes:
    """Start `rapport serve` on a free port and ask until it is up and ready."""
    port = free_port()
    at = {"RAPPORT_HOST": "127.0.0.1", "RAPPORT_PORT": str(port)}
    with _started(["serve"], environment | at) as (process, started):
        healthz = _answers(process, f"http://127.0.0.1:{port}/healthz", started)
        readyz = _answers(process, f"http://127.0.0.1:{port}/readyz", started) if healthz is not None else None
        return ServerTimes(healthz, readyz, resident_bytes(process.pid))


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
def _started(arguments: list[str], environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A running `rapport`, and when it was started; ended on leaving, whatever happened."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", _RUN, *arguments],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process, started
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _output(process: subprocess.Popen[bytes], deadline: float) -> Iterator[str]:
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


def _answers(process: subprocess.Popen[bytes], url: str, started: float) -> float | None:
    while process.poll() is None and time.perf_counter() - started < PATIENCE:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                if response.status == 200:
                    return time.perf_counter() - started
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    return None
