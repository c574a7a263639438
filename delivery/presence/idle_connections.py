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


class IdleConnections:
    """The connections to this node that report their users' input. To be used on the node's event loop."""

    def __init__(self, on_change: AwayChange) -> None:
        self._on_change = on_change
        self._input_at: dict[str, tuple[float, int]] = {}
        """The monotonic time of the last input and the user, by connection: about the earliest first."""
        self._away: dict[str, int] = {}
        """The users of the connections that count as away."""
        self._timer: asyncio.TimerHandle | None = None

    def record(self, user_id: int, connection: str, *, idle_seconds: float) -> None:
        """Note that a connection's user made the last input this long ago. An earlier report of a later one stands."""
        input_at = time.monotonic() - idle_seconds
        is_away = idle_seconds >= settings.IM_AWAY_SECONDS
        if connection in self._away:
            if is_away:
                return
            del self._away[connection]
            self._on_change(user_id, False)
        elif is_away and connection not in self._input_at:
            self._away[connection] = user_id
            self._on_change(user_id, True)
            return
        known = self._input_at.get(connection)
        if known is None or known[0] < input_at:
            self._input_at.pop(connection, None)
            self._input_at[connection] = input_at, user_id
        self._start_timer()

    def forget(self, connection: str) -> bool:
        """Forget a connection that has ended; return whether it was away."""
        self._input_at.pop(connection, None)
        return self._away.pop(connection, None) is not None

    def stop(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _start_timer(self) -> None:
        if self._timer is None and self._input_at:
            input_at, _ = next(iter(self._input_at.values()))
            seconds = max(0.0, input_at + settings.IM_AWAY_SECONDS - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(seconds, self._sweep)

    def _sweep(self) -> None:
        """Count the connections as away whose time is over."""
        self._timer = None
        limit = time.monotonic() - settings.IM_AWAY_SECONDS
        while self._input_at:
            connection, (input_at, user_id) = next(iter(self._input_at.items()))
            if input_at > limit:
                break
            del self._input_at[connection]
            self._away[connection] = user_id
            self._on_change(user_id, True)
        self._start_timer()
