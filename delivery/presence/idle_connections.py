"""Connections whose users make no input: after IM_AWAY_SECONDS they count as away, as their pages report it.

Connections that report nothing, such as those of older clients and of bots, never count as away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from django.conf import settings

AwayChange = Callable[[int, bool], None]
"""Called with a user's id, and whether one of their connections is away now or no longer."""
SWEEPS = 10
"""Sweeps in IM_AWAY_SECONDS: a connection counts as away at most a tenth of that time late."""


class IdleConnections:
    """The connections to this node that report their users' input. To be used on the node's event loop."""

    def __init__(self, on_change: AwayChange) -> None:
        self._on_change = on_change
        self._input_at: dict[str, tuple[float, int]] = {}
        """The monotonic time of the last input and the user, by connection, of those that do not count as away."""
        self._away: dict[str, int] = {}
        """The users of the connections that count as away."""
        self._timer: asyncio.TimerHandle | None = None

    def record(self, user_id: int, connection: str, *, idle_seconds: float) -> None:
        """Note that a connection's user made the last input this long ago. An earlier report of a later one stands."""
        now = time.monotonic()
        input_at = now - idle_seconds
        if (known := self._input_at.get(connection)) is not None:
            input_at = max(input_at, known[0])
        if input_at <= now - settings.IM_AWAY_SECONDS:
            self._set_away(connection, user_id)
            return
        self._input_at[connection] = input_at, user_id
        if self._away.pop(connection, None) is not None:
            self._on_change(user_id, False)
        self._start_timer()

    def forget(self, connection: str) -> bool:
        """Forget a connection that has ended; return whether it was away."""
        self._input_at.pop(connection, None)
        return self._away.pop(connection, None) is not None

    def stop(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _set_away(self, connection: str, user_id: int) -> None:
        self._input_at.pop(connection, None)
        if connection not in self._away:
            self._away[connection] = user_id
            self._on_change(user_id, True)

    def _start_timer(self) -> None:
        if self._timer is None and self._input_at:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(settings.IM_AWAY_SECONDS / SWEEPS, self._sweep)

    def _sweep(self) -> None:
        """Count the connections as away whose time is over."""
        self._timer = None
        limit = time.monotonic() - settings.IM_AWAY_SECONDS
        idle = [(connection, user) for connection, (input_at, user) in self._input_at.items() if input_at <= limit]
        for connection, user_id in idle:
            self._set_away(connection, user_id)
        self._start_timer()
