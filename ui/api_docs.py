"""The page at /docs: every route, written out from the OpenAPI document. It needs no script and no other server."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from ui.api_problems import PROBLEMS

LAST = "Server"
"""The group of the routes that are about the server itself."""
_METHODS = ("get", "post", "patch", "put", "delete")
_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } h3 { font-size: 1.05rem; margin: 1.8rem 0 .3rem; }
code, pre { font: .9rem/1.45 ui-monospace, monospace; } h3 code { font-weight: 700; }
pre { overflow-x: auto; padding: .8rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top; }
summary { cursor: pointer; padding: .25rem 0; }
"""


def docs_page(document: dict[str, Any]) -> str:
    """An OpenAPI document as HTML. Everything in it is escaped."""
    info = document["info"]
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                groups.setdefault(operation.get("tags", [LAST])[0], []).append(_route(path, method, operation))
    ordered = sorted(groups.items(), key=lambda group: group[0] == LAST)
    routes = "".join(f"<h2>{_text(name)}</h2>{''.join(found)}" for name, found in ordered)
    schemas = "".join(
        f"<details id='schema-{_text(name)}'><summary><code>{_text(name)}</code></summary>{_json(schema)}</details>"
        for name, schema in sorted(document.get("components", {}).get("schemas", {}).items())
    )
    problems = "".join(
        f"<tr id='problem-{code}'><td><code>{code}</code></td><td>{status}</td><td>{_text(title)}</td></tr>"
        for code, (status, title) in PROBLEMS.items()
    )
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{_text(info['title'])}</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'><link rel='icon' href='/favicon.ico'>"
        f"<style>{_STYLE}</style></head><body><h1>{_text(info['title'])}</h1>{_paragraphs(info.get('description', ''))}"
        f"<p>For programs: <a href='/openapi.json'>/openapi.json</a> (OpenAPI {_text(document['openapi'])}).</p>"
        f"{routes}<h2>Problems</h2><p>Every error is <code>application/problem+json</code>: type, title, status, "
        "detail and one of these codes.</p>"
        f"<table><tr><th>code</th><th>status</th><th>title</th></tr>{problems}</table>"
        f"<h2>Schemas</h2>{schemas}</body></html>"
    )


def _route(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(p['name'])}</code></td><td>in the {_text(p['in'])}"
        f"{', required' if p.get('required') else ''}</td><td>{_text(p.get('description', ''))}</td></tr>"
        for p in operation.get("parameters", [])
    )
    body = "".join(
        f"<p>Body: {_schema(content.get('schema', {}))}</p>"
        for content in operation.get("requestBody", {}).get("content", {}).values()
    )
    answers = "".join(
        f"<tr><td>{_text(status)}</td><td>{_text(answer.get('description', ''))}</td><td>{_contents(answer)}</td></tr>"
        for status, answer in sorted(operation.get("responses", {}).items())
    )
    token = "<p>Needs the token of the session.</p>" if operation.get("security") and "{session_id}" in path else ""
    return (
        f"<h3><code>{method.upper()} {_text(path)}</code> {_text(operation.get('summary', ''))}</h3>"
        f"{_paragraphs(operation.get('description', ''))}{token}{f'<table>{rows}</table>' if rows else ''}{body}"
        f"<table>{answers}</table>"
    )


def _contents(answer: dict[str, Any]) -> str:
    return "<br>".join(
        f"<code>{_text(media)}</code> {_schema(content.get('schema', {}))}"
        for media, content in answer.get("content", {}).items()
    )


def _schema(schema: dict[str, Any]) -> str:
    """A link to a named schema, or nothing worth more than that."""
    for option in (schema, *schema.get("anyOf", [])):
        if "$ref" in option:
            name = _text(option["$ref"].rsplit("/", 1)[-1])
            return f"<a href='#schema-{name}'>{name}</a>"
    return ""


def _json(value: Any) -> str:
    return f"<pre>{_text(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"


def _paragraphs(text: str) -> str:
    parts = (re.sub("`([^`]+)`", r"<code>\1</code>", _text(part)) for part in text.split("\n\n") if part.strip())
    return "".join(f"<p>{part}</p>" for part in parts)


def _text(value: object) -> str:
    return html.escape(str(value), quote=True)
