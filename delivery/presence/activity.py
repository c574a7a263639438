"""Users who look at a page now, as their pages say. It is kept for IM_PUSH_ACTIVE_SECONDS, and lost by a restart."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Protocol

from django.conf import settings


class Activity(Protocol):
    """The active users of the site. To be used on the node's event loop."""

    def record(self, user_id: int, connection: str, *, is_active: bool) -> None:
        """Note that the user looks at the page of this connection to this node, or no longer does.

        The user's other connections stay as they are. Never waits, never fails.
        """

    async def filter_active(self, user_ids: Collection[int]) -> set[int]:
        """Return those users who are active on any connection to any node."""


class MemoryActivity:
    """Activity in this process's memory; see `Activity`."""

    def __init__(self) -> None:
        self._until: dict[tuple[int, str], float] = {}
        """The monotonic time until which users count as active on a connection, the earliest first."""
        self._connections: dict[int, set[str]] = {}
        """The connections in `_until` by user."""

    def record(self, user_id: int, connection: str, *, is_active: bool) -> None:
        now = time.monotonic()
        self._forget(user_id, connection)
        if is_active:
            self._until[user_id, connection] = now + settings.IM_PUSH_ACTIVE_SECONDS
            self._connections.setdefault(user_id, set()).add(connection)
        while self._until and next(iter(self._until.values())) <= now:
            self._forget(*next(iter(self._until)))

    def _forget(self, user_id: int, connection: str) -> None:
        if self._until.pop((user_id, connection), None) is not None:
            self._connections[user_id].discard(connection)
            if not self._connections[user_id]:
                del self._connections[user_id]

    async def filter_active(self, user_ids: Collection[int]) -> set[int]:
        return {user_id for user_id in user_ids if self.seconds_left(user_id) > 0}

    def seconds_left(self, user_id: int) -> float:
        """Return for how many seconds the user counts as active without a further report; 0 if they are inactive."""
        until = [self._until[user_id, connection] for connection in self._connections.get(user_id, ())]
        return max(0.0, max(until, default=0.0) - time.monotonic())
