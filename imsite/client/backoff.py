"""Exponential backoff with jitter. Pure, except for the random numbers."""

from __future__ import annotations

import random
from collections.abc import Callable

_MAX_DOUBLINGS = 16


class ExponentialBackoff:
    """Pauses that double with each attempt. Half of each pause is random, so that clients do not return all at once."""

    def __init__(
        self,
        first_seconds: float = 0.5,
        max_seconds: float = 30.0,
        *,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._first_seconds = first_seconds
        self._max_seconds = max_seconds
        self._uniform = uniform
        self._attempts = 0

    def reset(self) -> None:
        """Start over with the shortest pause, after a success."""
        self._attempts = 0

    def next_pause(self, retry_after: float | None = None) -> float:
        """Return the seconds to wait before the next attempt, and count it.

        Given the server's `retry_after`: that, cut to `max_seconds`, and up to `first_seconds` more at random.
        Otherwise a random pause whose bound doubles with each attempt, up to `max_seconds`.
        """
        ceiling = min(self._max_seconds, self._first_seconds * 2.0 ** min(self._attempts, _MAX_DOUBLINGS))
        self._attempts += 1
        pause = self._uniform(ceiling / 2, ceiling)
        if retry_after is None:
            return pause
        return min(max(retry_after, 0.0), self._max_seconds) + self._uniform(0.0, self._first_seconds)


def parse_retry_after(header: str | None) -> float | None:
    """Return the seconds in a Retry-After header; None if there is no header or it holds a date."""
    return float(header) if header and header.isascii() and header.isdigit() else None
