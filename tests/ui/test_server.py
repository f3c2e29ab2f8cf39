"""The server around the page: health, headers, pictures, and what Gradio must not offer."""

import json
import re
import threading
import time

import httpx
import pytest
from fastapi.testclient import TestClient

from bot.settings import Settings
from retrieval.errors import CatalogueError
from ui.loading import Loader, NotReadyError
from ui.server import create_app


@pytest.fixture
def settings(home):
    return Settings(home=home, model="none")


@pytest.fixture
def client(bot, settings):
    with TestClient(create_app(lambda: Borrowed(bot), settings)) as client:
        deadline = time.monotonic() + 60
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield client


class Borrowed:
    """A bot that outlives the server: everything but close."""

    def __init__(self, bot):
        self._bot = bot

    def __getattr__(self, name):
        return getattr(self._bot, name)

    def close(self):
        pass


def test_health_is_answered_while_the_bot_loads_and_readiness_is_not(bot, settings):
    release = threading.Event()

    def make():
        release.wait(60)
        return Borrowed(bot)

    with TestClient(create_app(make, settings)) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        waiting = client.get("/readyz")
        assert (waiting.status_code, waiting.json()["status"]) == (503, "not_ready")
        assert client.get("/").status_code == 200
        release.set()
        deadline = time.monotonic() + 60
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert client.get("/readyz").json() == {"status": "ready"}


def test_what_kept_the_bot_from_loading_is_told(settings):
    def make():
        raise CatalogueError("Catalogue /nope does not exist. Check the path.")

    with TestClient(create_app(make, settings)) as client:
        deadline = time.monotonic() + 10
        while client.get("/readyz").json()["status"] == "not_ready":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"status": "catalogue", "detail": "Catalogue /nope does not exist. Check the path."}


def test_every_answer_keeps_the_page_to_itself(client):
    for path in ("/", "/healthz", "/config", "/absent"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'self'" in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_no_other_origin_is_allowed(client):
    for path in ("/", "/healthz", "/gradio_api/info", "/config"):
        headers = client.get(path, headers={"Origin": "https://evil.example", "Host": "shop.example"}).headers
        assert "access-control-allow-origin" not in headers


def test_gradio_offers_no_api_and_takes_no_files(client):
    info = client.get("/gradio_api/info").json()
    assert info["named_endpoints"] == {}
    assert info["unnamed_endpoints"] == {}
    large = client.post("/gradio_api/upload", files={"files": ("a.txt", b"x" * 5000)})
    assert large.status_code >= 400


def test_gradio_reports_nothing_and_shows_no_errors(client):
    config = client.get("/config").json()
    assert config["analytics_enabled"] is False
    assert config["show_error"] is False
    assert config["run_history"] is False
    assert config["footer_links"] == []


def test_the_page_names_no_other_server_that_it_would_load_from(client):
    css = client.get("/theme.css").text + client.get("/config").json()["css"]
    assert re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//", css) == []
    assert "url('static/fonts/IBMPlexSans" in css


def test_the_favicon_is_ours(client):
    answer = client.get("/favicon.ico")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")


def test_pictures_of_unknown_items_are_not_found(client):
    assert client.get("/images", params={"id": "../../etc/passwd"}).status_code == 404


def test_a_local_picture_is_served_and_nothing_else(tmp_path):
    from bot import Bot

    (tmp_path / "a.png").write_bytes(b"\x89PNG picture")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    rows = [
        {"id": "a", "title": "A", "image": "a.png"},
        {"id": "b", "title": "B", "image": "secret.txt"},
        {"id": "c", "title": "C", "image": "../../etc/hostname.png"},
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = Settings(home=tmp_path / "home", catalog=tmp_path / "items.jsonl", model="none")
    with TestClient(create_app(lambda: Bot.create(settings=settings), settings)) as client:
        deadline = time.monotonic() + 60
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        found = client.get("/images", params={"id": "a"})
        assert (found.content, found.headers["content-type"]) == (b"\x89PNG picture", "image/png")
        assert [client.get("/images", params={"id": item}).status_code for item in "bc"] == [404, 404]


def test_a_running_server_answers_over_http(site):
    assert httpx.get(f"{site}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{site}/readyz").json() == {"status": "ready"}


# ---------------------------------------------------------------- loading


def test_a_loader_hands_out_the_bot_only_when_it_is_warm(bot):
    release = threading.Event()

    def make():
        release.wait(60)
        return Borrowed(bot)

    told = []
    loader = Loader(make, told.append)
    loader.start()
    with pytest.raises(NotReadyError):
        loader.bot(patience=0.01)
    release.set()
    assert loader.bot().domain.name == "movies"
    loader.close()
    assert told == [None]


def test_a_defect_while_loading_is_an_error_with_a_message_not_a_hang():
    def make():
        raise ZeroDivisionError

    told = []
    loader = Loader(make, told.append)
    loader.start()
    with pytest.raises(Exception, match="could not be loaded"):
        loader.bot(patience=10)
    loader.close()
    assert "ZeroDivisionError" in str(told[0])
