"""A language model's order of the best items: asked in numbers, waited for briefly, believed only as an order.

The model sees what is known of the wishes and a numbered list of items that are allowed anyway, so the worst that it
can do is to order them badly (listwise prompting: Sun et al. 2023, "Is ChatGPT Good at Search?").
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.asking import answer_to, numbered, numbers_in, one_line
from bot.language_models import open_model
from bot.settings import Settings
from prompts.loader import Question, load_question
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig
from retrieval.errors import ModelFileError
from retrieval.records import Item, Query, Record

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_log = logging.getLogger(__name__)
_AT_ONCE = 8
_REST_SECONDS = 60.0
_MESSAGES, _MESSAGE, _TEXT = 6, 300, 120  # messages of a dialogue that are told, and the most characters of things
WEIGHT_FILE = "opinion.json"
_USUAL_WEIGHT = 0.3


class SecondOpinion:
    """The language model of `settings.second_opinion` for all sessions, opened in the background. Safe to share between
    threads. A model that fails or is late is left alone for a minute."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._seconds = settings.second_opinion_seconds
        self._question = load_question("order")
        self._workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="rapport-opinion")
        self._opened: Future[BaseChatModel | None] = self._workers.submit(
            open_model, settings.second_opinion, settings.model_folder, settings.model_threads,
            self._question.max_tokens, self._seconds,
        )  # fmt: skip
        self._rests_until = 0.0

    def order(self, query: Query, items: Sequence[Item]) -> list[int]:
        """Places of the items that suit a query, best first; none when nothing is known or no answer came in time."""
        if not self._opened.done() or time.monotonic() < self._rests_until:
            return []
        wishes = list(wishes_of(query, self._catalogue))
        if not wishes:
            return []
        try:
            model = self._opened.result()
            if model is None:
                return []
            ends = time.monotonic() + self._seconds
            answer = self._workers.submit(_answer, model, self._question, wishes, items, self._catalogue.domain, ends)
            return numbers_in(answer.result(self._seconds), len(items))
        except Exception as error:  # noqa: BLE001 - servers and runtimes raise all kinds
            _log.warning("No second opinion for %g s (%s). %s", _REST_SECONDS, type(error).__name__, error)
            self._rests_until = time.monotonic() + _REST_SECONDS
            return []

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the model is open, at most `seconds`; raises what kept it from opening."""
        return self._opened.result(seconds) is not None

    def close(self) -> None:
        """Let go of the model when it is idle."""
        self._workers.shutdown(wait=True, cancel_futures=True)


class OpinionCard(Record):
    """How much of an item's place a model's order should decide, and how that was found (bot/opinion_training.py)."""

    model: str
    weight: float
    questions: int
    seed: int
    figures: dict[str, float]


def opinion_weight(settings: Settings) -> float:
    """The weight that is set, else what training found for this model, else 0.3.

    Raises ModelFileError when what training wrote cannot be read.
    """
    if settings.second_opinion_weight is not None:
        return settings.second_opinion_weight
    path = settings.home / "models" / WEIGHT_FILE
    if not path.is_file():
        return _USUAL_WEIGHT
    try:
        card = OpinionCard.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelFileError(
            f"{path} cannot be read: {error}. Delete it or run `rapport train opinion` again."
        ) from error
    return card.weight if card.model == settings.second_opinion else _USUAL_WEIGHT


def wishes_of(query: Query, catalogue: Catalogue) -> Iterator[str]:
    """What a query knows of somebody's wishes, a line each."""
    domain = catalogue.domain
    for said in query.said[-_MESSAGES:]:
        yield f"said: {one_line(said, _MESSAGE)}"
    if query.text:
        yield f"described: {one_line(query.described or query.text, _MESSAGE)}"
    for term in query.terms:
        yield f"{'wants' if term.weight > 0 else 'does not want'} {_called(term.facet, domain)}: {term.value}"
    for bound in query.bounds:
        low, high = ("any" if end is None else f"{end:g}" for end in (bound.low, bound.high))
        yield f"{bound.number}: {bound.label or f'{low} to {high}'}"
    for anchor in query.anchors:
        if anchor.item_id in catalogue.row:
            kind = "wants something like" if anchor.asked else "liked" if anchor.weight > 0 else "did not like"
            yield f"{kind} {_title(catalogue.get(anchor.item_id))}"
    for steer in query.steers:
        yield f"{'more' if steer.weight > 0 else 'less'}: {one_line(steer.label, _TEXT)}"


def _answer(
    model: BaseChatModel, question: Question, wishes: Sequence[str], items: Sequence[Item], domain: DomainConfig,
    ends: float,
) -> str:  # fmt: skip
    slots = {
        "nouns": domain.noun.many, "wishes": "\n".join(wishes), "candidates": numbered([_told(item) for item in items]),
    }  # fmt: skip
    return answer_to(question, slots, model, ends)


def _called(facet: str, domain: DomainConfig) -> str:
    config = domain.facets.get(facet)
    return config.noun.one if config is not None and config.noun is not None else facet


def _title(item: Item) -> str:
    return f"{one_line(item.title, _TEXT)} ({item.year})" if item.year else one_line(item.title, _TEXT)


def _told(item: Item) -> str:
    return f"{_title(item)}; {', '.join(item.genres[:4])}; {one_line(item.text, _TEXT)}"
