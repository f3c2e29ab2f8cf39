"""Parts of the page that are drawn from the templates in ui/static.

Importing this module imports Gradio, which takes seconds: do it only where a page is built.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

STATIC = Path(__file__).parent / "static"


def read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def to_template(value: Any) -> Any:
    """Data made safe for a template of gr.HTML, all the way down.

    Gradio fills in the Handlebars template, which escapes HTML, and then evaluates the result as a JavaScript
    template literal. There "${...}" in a title would run as code and a lone backslash would break the page;
    a backslash before either keeps both as the text they are.
    """
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("$", "\\$")
    if isinstance(value, dict):
        return {key: to_template(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_template(part) for part in value]
    return value


def from_template(value: Any) -> Any:
    """The inverse of to_template, for data that comes back from the browser."""
    if isinstance(value, str):
        return value.replace("\\$", "$").replace("\\\\", "\\")
    if isinstance(value, dict):
        return {key: from_template(part) for key, part in value.items()}
    if isinstance(value, list):
        return [from_template(part) for part in value]
    return value


def panel(template: str, value: Any = None) -> gr.HTML:
    """A part of the page whose value is plain data, drawn by `<template>.hbs` and brought to life by panel.js.

    Not a subclass of gr.HTML: for one of those Gradio writes a stub file into our source folder. So whoever sets
    its value passes it through `to_template`.
    """
    return gr.HTML(
        to_template(value),
        html_template=read(f"{template}.hbs"),
        js_on_load=read("panel.js"),
        apply_default_css=False,
        elem_id=f"rapport-{template}",
    )
