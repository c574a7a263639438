"""How much one token may do: requests, and messages by them. Counted on each node by itself, so n nodes allow n times
as much; what protects the database is that each node protects itself."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings

from chat import errors
from chat.errors import ChatError

TOKENS = 10_000
"""Tokens that are remembered; who has not called for longest is forgotten, which at worst fills their bucket."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left: `limit` at once, `remaining` of it, all of it again in `reset` seconds."""

    limit: int
    remaining: int
    reset: int


class Throttle:
    """A bucket for each token: `burst` at once, `rate` a second for long. Safe in threads."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, token: str, count: int = 1) -> Allowance:
        """Take so many. TOO_MUCH, taking nothing, if there are not enough: it tells when there will be."""
        now = time.monotonic()
        with self._lock:
            left, at = self._buckets.pop(token, (float(self._burst), now))
            left = min(self._burst, left + (now - at) * self._rate)
            missing = min(count, self._burst) - left
            # More than the bucket ever holds is let through when it is full, and owed.
            left -= count if missing <= 0 else 0
            self._buckets[token] = (left, now)
            if len(self._buckets) > TOKENS:
                self._buckets.popitem(last=False)
        if missing > 0:
            raise ChatError(errors.TOO_MUCH, "This token calls too much.", retryAfter=round(missing / self._rate, 3))
        return self._allowance(left)

    def look(self, token: str) -> Allowance:
        """What is left, without taking any."""
        with self._lock:
            left, at = self._buckets.get(token, (float(self._burst), 0.0))
        return self._allowance(min(self._burst, left + (time.monotonic() - at) * self._rate))

    def _allowance(self, left: float) -> Allowance:
        return Allowance(self._burst, max(0, int(left)), math.ceil((self._burst - left) / self._rate))


class _Throttles:
    """The process's throttles, by the options as they are when first asked for."""

    @cached_property
    def requests(self) -> Throttle:
        return Throttle(settings.IM_API_RATE, settings.IM_API_BURST)

    @cached_property
    def messages(self) -> Throttle:
        return Throttle(settings.IM_API_MESSAGE_RATE, settings.IM_API_MESSAGE_BURST)

    def forget(self) -> None:
        """Begin anew: every token has its whole allowance."""
        self.__dict__.clear()


throttles = _Throttles()
