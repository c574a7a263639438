"""How long to wait before trying again. Pure but for the dice."""

from __future__ import annotations

import random
from collections.abc import Callable


class BackOff:
    """Doubling pauses, of which a random part is waited, so that many clients do not come back in one moment."""

    def __init__(
        self, first: float = 0.5, most: float = 30.0, *, dice: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._first = first
        self._most = most
        self._dice = dice
        self._tries = 0

    def reset(self) -> None:
        """It went well: the next pause is a short one."""
        self._tries = 0

    def pause(self, told: float | None = None) -> float:
        """Seconds to wait before the next try; at least what the site `told`, and no longer than the longest."""
        ceiling = min(self._most, self._first * 2.0 ** min(self._tries, 16))
        self._tries += 1
        drawn = self._dice(ceiling / 2, ceiling)
        return drawn if told is None else min(max(told, 0.0), self._most) + self._dice(0.0, self._first)


def seconds(retry_after: str | None) -> float | None:
    """A Retry-After header in seconds; None if there is none, or it gives a date."""
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
