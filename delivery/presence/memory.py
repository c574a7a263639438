"""Presence of a site that is one process."""

from __future__ import annotations

from collections.abc import Sequence

from delivery.presence.base import Watcher, ignore
from delivery.presence.local import LocalPresence, PresenceGraceTimers


class MemoryPresence:
    """See `delivery.presence.base.Presence`."""

    def __init__(self, node: str = "") -> None:
        self.on_first: Watcher = ignore
        self.on_last: Watcher = ignore
        self._node = node
        self._here = LocalPresence()
        self._partings = PresenceGraceTimers(lambda person, name, app: self.on_last(person, name, app))

    async def start(self) -> None:
        """Nothing has to be ready."""

    async def stop(self) -> None:
        self._partings.clear()

    def connect(self, person: int, name: str, app: int) -> None:
        if self._here.connect(person, name, app) and not self._partings.end(person, app):
            self.on_first(person, name, app)

    def disconnect(self, person: int, app: int) -> None:
        name = self._here.name(person)
        if self._here.disconnect(person, app):
            self._partings.begin(person, name, app)

    async def online(self, persons: Sequence[int], app: int | None = None) -> set[int]:
        return {person for person in persons if self._here.online(person, app)}

    async def persons(self, app: int, *, after: int = 0, limit: int | None = None) -> dict[int, str]:
        return self._here.persons(app, after=after, limit=limit)

    async def count(self, app: int) -> int:
        return self._here.count(app)

    async def named(self, name: str, app: int | None = None) -> list[int]:
        return self._here.named(name, app)

    async def nodes_of(self, persons: Sequence[int]) -> dict[int, set[str]]:
        return {person: {self._node} for person in persons if self._here.online(person)}
