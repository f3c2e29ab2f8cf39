"""A model of the transformers library run in this process, as a LangChain chat model."""

from __future__ import annotations

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
from bot.language_models.streams import Emit, pumped, until


class TransformersChat(BaseChatModel):
    """One causal model with a chat template. `load` reads it; one answer is written at a time.

    name: a local folder, or a name on the Hugging Face hub (from its local cache, else downloaded).
    threads is set for all of torch in this process.
    """

    name_or_path: str
    threads: int = 1
    max_tokens: int = 256
    temperature: float = 0.0

    _model: Any = PrivateAttr(default=None)
    _tokenizer: Any = PrivateAttr(default=None)
    _busy: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "transformers"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"name_or_path": self.name_or_path, "threads": self.threads}

    def load(self) -> None:
        """Read the model. Raises ModelError when it cannot be read or has no chat template."""
        with self._busy:
            if self._model is None:
                self._open()

    def _open(self) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        torch.set_num_threads(self.threads)
        local = Path(self.name_or_path).expanduser().is_dir()
        where = str(Path(self.name_or_path).expanduser()) if local else self.name_or_path
        try:
            tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=local)
            model = AutoModelForCausalLM.from_pretrained(where, local_files_only=local, dtype="auto")
        except Exception as error:  # the loaders raise all kinds, some of them plain Exception
            raise ModelError(f"Language model hf:{self.name_or_path} cannot be loaded: {error}") from error
        if tokenizer.chat_template is None:
            raise ModelError(
                f"Language model hf:{self.name_or_path} has no chat template, so it was not trained to answer. "
                "Choose an instruction-tuned model."
            )
        model.eval()  # type: ignore[no-untyped-call]
        self._tokenizer, self._model = tokenizer, model

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:  # fmt: skip
        self.load()
        limit = kwargs.get("max_tokens") or self.max_tokens
        temperature = kwargs.get("temperature", self.temperature)

        def produce(emit: Emit) -> None:
            with self._busy:
                self._write(convert_to_openai_messages(messages), limit, temperature, emit)

        for text in until(pumped(produce), stop or ()):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
            if run_manager:
                run_manager.on_llm_new_token(text, chunk=chunk)
            yield chunk
        yield ChatGenerationChunk(message=AIMessageChunk(content="", chunk_position="last"))

    def _write(self, messages: Any, limit: int, temperature: float, emit: Emit) -> None:
        """Generate until the model ends, `limit` tokens are written, or `emit` asks to stop."""
        import torch
        from transformers import StoppingCriteria, StoppingCriteriaList, TextStreamer

        asked = threading.Event()

        class Pieces(TextStreamer):
            def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
                if emit(text):
                    asked.set()

        class Asked(StoppingCriteria):
            def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: Any) -> torch.Tensor:
                stop = asked.is_set() or emit("")
                return torch.full((input_ids.shape[0],), stop, device=input_ids.device, dtype=torch.bool)

        inputs = self._tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )
        sampling: dict[str, Any] = {"do_sample": True, "temperature": temperature} if temperature > 0 else {
            "do_sample": False, "temperature": None, "top_p": None, "top_k": None
        }  # fmt: skip
        with torch.inference_mode():
            self._model.generate(
                **inputs, max_new_tokens=limit, **sampling,
                streamer=Pieces(self._tokenizer, skip_prompt=True, skip_special_tokens=True),
                stopping_criteria=StoppingCriteriaList([Asked()]),
            )  # fmt: skip

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any,
    ) -> ChatResult:  # fmt: skip
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))
