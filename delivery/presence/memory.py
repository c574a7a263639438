"""Presence of a site that runs as one process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from delivery.presence.base import AwayCallback, PresenceCallback, ignore_away, ignore_presence
from delivery.presence.local import LocalPresence, PresenceGraceTimers


class MemoryPresence:
    """Presence in this process's memory; see `delivery.presence.base.Presence`."""

    def __init__(self, node: str = "") -> None:
        self.on_online: PresenceCallback = ignore_presence
        self.on_offline: PresenceCallback = ignore_presence
        self.on_away: AwayCallback = ignore_away
        self._node = node
        self._local = LocalPresence()
        self._grace_timers = PresenceGraceTimers(lambda user_id, name, app: self.on_offline(user_id, name, app))

    async def start(self) -> None:
        """Do nothing: memory is ready."""

    async def stop(self) -> None:
        self._grace_timers.clear()

    def connect(self, user_id: int, name: str, app: int) -> None:
        was_away = self._local.is_away(user_id)
        if self._local.connect(user_id, name, app) and not self._grace_timers.cancel(user_id, app):
            self.on_online(user_id, name, app)
        self._report_away(user_id, was_away)

    def disconnect(self, user_id: int, app: int, *, was_away: bool = False) -> None:
        name, was_user_away = self._local.name_of(user_id), self._local.is_away(user_id)
        if self._local.disconnect(user_id, app, was_away=was_away):
            self._grace_timers.start(user_id, name, app)
        self._report_away(user_id, was_user_away)

    def set_away(self, user_id: int, *, is_away: bool) -> None:
        was_away = self._local.is_away(user_id)
        self._local.set_away(user_id, is_away=is_away)
        self._report_away(user_id, was_away)

    def _report_away(self, user_id: int, was_away: bool) -> None:
        if self._local.is_away(user_id) != was_away:
            self.on_away(user_id)

    async def filter_away(self, user_ids: Sequence[int]) -> set[int]:
        return {user_id for user_id in user_ids if self._local.is_away(user_id)}

    async def filter_online(self, user_ids: Sequence[int], app: int | None = None) -> set[int]:
        return {user_id for user_id in user_ids if self._local.is_online(user_id, app)}

    async def list_online(self, app: int, *, after: int = 0, limit: int | None = None) -> Mapping[int, str]:
        return self._local.list_online(app, after=after, limit=limit)

    async def count_online(self, app: int) -> int:
        return self._local.count_online(app)

    async def find_by_name(self, name: str, app: int | None = None) -> list[int]:
        return self._local.find_by_name(name, app)

    async def find_by_names(self, names: Sequence[str], app: int | None = None) -> dict[str, list[int]]:
        return self._local.find_by_names(names, app)

    async def find_apps(self, user_ids: Sequence[int]) -> set[int]:
        return self._local.find_apps(user_ids)

    async def find_nodes(self, user_ids: Sequence[int]) -> dict[int, set[str]]:
        return {user_id: {self._node} for user_id in user_ids if self._local.is_online(user_id)}
