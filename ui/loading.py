"""Loading the Bot beside whatever already answers: a prompt, a health check, a page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from retrieval.errors import RapportError

if TYPE_CHECKING:
    from bot import Bot

log = logging.getLogger(__name__)


class NotReadyError(RapportError):
    """The bot is still being loaded."""

    code = "not_ready"


class Loader:
    """Makes the Bot in a thread of its own and keeps what became of it.

    `then` is called in that thread once the bot is ready (with None) or cannot be had (with the error).
    """

    def __init__(self, make: Callable[[], Bot], then: Callable[[RapportError | None], None] | None = None) -> None:
        self.then = then
        self._make = make
        self._bot: Bot | None = None
        self._error: RapportError | None = None
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to load; a second call changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._load, name="rapport-load", daemon=True)
            self._thread.start()

    def bot(self, patience: float | None = None) -> Bot:
        """Wait for the bot, at most `patience` seconds.

        Raises NotReadyError when that is too short, and the RapportError that kept the bot from loading.
        """
        if not self._done.wait(patience):
            raise NotReadyError("I am still reading the catalogue. This takes a few minutes the first time; ask again.")
        if self._error is not None:
            raise self._error
        assert self._bot is not None
        return self._bot

    def close(self) -> None:
        """Wait until loading is over, and close the bot if there is one."""
        if self._thread is not None:
            self._thread.join()
        if self._bot is not None:
            self._bot.close()

    def _load(self) -> None:
        try:
            bot = self._make()
            self._bot = bot
            bot.warm()
        except RapportError as error:
            self._error = error
        except Exception as error:
            log.exception("The bot could not be loaded")
            self._error = RapportError(f"The bot could not be loaded: {error!r}. The log has the details.")
        finally:
            self._done.set()
        if self.then:
            self.then(self._error)
