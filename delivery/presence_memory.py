"""Presence of a site that is one process."""

from __future__ import annotations


class MemoryPresence:
    """See `delivery.presence.Presence`."""

    def __init__(self) -> None:
        self._apps: dict[int, dict[int, int]] = {}
        self._names: dict[int, str] = {}
        self._connections: dict[int, int] = {}
        self._by_name: dict[str, set[int]] = {}

    def connect(self, person: int, name: str, app: int) -> bool:
        counts = self._apps.setdefault(app, {})
        counts[person] = counts.get(person, 0) + 1
        self._connections[person] = self._connections.get(person, 0) + 1
        self._names[person] = name
        self._by_name.setdefault(name, set()).add(person)
        return counts[person] == 1

    def disconnect(self, person: int, app: int) -> bool:
        counts = self._apps[app]
        counts[person] -= 1
        self._connections[person] -= 1
        last = counts[person] == 0
        if last:
            del counts[person]
        if self._connections[person] == 0:
            del self._connections[person]
            name = self._names.pop(person)
            bearers = self._by_name[name]
            bearers.discard(person)
            if not bearers:
                del self._by_name[name]
        return last

    def online(self, person: int, app: int | None = None) -> bool:
        return person in (self._connections if app is None else self._apps.get(app, {}))

    def count(self, app: int) -> int:
        return len(self._apps.get(app, ()))

    def persons(self, app: int) -> dict[int, str]:
        return {person: self._names[person] for person in self._apps.get(app, {})}

    def named(self, name: str, app: int | None = None) -> list[int]:
        return [person for person in self._by_name.get(name, ()) if self.online(person, app)]
