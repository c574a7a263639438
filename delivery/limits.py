"""How much somebody may do: a bucket that fills at a steady rate. Rates are per second."""

from __future__ import annotations

import time


class Bucket:
    """`burst` at once, `rate` a second for long."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = self._left = burst
        self._at = time.monotonic()

    def take(self) -> bool:
        """Take one if there is one. What is refused is a debt, down to an empty second bucket: see `overdrawn`."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        allowed = self._left >= 1
        self._left = max(self._left - 1, -self._burst)
        return allowed

    def wait(self) -> float:
        """Seconds until one may be taken again."""
        return max(0.0, (1 - self._left) / self._rate)

    @property
    def overdrawn(self) -> bool:
        """Whether as much again has been refused as may be done at once: this is no oversight, it is a flood."""
        return self._left <= -self._burst
