"""The real Bot on the starter catalogue, its index built once, and real servers on free ports."""

import json
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bot.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE = 120


@pytest.fixture(scope="session")
def built_home(tmp_path_factory):
    """A home with the index of the starter catalogue and no conversations."""
    from bot import Bot

    home = tmp_path_factory.mktemp("built")
    with Bot.create(home=home, model="none") as bot:
        bot.warm()
    return home


@pytest.fixture
def home(built_home, tmp_path):
    """A home of the test's own that opens at once."""
    return Path(shutil.copytree(built_home, tmp_path / "home"))


@pytest.fixture(scope="module")
def bot(built_home, tmp_path_factory):
    from bot import Bot

    home = shutil.copytree(built_home, tmp_path_factory.mktemp("bot") / "home")
    with Bot.create(home=Path(home), model="none") as made:
        yield made


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(settings, wrap=lambda bot: bot):
    """A running server on a free port; yields its address. `wrap` may put something around the bot."""
    import uvicorn

    from bot import Bot
    from ui.server import create_app

    settings = settings.model_copy(update={"port": free_port()})
    app = create_app(lambda: wrap(Bot.create(settings=settings)), settings)
    server = uvicorn.Server(uvicorn.Config(app, port=settings.port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{settings.port}"
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{address}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        else:
            raise TimeoutError(f"{address} was not ready after {PATIENCE} s")
        yield address
    finally:
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="session")
def serve():
    """The way to start a server of the test's own."""
    return serving


@pytest.fixture(scope="session")
def site(built_home, tmp_path_factory):
    """The address of a server on the starter catalogue."""
    home = Path(shutil.copytree(built_home, tmp_path_factory.mktemp("site") / "home"))
    with serving(Settings(home=home, model="none")) as address:
        yield address


ATTACKS = (
    "${window.pwned=1}",
    "`+(window.pwned=2)+`",
    "{{constructor.constructor('window.pwned=3')()}}",
    "&lt;img src=x onerror='window.pwned=4'&gt;",
    "back\\slash \\u0024{window.pwned=5}",
    "\" onmouseover=\"window.pwned=6\" x=\"",
    "![x](http://127.0.0.1:9/x.png) [a](javascript:window.pwned=7)",
    "$\\{window.pwned=8}",
    "</script><svg/onload=window.pwned=9>",
)  # fmt: skip
"""Titles that run, load or break something wherever they are not shown as plain text."""


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory):
    """The address of a server whose whole catalogue is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        {
            "id": f"{number}{attack}",
            "title": f"Evil {number} {attack}",
            "year": 1990 + number,
            "genres": [attack, "Drama"],
            "directors": [attack],
            "synopsis": f"A drama. {attack}",
            "url": f"https://127.0.0.1/{attack}",
            "image": "http://127.0.0.1:9/a.png",
        }
        for number, attack in enumerate(ATTACKS)
    ]
    (folder / "hostile.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = Settings(home=folder / "home", catalog=folder / "hostile.jsonl", model="none", picks=len(rows))
    with serving(settings) as address:
        yield address


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        )  # fmt: skip
        yield browser
        browser.close()
