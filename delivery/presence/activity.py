"""Users who look at a page now, as their pages say. It is kept for IM_PUSH_ACTIVE_SECONDS, and lost by a restart."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Protocol

from django.conf import settings


class Activity(Protocol):
    """The active users of the site. To be used on the node's event loop."""

    def record(self, user_id: int, *, is_active: bool) -> None:
        """Note that the user looks at a page of this node, or no longer does. Never waits, never fails."""

    async def filter_active(self, user_ids: Collection[int]) -> set[int]:
        """Return those users who are active on any node."""


class MemoryActivity:
    """Activity in this process's memory; see `Activity`."""

    def __init__(self) -> None:
        self._until: dict[int, float] = {}
        """The monotonic time until which users count as active, the earliest first."""

    def record(self, user_id: int, *, is_active: bool) -> None:
        now = time.monotonic()
        self._until.pop(user_id, None)
        if is_active:
            self._until[user_id] = now + settings.IM_PUSH_ACTIVE_SECONDS
        while self._until and next(iter(self._until.values())) <= now:
            del self._until[next(iter(self._until))]

    async def filter_active(self, user_ids: Collection[int]) -> set[int]:
        now = time.monotonic()
        return {user_id for user_id in user_ids if self._until.get(user_id, 0.0) > now}
