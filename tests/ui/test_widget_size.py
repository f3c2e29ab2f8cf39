"""The widget as a file: how large it is, what it may not contain, and how it is served."""

import gzip
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ui.widget import STATIC, add_widget

LARGEST = 15_000
"""Bytes of the module, gzipped."""


@pytest.fixture(scope="module")
def module():
    return (STATIC / "widget.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def client():
    app = FastAPI()
    add_widget(app)
    return TestClient(app)


def test_the_module_is_small(module):
    assert len(gzip.compress(module.encode(), 9, mtime=0)) <= LARGEST


def test_the_module_needs_no_other_file_and_no_exception_from_a_policy(module):
    assert re.findall(r"\bimport\s*[({'\"*]|\bimport\s+\w+\s+from\b", module) == []
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc"):
        assert way not in module, way
    assert "make('style'" not in module
    assert re.findall(r"\.style\b|[{,]\s*style:", module) == []
    addresses = set(re.findall(r"https?://[\w.]+", module))
    assert addresses == {"http://www.w3.org"}, "the name of SVG, and nothing else, names a server"


def test_the_demo_page_has_no_inline_script_and_no_inline_style():
    page = (STATIC / "demo.html").read_text(encoding="utf-8")
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", page) == []


def test_any_site_may_load_the_module_and_keeps_it_for_a_while(client):
    answer = client.get("/widget.js", headers={"Origin": "https://shop.example"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) <= LARGEST
    assert "max-age" in answer.headers["cache-control"]
    again = client.get("/widget.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = client.get("/widget.js", headers={"If-None-Match": 'W/"other"'})
    assert changed.content == answer.content


def test_a_client_without_gzip_gets_the_same_module(client, module):
    plain = client.get("/widget.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == module
    assert client.head("/widget.js").status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"), [("/demo", "text/html"), ("/demo.js", "text/javascript"), ("/demo.css", "text/css")]
)
def test_the_demo_is_served_to_its_own_site_only(client, path, kind):
    answer = client.get(path)
    assert answer.headers["content-type"].startswith(kind)
    assert "access-control-allow-origin" not in answer.headers


def test_the_demo_page_has_a_strict_policy(client):
    policy = dict(
        part.strip().split(" ", 1) for part in client.get("/demo").headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
