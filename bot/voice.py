"""Word, check, release: a language model words the picks of a plan, and only what passes its check is shown.

The plan's lines stay the truth. What needs no model (the lead, answers, confirmations) goes out at once; then pick by
pick, each the model's sentence if it is there in time and supported (bot/rewording.py), else the template's. A model
that is slow, down or wrong costs fluency and at most the deadline, never a reply.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from bot.grounding import Checker
from bot.language_models import Choice, ModelError, Progress
from bot.language_models.streams import until, written_by
from bot.rewording import hopeless, named_in_full, problems, small_words
from bot.wording import Spoken
from prompts.loader import Prompt, load_prompt
from retrieval.domain import DomainConfig
from retrieval.records import Record

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_log = logging.getLogger(__name__)
_LONGEST_REQUEST = 600
_REST_SECONDS = 60.0
_LONGEST_REST = 960.0
_SHARE_OF_WAIT = 0.25
_AT_ONCE_REMOTE = 16
_PAUSE_BEFORE_RETRY = 0.2
_PATIENCE = 30.0


class Outcome(Record):
    """What the model did for one reply.

    tokens: pieces of text it wrote. first_token_seconds: since the turn began; None when none came. fell_back: share
    in 0..1 of the sentences it could have worded that are the template's.
    """

    model: str
    tokens: int = 0
    first_token_seconds: float | None = None
    fell_back: float = 0.0


class Voice:
    """One language model for all sessions. Safe to share between threads.

    `deadline` and `first_sentence`: seconds from the beginning of a turn until its whole reply, and until the first
    sentence that the model had a hand in, must be there.

    `start` loads the model in the background; until it is ready, and whenever it cannot help, templates speak.
    A model in this process words one reply at a time, a server several; who would wait long for a turn does not.
    """

    def __init__(
        self, choice: Choice, opener: Callable[[Progress], BaseChatModel | None], domain: DomainConfig,
        checker: Checker, deadline: float, first_sentence: float, language: str = "en",
    ) -> None:  # fmt: skip
        self.choice = choice
        self.deadline = deadline
        self.first_sentence = min(first_sentence, deadline)
        self.failure = ""
        self._opener = opener
        self._checker = checker
        self._prompt = load_prompt(language, "pick")
        self._small = small_words(self._prompt)
        self._prefix = _prefix(self._prompt, domain)
        self._model: BaseChatModel | None = None
        self._settled = threading.Event()
        self._closed = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._turns = threading.BoundedSemaphore(_AT_ONCE_REMOTE if choice.remote else 1)
        self._rests_until = 0.0
        self._next_rest = _REST_SECONDS
        if choice.kind == "none":
            self._settled.set()

    @property
    def state(self) -> str:
        """none, loading, ready or failed."""
        if self.choice.kind == "none":
            return "none"
        if not self._settled.is_set():
            return "loading"
        return "ready" if self._model is not None else "failed"

    def start(self) -> None:
        """Load the model in a thread of its own. A failure is logged and kept in `failure`; templates go on."""
        if self.choice.kind != "none":
            atexit.register(self.close)
            self.work(self._load)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until loading is over, at most `seconds`; whether a model is ready."""
        self._settled.wait(seconds)
        return self._model is not None

    def close(self) -> None:
        """Let go of the model and wait until it is idle. Replies that are being worded end with templates."""
        self._closed.set()
        for thread in list(self._threads):
            # A thread that is still inside a native library when Python ends takes the process down with it; one that
            # waits for a server does not.
            thread.join(0.0 if self.choice.remote else _PATIENCE)
        self._model = None
        atexit.unregister(self.close)

    def work(self, task: Callable[..., None], *arguments: object) -> None:
        """Run a task in a thread that `close` waits for."""

        def run() -> None:
            try:
                task(*arguments)
            finally:
                self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name="rapport-voice", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _watch(self, stage: str, done: int, total: int) -> None:
        """Follow the putting together of a model; stops it when nobody wants it any more."""
        if self._closed.is_set():
            raise ModelError("Stopped before it was ready; the next start continues.")
        _log.info("Putting the language model together: %d of %d MB", done, total)

    def _load(self) -> None:
        try:
            model = self._opener(self._watch)
            if model is not None and not self.choice.remote and not self._closed.is_set():
                self._warm(model)
            if not self._closed.is_set():
                self._model = model
        except Exception as error:  # noqa: BLE001 - whatever keeps a model from loading, templates speak
            self.failure = str(error)
            if self._closed.is_set():
                _log.info("The language model was not loaded to its end. %s", error)
            elif isinstance(error, ModelError):
                _log.warning("No language model, so templates speak. %s", error)
            else:
                _log.warning("No language model, so templates speak.", exc_info=True)
        finally:
            self._settled.set()

    def _warm(self, model: BaseChatModel) -> None:
        """Compute the prefix once, so that the first reply is as quick as the next.

        Message by message: a native library cannot be interrupted, and a process that ends waits for the step it is at.
        """
        for end in range(1, len(self._prefix) + 1, 2):
            if self._closed.is_set():
                return
            for _ in written_by(model, [*self._prefix[:end], ("user", "Title: -")], max_tokens=1):
                pass

    def speak(self, lines: Sequence[Spoken], began: float) -> Speech:
        """The reply, to be read piece by piece. `began`: when the turn began (time.monotonic)."""
        model = self._model
        wanted = [number for number, spoken in enumerate(lines) if spoken.line.facts]
        if model is None or not wanted or time.monotonic() < self._rests_until:
            return Speech(self, lines, began, None if not wanted else [])
        return Speech(self, lines, began, wanted, model)

    def write(self, speech: Speech, wanted: Sequence[int], model: BaseChatModel) -> None:
        """Word the wanted lines one after the other and hand each to the speech, until it is cancelled."""
        if not self._turns.acquire(timeout=self.deadline * _SHARE_OF_WAIT):
            speech.hand_over(None)
            return
        attempts = 2 if self.choice.remote else 1
        try:
            for number in wanted:
                sentence = ""
                while attempts and not (speech.cancelled.is_set() or self._closed.is_set()):
                    try:
                        sentence = self._sentence(speech, speech.lines[number], model)
                        break
                    except Exception as error:  # noqa: BLE001 - servers and runtimes raise all kinds
                        attempts -= 1
                        _log.warning("The language model failed (%s). %s", type(error).__name__, error)
                        time.sleep(_PAUSE_BEFORE_RETRY if attempts else 0.0)
                if not attempts or speech.cancelled.is_set() or self._closed.is_set():
                    return
                speech.hand_over((number, sentence))
        finally:
            self._turns.release()
            speech.hand_over(None)

    def _sentence(self, speech: Speech, spoken: Spoken, model: BaseChatModel) -> str:
        """A sentence that passed its check, or "". Raises what the model raises."""
        line, prompt = spoken.line, self._prompt
        request = prompt.request.format(head=line.slots["head"], facts=line.slots["because"][:_LONGEST_REQUEST])
        written = ""
        # Not every server knows stop strings, so the answer is cut here as well.
        stop = [] if self.choice.remote else prompt.stop
        pieces = written_by(model, [*self._prefix, ("user", request)], prompt.max_tokens, stop)
        try:
            for piece in until(map(speech.count, pieces), prompt.stop):
                written += piece
                if speech.cancelled.is_set() or self._closed.is_set():
                    return ""
                if hopeless(written, line, self._small):
                    break
        finally:
            pieces.close()
        sentence = named_in_full(written.strip(), line)
        wrong = problems(sentence, line, opening(spoken), self._small, self._checker)
        if wrong:
            _log.info("A sentence of the model was not shown: %s [%s]", sentence, "; ".join(wrong))
        return "" if wrong else sentence

    def rest(self) -> None:
        """Leave the model alone for a while, twice as long each time: no sentence came while people will wait."""
        _log.warning(
            "The language model had no sentence ready in %g s; templates speak for %g s.",
            self.first_sentence, self._next_rest,
        )  # fmt: skip
        self._rests_until = time.monotonic() + self._next_rest
        self._next_rest = min(2 * self._next_rest, _LONGEST_REST)

    def in_time(self) -> None:
        """Note that the model kept up."""
        self._next_rest = _REST_SECONDS


