"""Who is connected to this process: connections counted by person and app. Plain memory, always right, asks nobody."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Collection

from django.conf import settings

Key = tuple[int, int]
"""A person on an app."""


class LocalPresence:
    """A person bears one name, the one given last."""

    def __init__(self) -> None:
        self._apps: dict[int, dict[int, int]] = {}
        self._connections: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._bearers: dict[str, set[int]] = {}

    def connect(self, person: int, name: str, app: int) -> bool:
        """Count a connection; True if it is the person's first on that app."""
        counts = self._apps.setdefault(app, {})
        counts[person] = counts.get(person, 0) + 1
        self._connections[person] = self._connections.get(person, 0) + 1
        if self._names.get(person) != name:
            self._forget_name(person)
            self._names[person] = name
            self._bearers.setdefault(name, set()).add(person)
        return counts[person] == 1

    def disconnect(self, person: int, app: int) -> bool:
        """Take one away; True if it was the person's last on that app."""
        counts = self._apps[app]
        counts[person] -= 1
        self._connections[person] -= 1
        last = counts[person] == 0
        if last:
            del counts[person]
            if not counts:
                del self._apps[app]
        if self._connections[person] == 0:
            del self._connections[person]
            self._forget_name(person)
        return last

    def _forget_name(self, person: int) -> None:
        if (name := self._names.pop(person, None)) is not None:
            self._bearers[name].discard(person)
            if not self._bearers[name]:
                del self._bearers[name]

    def keys(self) -> set[Key]:
        return {(person, app) for app, counts in self._apps.items() for person in counts}

    def name(self, person: int) -> str:
        return self._names[person]

    def online(self, person: int, app: int | None = None) -> bool:
        return person in (self._connections if app is None else self._apps.get(app, {}))

    def count(self, app: int) -> int:
        return len(self._apps.get(app, ()))

    def persons(self, app: int, *, after: int = 0, limit: int | None = None) -> dict[int, str]:
        found: Collection[int] = [person for person in self._apps.get(app, ()) if person > after]
        found = sorted(found) if limit is None else heapq.nsmallest(limit, found)
        return {person: self._names[person] for person in found}

    def named(self, name: str, app: int | None = None) -> list[int]:
        return sorted(person for person in self._bearers.get(name, ()) if self.online(person, app))


class PresenceGraceTimers:
    """People who have just left an app. Who is not back within IM_PRESENCE_GRACE has gone: then `gone` is called."""

    def __init__(self, gone: Callable[[int, str, int], None]) -> None:
        self._gone = gone
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    def begin(self, person: int, name: str, app: int) -> None:
        self.end(person, app)
        loop = asyncio.get_running_loop()
        self._timers[person, app] = loop.call_later(settings.IM_PRESENCE_GRACE, self._over, person, name, app)

    def end(self, person: int, app: int) -> bool:
        """The person is back. Whether they were parting, so that nobody has noticed."""
        timer = self._timers.pop((person, app), None)
        if timer is not None:
            timer.cancel()
        return timer is not None

    def clear(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _over(self, person: int, name: str, app: int) -> None:
        del self._timers[person, app]
        self._gone(person, name, app)
