"""The language model behind one interface, LangChain's BaseChatModel, and one setting.

    none                  no model: every sentence is a template
    bundled               the model of requirements-model.txt, run in this process by llama.cpp
    bundled-large         the larger one (make model-large)
    hf:NAME               a folder or a name on the Hugging Face hub, run in this process by transformers
    openai:NAME@BASE_URL  any server that speaks OpenAI's protocol; without @BASE_URL, OpenAI itself
    auto                  bundled where it is installed, else none

Nothing here is imported before a model is asked for: LangChain alone takes more than half a second.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from bot.language_models.bundled import LARGE, SMALL, Progress, Weights, assemble, installed, parts
from bot.language_models.errors import ModelError
from retrieval.errors import InputError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

__all__ = ["Choice", "ModelError", "Progress", "choose", "open_model"]

_SERVER_TEMPERATURE = 0.2
_RUNTIME = ("xllamacpp", "langchain_core")
_WAYS = "none, bundled, bundled-large, hf:NAME, openai:NAME@BASE_URL or auto"


class Choice(NamedTuple):
    """A setting, read. name: what follows the colon; url: of the server; weights: of a bundled model."""

    kind: Literal["none", "bundled", "hf", "openai"]
    setting: str
    name: str = ""
    url: str = ""
    weights: Weights | None = None

    @property
    def remote(self) -> bool:
        """Whether a server answers, which may serve many at once and may fail for a moment."""
        return self.kind == "openai"


def choose(setting: str) -> Choice:
    """What a setting asks for, and that it can be had here. Loads nothing.

    Raises InputError for a setting that is none of the ways, ModelError for a bundled model that is not installed.
    """
    kind, _, rest = setting.partition(":")
    if setting == "auto":
        setting = "bundled" if _runnable(SMALL) or _runnable(LARGE) else "none"
    if setting == "none":
        return Choice("none", "none")
    if setting in {"bundled", "bundled-large"}:
        weights = LARGE if setting == "bundled-large" or (installed(LARGE) and not installed(SMALL)) else SMALL
        parts(weights)
        for package in _RUNTIME:
            if find_spec(package) is None:
                raise ModelError(f"The package {package} is missing, which runs the bundled model. Run: make model")
        return Choice("bundled", setting, weights=weights)
    if kind == "hf" and rest:
        return Choice("hf", setting, rest)
    if kind == "openai" and rest:
        name, _, url = rest.partition("@http")
        if name and (url or "@" not in rest):
            return Choice("openai", setting, name, f"http{url}" if url else "")
    raise InputError(f"Model '{setting}' cannot be used. Use {_WAYS}.")


def _runnable(weights: Weights) -> bool:
    return all(find_spec(package) for package in _RUNTIME) and installed(weights)


def open_model(
    setting: str, home: Path, threads: int = 1, max_tokens: int = 72, deadline: float = 12.0,
    progress: Progress | None = None,
) -> BaseChatModel | None:  # fmt: skip
    """The model of a setting, loaded and ready; None for "none". This may take a while: call it beside other work.

    home: the folder where a bundled model is put together. deadline: seconds that a server may be silent.

    Raises InputError for a setting that cannot be used, ModelError for a model that cannot be had.
    """
    choice = choose(setting)
    if choice.kind == "none":
        return None
    if choice.weights is not None:
        path = assemble(choice.weights, home, progress)
        from bot.language_models.llama import LlamaChat

        llama = LlamaChat(path=path, threads=threads, max_tokens=max_tokens)
        llama.load()
        return llama
    if choice.kind == "hf":
        from bot.language_models.hf import TransformersChat

        local = TransformersChat(name_or_path=choice.name, threads=threads, max_tokens=max_tokens)
        local.load()
        return local
    return _server(choice, max_tokens, deadline)


def _server(choice: Choice, max_tokens: int, deadline: float) -> BaseChatModel:
    try:
        from langchain_openai import ChatOpenAI
    except ImportError as error:
        raise ModelError(
            f"{choice.setting} needs the package langchain-openai. Run: pip install -r requirements-model.txt"
        ) from error
    from pydantic import SecretStr

    # OpenAI's own newest models take no temperature.
    # A local server asks for no key, but the client wants one.
    key = os.environ.get("OPENAI_API_KEY") or ("none" if choice.url else "")
    if not key:
        raise ModelError(f"{choice.setting} needs a key. Set OPENAI_API_KEY, or name a server: openai:NAME@BASE_URL.")
    return ChatOpenAI(
        model=choice.name, base_url=choice.url or None, api_key=SecretStr(key), max_completion_tokens=max_tokens,
        timeout=deadline, max_retries=0, temperature=_SERVER_TEMPERATURE if choice.url else None,
    )  # fmt: skip
