"""Presence of one process in plain memory: connections counted by user and app, always up to date."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Collection, Iterable, Mapping

from django.conf import settings

UserOnApp = tuple[int, int]
"""A user's id and the number of an app."""


class LocalPresence:
    """The users who are connected to this process. Each has one name: that of the latest connection."""

    def __init__(self) -> None:
        self._apps: dict[int, dict[int, int]] = {}
        """Connections by app and user."""
        self._connections: dict[int, int] = {}
        self._away: dict[int, int] = {}
        """The number of connections that are away, by user. Users without any are left out."""
        self._names: dict[int, str] = {}
        self._users_by_name: dict[str, int | set[int]] = {}
        """A set takes a quarter of a kibibyte, so most names, which a single user has, do without."""
        self._lists: dict[int, Mapping[int, str]] = {}
        """Complete lists by app that were asked for since the last change."""

    def connect(self, user_id: int, name: str, app: int) -> bool:
        """Count a connection; return whether it is the user's first on that app."""
        counts = self._apps.setdefault(app, {})
        counts[user_id] = counts.get(user_id, 0) + 1
        self._connections[user_id] = self._connections.get(user_id, 0) + 1
        if self._names.get(user_id) != name:
            self._forget_name(user_id)
            self._names[user_id] = name
            users = self._users_by_name.setdefault(name, user_id)
            if isinstance(users, set):
                users.add(user_id)
            elif users != user_id:
                self._users_by_name[name] = {users, user_id}
            self._lists.clear()
        is_first = counts[user_id] == 1
        if is_first:
            self._lists.pop(app, None)
        return is_first

    def disconnect(self, user_id: int, app: int, *, was_away: bool = False) -> bool:
        """Remove one counted connection; return whether it was the user's last on that app."""
        if was_away:
            self.set_away(user_id, is_away=False)
        counts = self._apps[app]
        counts[user_id] -= 1
        self._connections[user_id] -= 1
        was_last = counts[user_id] == 0
        if was_last:
            self._lists.pop(app, None)
            del counts[user_id]
            if not counts:
                del self._apps[app]
        if self._connections[user_id] == 0:
            del self._connections[user_id]
            self._forget_name(user_id)
        return was_last

    def _forget_name(self, user_id: int) -> None:
        if (name := self._names.pop(user_id, None)) is not None:
            users = self._users_by_name[name]
            if isinstance(users, set) and len(users) > 1:
                users.discard(user_id)
            else:
                del self._users_by_name[name]

    def _users_named(self, name: str) -> Collection[int]:
        users = self._users_by_name.get(name, ())
        return (users,) if isinstance(users, int) else users

    def set_away(self, user_id: int, *, is_away: bool) -> None:
        """Count one of the user's connections as away, or no longer."""
        count = self._away.get(user_id, 0) + (1 if is_away else -1)
        if count:
            self._away[user_id] = count
        else:
            del self._away[user_id]

    def is_away(self, user_id: int) -> bool:
        """Return whether the user is online, and away on all connections."""
        count = self._away.get(user_id)
        return count is not None and count == self._connections[user_id]

    def keys(self) -> set[UserOnApp]:
        """Return all users who are online, on each of their apps."""
        return {(user_id, app) for app, counts in self._apps.items() for user_id in counts}

    def name_of(self, user_id: int) -> str:
        """Return the name of a user who is online."""
        return self._names[user_id]

    def is_online(self, user_id: int, app: int | None = None) -> bool:
        return user_id in (self._connections if app is None else self._apps.get(app, {}))

    def count_online(self, app: int) -> int:
        return len(self._apps.get(app, ()))

    def list_online(self, app: int, *, after: int = 0, limit: int | None = None) -> Mapping[int, str]:
        is_complete = not after and limit is None
        if is_complete and app in self._lists:
            return self._lists[app]
        found: Collection[int] = self._apps.get(app, ())
        if after:
            found = [user_id for user_id in found if user_id > after]
        ordered = sorted(found) if limit is None else heapq.nsmallest(limit, found)
        listed = {user_id: self._names[user_id] for user_id in ordered}
        if is_complete:
            self._lists[app] = listed
        return listed

    def find_by_name(self, name: str, app: int | None = None) -> list[int]:
        return self.find_by_names((name,), app).get(name, [])

    def find_by_names(self, names: Iterable[str], app: int | None = None) -> dict[str, list[int]]:
        online = self._connections if app is None else self._apps.get(app, {})
        found = {}
        for name in names:
            if user_ids := [user_id for user_id in self._users_named(name) if user_id in online]:
                found[name] = sorted(user_ids)
        return found

    def find_apps(self, user_ids: Iterable[int]) -> set[int]:
        return {app for app, counts in self._apps.items() if any(user_id in counts for user_id in user_ids)}


class PresenceGraceTimers:
    """Timers of users who have just left an app: `on_expired` is called for those who do not return in time.

    The time is IM_PRESENCE_GRACE_SECONDS.
    """

    def __init__(self, on_expired: Callable[[int, str, int], None]) -> None:
        self._on_expired = on_expired
        self._timers: dict[UserOnApp, asyncio.TimerHandle] = {}

    def start(self, user_id: int, name: str, app: int) -> None:
        self.cancel(user_id, app)
        loop = asyncio.get_running_loop()
        self._timers[user_id, app] = loop.call_later(
            settings.IM_PRESENCE_GRACE_SECONDS, self._expire, user_id, name, app
        )

    def cancel(self, user_id: int, app: int) -> bool:
        """Stop the timer of a user who has returned; return whether it was running."""
        timer = self._timers.pop((user_id, app), None)
        if timer is not None:
            timer.cancel()
        return timer is not None

    def clear(self) -> None:
        """Stop all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _expire(self, user_id: int, name: str, app: int) -> None:
        del self._timers[user_id, app]
        self._on_expired(user_id, name, app)
