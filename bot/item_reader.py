"""A language model as the second reader of a catalogue that is being enriched (retrieval/second_reading.py)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import islice

from bot.asking import answer_to, numbered, numbers_in, one_line
from bot.language_models import ModelError, choose, open_model
from bot.notes import whole_lines
from bot.settings import Settings
from prompts.loader import load_question
from retrieval.domain import DomainConfig
from retrieval.second_reading import Request

_log = logging.getLogger(__name__)
_TEXT = 900  # characters of an item's text that are read
_AT_ONCE_REMOTE = 16
_SECONDS = 120.0
_FAILURES = 5  # items in a row that a model fails at before it is given up


class ItemReader:
    """Reads items with the model of a setting. Answers are kept under the home, so that an interrupted run goes on.

    Use it as a `Reader`: it is called with requests. Raises InputError or ModelError for a model that cannot be had.
    """

    def __init__(self, setting: str, settings: Settings, domain: DomainConfig) -> None:
        self._setting = setting
        self._domain = domain
        self._question = load_question("read")
        self._at_once = _AT_ONCE_REMOTE if choose(setting).remote else 1
        model = open_model(
            setting, settings.model_folder, settings.model_threads, self._question.max_tokens, _SECONDS
        )  # fmt: skip
        if model is None:
            raise ModelError("Nobody can read with the model 'none'. Name a model, or leave the option out.")
        self._model = model
        self._notes = settings.home / "readings.jsonl"
        self._kept: dict[str, str] = dict(json.loads(line) for line in whole_lines(self._notes))
        self._failed = 0

    def __call__(self, requests: Iterable[Request]) -> Iterator[set[tuple[str, str]] | None]:
        """The values that fit each item, in order; None where the model failed. Raises ModelError if it goes on."""
        waiting = iter(requests)
        self._notes.parent.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(self._at_once) as pool, self._notes.open("a", encoding="utf-8") as notes:
            while batch := list(islice(waiting, self._at_once)):
                for request, (name, answer) in zip(batch, pool.map(self._answer, batch), strict=True):
                    if answer is None:
                        yield None
                        continue
                    if name not in self._kept:
                        self._kept[name] = answer
                        notes.write(json.dumps([name, answer]) + "\n")
                        notes.flush()
                    yield {request.values[place] for place in numbers_in(answer, len(request.values))}

    def _answer(self, request: Request) -> tuple[str, str | None]:
        """A name for what is asked, and the answer; None when the model failed."""
        item = request.item
        year = f" ({item.year})" if item.year else ""
        slots = {
            "noun": self._domain.noun.one,
            "item": one_line(f"{item.title}{year}; {', '.join(item.genres)}; {item.text}", _TEXT),
            "values": numbered([f"{facet}: {value}" for facet, value in request.values]),
        }
        name = sha256(json.dumps([self._setting, self._question.version, slots]).encode()).hexdigest()[:32]
        if name in self._kept:
            return name, self._kept[name]
        try:
            answer = answer_to(self._question, slots, self._model)
        except Exception as error:
            self._failed += 1
            _log.warning("%s was not read (%s). %s", item.title, type(error).__name__, error)
            if self._failed >= _FAILURES:
                raise ModelError(
                    f"{self._setting} failed {self._failed} times in a row: {error}. Its answers are kept: run again."
                ) from error
            return name, None
        self._failed = 0
        return name, answer
