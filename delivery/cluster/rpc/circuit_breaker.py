"""Circuit breaker: stops calls to a node that keeps failing, and probes it from time to time."""

from __future__ import annotations

import time
from collections.abc import Callable


class CircuitBreaker:
    """Opens after `max_failures` failures in a row. Then one call every `pause_seconds` probes; a success closes it."""

    __slots__ = ("_clock", "_failures", "_max_failures", "_pause_seconds", "_probe_at")

    def __init__(self, max_failures: int, pause_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_failures = max_failures
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._failures = 0
        self._probe_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= self._max_failures

    def allow_call(self) -> bool:
        """Return whether a call may be made now. While open, it is the one probe of this pause, so it must be made."""
        if not self.is_open:
            return True
        now = self._clock()
        if now < self._probe_at:
            return False
        # A probe that never reports, because its caller was cancelled, costs no more than a pause.
        self._probe_at = now + self._pause_seconds
        return True

    def record_success(self) -> None:
        self._failures = 0

    def record_failure(self) -> None:
        self._failures += 1
        self._probe_at = self._clock() + self._pause_seconds