class Speech:
    """One reply being said: iterate to hear it. `text` is what was said; `outcome` tells what the model did."""

    def __init__(
        self, voice: Voice, lines: Sequence[Spoken], began: float, wanted: Sequence[int] | None,
        model: BaseChatModel | None = None,
    ) -> None:  # fmt: skip
        self.lines = lines
        self.cancelled = threading.Event()
        self.text = ""
        self._voice = voice
        self._began = began
        self._tokens = 0
        self._first: float | None = None
        self._fell_back = 0
        self._came = False
        self._arrived: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
        self._writing = model is not None
        self._said = 0
        self._could = sum(bool(spoken.line.facts) for spoken in lines)
        if model is not None:
            voice.work(voice.write, self, wanted, model)

    def __iter__(self) -> Iterator[str]:
        """Pieces of the reply, each as soon as it may be shown; joined, they are `text`."""
        while self._said < len(self.lines):
            spoken = self.lines[self._said]
            sentence = self._awaited(self._said) if spoken.line.facts else ""
            piece = spoken.gap + (sentence + spoken.text[len(opening(spoken)) :] if sentence else spoken.text)
            self._fell_back += bool(spoken.line.facts) and not sentence
            self._said += 1
            self.text += piece
            yield piece
        self.cancelled.set()

    def hurry(self) -> None:
        """Somebody waits for this reply to end: stop the model; what is not said yet comes in the templates' words."""
        self.cancelled.set()
        self._arrived.put(None)

    def finish(self) -> None:
        """Stop the model and say the rest in the words of the templates, whether or not anybody listens."""
        self.cancelled.set()
        self._writing = False
        for _ in self:
            pass

    @property
    def outcome(self) -> Outcome:
        return Outcome(
            model=self._voice.choice.setting, tokens=self._tokens, first_token_seconds=self._first,
            fell_back=0.0 if self._voice.choice.kind == "none" or not self._could else self._fell_back / self._could,
        )  # fmt: skip

    def count(self, piece: str) -> str:
        """Note that the model wrote a piece of text."""
        if piece and not self.cancelled.is_set():
            self._tokens += 1
            self._first = self._first if self._first is not None else time.monotonic() - self._began
        return piece

    def hand_over(self, written: tuple[int, str] | None) -> None:
        """Take the sentence of a line, "" when it failed its check; None when no more will come."""
        self._arrived.put(written)

    def _awaited(self, number: int) -> str:
        """The model's sentence for a line, or "" when there is none in time."""
        while self._writing:
            limit = self._voice.deadline if self._came else self._voice.first_sentence
            try:
                written = self._arrived.get(timeout=max(self._began + limit - time.monotonic(), 0.0))
            except queue.Empty:
                self.cancelled.set()
                if not self._came:
                    self._voice.rest()
                written = None
            if written is None or self.cancelled.is_set():
                self._writing = False
                continue
            self._came = True
            self._voice.in_time()
            if written[0] == number:
                return written[1]
        return ""


def opening(spoken: Spoken) -> str:
    """The part of a pick that a model may reword: all but the words that the catalogue says of it."""
    taste = spoken.line.slots.get("hook", "")
    return spoken.text.removesuffix(taste).rstrip() if taste else spoken.text


def _prefix(prompt: Prompt, domain: DomainConfig) -> list[tuple[str, str]]:
    """The messages that every request begins with."""
    messages = [("system", prompt.system.format(noun=domain.noun.one))]
    for example in prompt.examples:
        request = prompt.request.format(head=example.head, facts=example.facts)
        messages += [("user", request), ("assistant", example.answer)]
    return messages
