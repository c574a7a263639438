"""Rate limits of the REST API, by API token: calls, messages in them, and posts through one incoming webhook."""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple

from django.conf import settings

from chat import reasons
from chat.errors import ChatError
from delivery.rate_limits.base import TokenBucketResult
from delivery.rate_limits.limit import RateLimitDeclaration
from delivery.rate_limits.limiter import RateLimiter

_MAX_TOKENS = 10_000
_SHARED_TIMEOUT_SECONDS = 1.0


CALLS = RateLimitDeclaration("calls", "token", "IM_API_RATE", "IM_API_BURST")
CALL_MESSAGES = RateLimitDeclaration("call-messages", "token", "IM_API_MESSAGE_RATE", "IM_API_MESSAGE_BURST")
WEBHOOK_POSTS = RateLimitDeclaration(
    "webhook-posts", "webhook", "IM_INCOMING_WEBHOOK_RATE", "IM_INCOMING_WEBHOOK_BURST"
)


class Allowance(NamedTuple):
    """The state of a token's limit: `remaining` of `limit` requests now, and all `limit` again in `reset` seconds.

    `retry_after`: seconds until a refused request is allowed; 0 for an allowed one.
    """

    limit: int
    remaining: int
    reset: int
    retry_after: float = 0.0

    def require(self) -> None:
        """Raise ChatError RATE_LIMITED with the seconds to wait if the request was refused."""
        if self.retry_after:
            raise ChatError(reasons.RATE_LIMITED, retryAfter=self.retry_after, scope="token")


class ApiThrottle:
    """Allows each token `burst` requests at once and `rate` per second over time.

    `draw_async` is for the event loop, the other methods are for threads.
    """

    def __init__(self, rate: float, burst: int, name: str) -> None:
        self._rate, self._burst = rate, burst
        self._limiter = RateLimiter(name, max_keys=_MAX_TOKENS, shared_timeout_seconds=_SHARED_TIMEOUT_SECONDS)

    def take(self, token: str, count: int = 1) -> Allowance:
        """Count `count` requests by the token.

        Raise ChatError RATE_LIMITED, counting nothing, if they exceed the limit.
        """
        allowance = self.draw(token, count)
        allowance.require()
        return allowance

    def draw(self, token: str, count: int = 1) -> Allowance:
        """Count `count` requests by the token, or none if they exceed the limit: see `Allowance.require`."""
        return self._allowance(self._limiter.draw(token, rate=self._rate, burst=self._burst, count=count))

    async def draw_async(self, token: str, count: int = 1) -> Allowance:
        """Do what `draw` does, on the event loop."""
        result = await self._limiter.draw_async(token, rate=self._rate, burst=self._burst, count=count)
        return self._allowance(result)

    def _allowance(self, result: TokenBucketResult) -> Allowance:
        return Allowance(
            self._burst,
            max(0, int(result.left)),
            math.ceil((self._burst - result.left) / self._rate),
            # A refusal never has 0 seconds, which means an allowed request.
            max(0.001, round(result.missing / self._rate, 3)) if result.missing > 0 else 0.0,
        )


class _ApiThrottles:
    """The throttles of this process, created on first use from the settings at that time."""

    @cached_property
    def requests(self) -> ApiThrottle:
        return ApiThrottle(settings.IM_API_RATE, settings.IM_API_BURST, "requests")

    @cached_property
    def messages(self) -> ApiThrottle:
        return ApiThrottle(settings.IM_API_MESSAGE_RATE, settings.IM_API_MESSAGE_BURST, "messages")

    @cached_property
    def hooks(self) -> ApiThrottle:
        """Limits posts by incoming webhook instead of by token."""
        return ApiThrottle(settings.IM_INCOMING_WEBHOOK_RATE, settings.IM_INCOMING_WEBHOOK_BURST, "hooks")

    def reset(self) -> None:
        """Empty this process's own buckets, and read the settings again."""
        self.__dict__.clear()


throttles = _ApiThrottles()
