"""How much one token may do: requests, and messages by them. Counted for the whole site where it has a Redis.

Without one, or while it is away, each node counts by itself, so n nodes allow n times as much: what protects the
database then is that each node protects itself.
"""

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
from delivery import publish
from delivery.rate_limits.base import TokenBucketResult

TOKENS = 10_000
"""Tokens that a node remembers; who has not called for longest is forgotten, which at worst fills their bucket."""
PATIENCE = 1.0
"""Seconds for which a call waits to be counted with those of the other nodes."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left: `limit` at once, `remaining` of it, all of it again in `reset` seconds.

    `wait`: seconds until there would be as many as were asked for; 0 where they were given.
    """

    limit: int
    remaining: int
    reset: int
    wait: float = 0.0

    def require(self) -> None:
        """TOO_MUCH unless they were given; it tells when there will be enough."""
        if self.wait:
            raise ChatError(errors.TOO_MUCH, "This token calls too much.", retryAfter=self.wait)


class Throttle:
    """A bucket for each token: `burst` at once, `rate` a second for long. Safe in threads, not for the event loop.

    `name` tells the buckets of this throttle from those of others.
    """

    def __init__(self, rate: float, burst: int, name: str = "") -> None:
        self._rate, self._burst, self._name = rate, burst, name
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, token: str, count: int = 1) -> Allowance:
        """Take so many. TOO_MUCH, taking nothing, if there are not enough."""
        allowance = self.draw(token, count)
        allowance.require()
        return allowance

    def draw(self, token: str, count: int = 1) -> Allowance:
        """Take so many, or nothing if there are not enough."""
        drawn = self._shared(token, count) or self._own(token, count)
        return Allowance(
            self._burst,
            max(0, int(drawn.left)),
            math.ceil((self._burst - drawn.left) / self._rate),
            # Never as little as would be none at all.
            max(0.001, round(drawn.missing / self._rate, 3)) if drawn.missing > 0 else 0.0,
        )

    def _shared(self, token: str, count: int) -> TokenBucketResult | None:
        """From the bucket of all nodes; None where there is none to be reached."""
        name = f"{self._name}:{token}"
        return publish.draw(name, rate=self._rate, burst=self._burst, count=count, patience=PATIENCE)

    def _own(self, token: str, count: int) -> TokenBucketResult:
        """From this node's own."""
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
        return TokenBucketResult(left, max(0.0, missing))


class _Throttles:
    """The process's throttles, by the options as they are when first asked for."""

    @cached_property
    def requests(self) -> Throttle:
        return Throttle(settings.IM_API_RATE, settings.IM_API_BURST, "requests")

    @cached_property
    def messages(self) -> Throttle:
        return Throttle(settings.IM_API_MESSAGE_RATE, settings.IM_API_MESSAGE_BURST, "messages")

    @cached_property
    def hooks(self) -> Throttle:
        """By incoming webhook rather than by token."""
        return Throttle(settings.IM_INCOMING_WEBHOOK_RATE, settings.IM_INCOMING_WEBHOOK_BURST, "hooks")

    def forget(self) -> None:
        """Begin anew: every token has its whole allowance on this node."""
        self.__dict__.clear()


throttles = _Throttles()
