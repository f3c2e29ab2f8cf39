"""A GGUF model run by llama.cpp inside this process, as a LangChain chat model."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from bot.language_models.errors import ModelError
from bot.language_models.streams import Emit, pumped


class LlamaChat(BaseChatModel):
    """One GGUF file. `load` reads it; calls before that load it first. One answer is written at a time.

    threads: of one computation; more than there are free cores is many times slower. context: tokens of a
    request and its answer. Prompts that begin alike share what llama.cpp computed for their beginning.
    """

    path: Path
    threads: int = 1
    context: int = 2048
    max_tokens: int = 256
    temperature: float = 0.0

    _server: Any = PrivateAttr(default=None)
    _loading: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"path": str(self.path), "threads": self.threads, "context": self.context}

    def load(self) -> None:
        """Read the model. Raises ModelError when llama.cpp is absent or cannot use the file."""
        with self._loading:
            if self._server is None:
                self._server = self._opened()

    def _opened(self) -> Any:
        try:
            import xllamacpp
        except ImportError as error:
            raise ModelError("llama.cpp is not installed (package xllamacpp). Run: make model") from error
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(self.path)
        parameters.n_ctx = self.context
        parameters.n_parallel = 1
        parameters.verbosity = -1
        # By default llama.cpp keeps up to 8 GB of earlier prompts in memory.
        parameters.cache_ram_mib = 0
        # It opens a port on this machine that we do not use: nobody else shall either.
        parameters.api_keys = [secrets.token_urlsafe(32)]
        parameters.ui = False
        for threads in (parameters.cpuparams, parameters.cpuparams_batch):
            threads.n_threads = self.threads
            # Waiting threads sleep instead of spinning, so that a busy machine is slowed down less.
            threads.poll = 0
        try:
            return xllamacpp.Server(parameters)
        except RuntimeError as error:
            raise ModelError(
                f"llama.cpp cannot load {self.path}: {error} Delete the file, so that it is put together again."
            ) from error

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:  # fmt: skip
        self.load()
        request = {
            "messages": convert_to_openai_messages(messages),
            "max_tokens": kwargs.get("max_tokens") or self.max_tokens,
            "temperature": kwargs.get("temperature", self.temperature),
            "stop": stop or [],
            "stream": True,
            "cache_prompt": True,
        }

        def produce(emit: Emit) -> None:
            failure: list[str] = []

            def take(data: Any) -> bool:
                if "error" in data:
                    failure.append(str(data["error"].get("message", data["error"])))
                    return True
                choices = data.get("choices") or [{}]
                return emit(choices[0].get("delta", {}).get("content") or "")

            self._server.handle_chat_completions(request, take)
            if failure:
                raise ModelError(f"llama.cpp refused the request: {failure[0]}.")

        for text in pumped(produce):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
            if run_manager:
                run_manager.on_llm_new_token(text, chunk=chunk)
            yield chunk
        yield ChatGenerationChunk(message=AIMessageChunk(content="", chunk_position="last"))

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any,
    ) -> ChatResult:  # fmt: skip
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))
