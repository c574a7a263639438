"""Presence: which users are online, on which app and on which node.

It costs one write per connect and disconnect, and one when a user becomes away or comes back. The state of other nodes
may be a second old, and is missing while the store is unreachable. No event is lost by that: a node whose users were
not found reads their events from the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

PresenceCallback = Callable[[int, str, int], None]
"""Called on the event loop with a user's id and name and the number of an app."""


AwayCallback = Callable[[int], None]
"""Called on the event loop with a user's id."""


def ignore_presence(user_id: int, name: str, app: int) -> None:
    """Do nothing."""


def ignore_away(user_id: int) -> None:
    """Do nothing."""


class Presence(Protocol):
    """Counts connections of users on apps. To be used on the node's event loop."""

    on_online: PresenceCallback
    """Called when a user has come to an app without having a connection to it on any node."""
    on_offline: PresenceCallback
    """Called when a user's last connection to an app has ended and IM_PRESENCE_GRACE_SECONDS have passed since.

    One node of the cluster calls `on_online` or `on_offline`, in rare cases several nodes do.
    """
    on_away: AwayCallback
    """Called when a user may have become away, or come back: `filter_away` knows. Some calls are superfluous."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Remove all users of this node."""

    def connect(self, user_id: int, name: str, app: int) -> None:
        """Count a connection to this node. Queries on this node include it at once, others soon. Never fails."""

    def disconnect(self, user_id: int, app: int, *, was_away: bool = False) -> None:
        """Remove one counted connection. `was_away`: `set_away` has counted it."""

    def set_away(self, user_id: int, *, is_away: bool) -> None:
        """Count one of the user's connections to this node as away, or no longer. Never fails."""

    async def filter_away(self, user_ids: Sequence[int]) -> set[int]:
        """Return those users who are online, and away on all their connections to all nodes."""

    async def filter_online(self, user_ids: Sequence[int], app: int | None = None) -> set[int]:
        """Return those users who have a connection to `app`; None: to any app."""

    async def list_online(self, app: int, *, after: int = 0, limit: int | None = None) -> Mapping[int, str]:
        """Return the names, by id in order, of up to `limit` users online on `app` with ids above `after`."""

    async def count_online(self, app: int) -> int:
        """Return how many users are online on `app`."""

    async def find_by_name(self, name: str, app: int | None = None) -> list[int]:
        """Return the ids of all users of exactly this name who are online; guests may share a name."""

    async def find_by_names(self, names: Sequence[str], app: int | None = None) -> dict[str, list[int]]:
        """Do what `find_by_name` does for several names. Names of offline users are left out."""

    async def find_apps(self, user_ids: Sequence[int]) -> set[int]:
        """Return the numbers of the apps on which any of the users is online."""

    async def find_nodes(self, user_ids: Sequence[int]) -> dict[int, set[str]]:
        """Return the ids of the nodes that each user is connected to, this one included. Offline users are left out."""
