"""Asking a language model for data: one question of prompts/en, and numbers out of the answer."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.language_models.streams import written_by
from prompts.loader import Question

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_NUMBERS = re.compile(r"\W*(\d{1,2}(?:\W+\d{1,2})*)\b")


def answer_to(question: Question, slots: Mapping[str, str], model: BaseChatModel, ends: float | None = None) -> str:
    """The whole answer. `ends`: when it must be there (time.monotonic). Raises TimeoutError, and what models raise."""
    messages = [("system", question.system.format_map(slots)), ("user", question.request.format_map(slots))]
    answer = ""
    pieces = written_by(model, messages, question.max_tokens)
    try:
        for piece in pieces:
            answer += piece
            if ends is not None and time.monotonic() > ends:
                raise TimeoutError("The answer was not complete in time.")
    finally:
        pieces.close()
    return answer


def numbers_in(answer: str, size: int) -> list[int]:
    """The places in 0..size-1 that an answer numbers from 1, each once; none unless it begins with numbers."""
    match = _NUMBERS.match(answer)
    numbers = [int(number) - 1 for number in re.findall(r"\d+", match[1])] if match else []
    return list(dict.fromkeys(number for number in numbers if 0 <= number < size))


def numbered(lines: list[str]) -> str:
    """Lines with their numbers, from 1."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def one_line(text: str, limit: int) -> str:
    """On one line, cut to a length, and unable to close the fence that it is handed over in."""
    return " ".join(text.replace("---", "-").split())[:limit]
