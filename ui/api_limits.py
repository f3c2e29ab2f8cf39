"""How often something may be asked for: a moving window of one minute for each key."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from ui.api_problems import TooManyError

WINDOW = 60.0
KEYS = 10_000
"""Keys remembered at once; quiet ones are forgotten when there are more."""


class Limit:
    """Counts what happened in the last minute. Used from the event loop only."""

    def __init__(self, most: int, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._what, self._clock = most, what, clock
        self._seen: dict[str, deque[float]] = {}

    def take(self, key: str) -> None:
        """Count one more. Raises TooManyError, and counts nothing, when the minute has had its fill."""
        if not self._most:
            return
        now = self._clock()
        if len(self._seen) >= KEYS and key not in self._seen:
            self._seen = {known: times for known, times in self._seen.items() if times[-1] > now - WINDOW}
        times = self._seen.setdefault(key, deque())
        while times and times[0] <= now - WINDOW:
            times.popleft()
        if len(times) >= self._most:
            wait = min(int(WINDOW), max(1, math.ceil(times[0] + WINDOW - now)))
            raise TooManyError(f"More than {self._most} {self._what} in a minute. Wait {wait} s.", wait)
        times.append(now)
