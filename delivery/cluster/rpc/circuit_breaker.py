"""A circuit breaker: what fails again and again is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable


class CircuitBreaker:
    """Opens after `failures` calls that failed one after the other. From then on one call every `pause` seconds probes;
    the first that succeeds closes it.
    """

    __slots__ = ("_clock", "_failed", "_failures", "_pause", "_probe_at")

    def __init__(self, failures: int, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._failures = failures
        self._pause = pause
        self._clock = clock
        self._failed = 0
        self._probe_at = 0.0

    @property
    def open(self) -> bool:
        return self._failed >= self._failures

    def allows(self) -> bool:
        """Whether a call may be made now. Who is told yes makes it: while open, that is the one probe of this pause."""
        if not self.open:
            return True
        now = self._clock()
        if now < self._probe_at:
            return False
        # A probe that never reports (its caller was cancelled) costs no more than a pause.
        self._probe_at = now + self._pause
        return True

    def succeeded(self) -> None:
        self._failed = 0

    def failed(self) -> None:
        self._failed += 1
        self._probe_at = self._clock() + self._pause
