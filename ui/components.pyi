"""Gradio components drawn from the templates in ui/static.

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

from gradio.events import Dependency

class Panel(gr.HTML):
    """A part of the page whose value is plain data, drawn by `<template>.hbs` and brought to life by panel.js."""

    def __init__(self, template: str, value: Any = None, **kwargs: Any) -> None:
        super().__init__(
            value=value,
            html_template=read(f"{template}.hbs"),
            js_on_load=read("panel.js"),
            apply_default_css=False,
            elem_id=f"rapport-{template}",
            **kwargs,
        )

    def preprocess(self, payload: Any) -> Any:
        return from_template(payload)

    def postprocess(self, value: Any) -> Any:
        return to_template(value)

    def api_info(self) -> dict[str, Any]:
        return {"type": "object"}
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component