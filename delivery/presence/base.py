"""Who is online, on which app, on which node. Costs per connect and disconnect, nothing in between.

What is said of other nodes may be a moment old, and while they cannot be asked, it is of this node alone. Nothing that
lasts is lost by that: where it was not known which node a person is on, its hub finds their events in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

Watcher = Callable[[int, str, int], None]
"""Called on the event loop with a person, their name and an app."""


def ignore(person: int, name: str, app: int) -> None:
    """Nobody wants to know."""


class Presence(Protocol):
    """Counts connections of persons on apps. To be used on the node's event loop."""

    on_first: Watcher
    """Somebody has come to an app on which they had no connection, on no node."""
    on_last: Watcher
    """Somebody's last connection on an app has gone, and they have not been back for IM_PRESENCE_GRACE seconds.

    Of both, one node of the cluster hears; seldom several.
    """

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Leave: at once nobody is here any more."""

    def connect(self, person: int, name: str, app: int) -> None:
        """Count a connection to this node; who asks here sees it at once, the other nodes soon. Never fails."""

    def disconnect(self, person: int, app: int) -> None:
        """Take one away."""

    async def online(self, persons: Sequence[int], app: int | None = None) -> set[int]:
        """Which of the persons have a connection, on `app` or on any."""

    async def persons(self, app: int, *, after: int = 0, limit: int | None = None) -> dict[int, str]:
        """Who is online on `app`, id to name, by id: those beyond `after`, `limit` at the most."""

    async def count(self, app: int) -> int:
        """How many persons are online on `app`."""

    async def named(self, name: str, app: int | None = None) -> list[int]:
        """Everyone online who bears exactly this name (guests may share one), by id."""

    async def nodes_of(self, persons: Sequence[int]) -> dict[int, set[str]]:
        """The ids of the nodes that hold them, this one's too. Persons who are nowhere are left out."""
