"""Decides which pushes are new and in which order to deliver them. Pure: no socket, no clock.

The server confirms positions: everything up to a confirmed position has been pushed to this connection. After a
reconnect the client syncs from the last confirmed position, so it receives some pushes a second time. Live pushes that
arrive while the missed ones are fetched page by page are held back until the last page.
"""

from __future__ import annotations

from collections.abc import Iterable

from .types import Push


class PositionTracker:
    """Returns each push once, and the pushes of a channel in order."""

    def __init__(self, after: int | None = None) -> None:
        self.confirmed = after
        """The last confirmed position, from which the next connection continues. None before the first log-in."""
        self._baseline = 0
        """Pushes at or below it arrived before this connection. A node that is behind may push them again."""
        self._delivered: set[int] = set()
        """Positions above `confirmed` that have been delivered; while fetching, also those below."""
        self._held: list[Push] | None = None
        """Live pushes held back while missed pushes are fetched; None otherwise."""

    def start_login(self) -> None:
        """Prepare for the log-in of a new connection. Held pushes of the previous one are fetched again."""
        self._baseline = self.confirmed or 0
        self._held = None if self.confirmed is None else []

    def finish_login(self, position: int) -> bool:
        """Record the position of the log-in reply. Returns whether missed pushes must be fetched from `confirmed`."""
        if self._held is None:
            self.confirm(position)
        return self._held is not None

    def receive(self, push: Push) -> list[Push]:
        """Return the pushes to deliver after a live push arrives."""
        position = push.position
        if position is not None and position <= self._baseline:
            return []
        if self._held is None or position is None:
            return self._new_pushes([push])
        self._held.append(push)
        return []

    def receive_page(self, pushes: Iterable[Push], position: int, *, has_more: bool) -> list[Push]:
        """Return the pushes to deliver after a page of missed pushes up to `position` arrives."""
        ready = self._new_pushes(pushes)
        if not has_more:
            held, self._held = self._held or [], None
            # Pages leave out the app's global channel, so a held push may be below the page's position.
            ready += self._new_pushes(sorted(held, key=lambda push: push.position or 0))
        self.confirm(position)
        return ready

    def confirm(self, position: int) -> None:
        """Record that everything up to the position has arrived."""
        self.confirmed = max(position, self.confirmed or 0)
        if self._held is None:
            self._delivered = {delivered for delivered in self._delivered if delivered > position}

    def reset(self, position: int) -> list[Push]:
        """Continue from the position, which may be lower than `confirmed`. Returns the pushes to deliver."""
        self.confirmed, self._baseline, self._delivered = position, 0, set()
        return self.receive_page((), position, has_more=False)

    def mark_delivered(self, position: int) -> None:
        """Record the client's own message. It is not pushed to this connection, but a later page may contain it."""
        if position > (self.confirmed or 0):
            self._delivered.add(position)

    def _new_pushes(self, pushes: Iterable[Push]) -> list[Push]:
        new = []
        for push in pushes:
            if push.position is not None:
                if push.position in self._delivered:
                    continue
                self._delivered.add(push.position)
            new.append(push)
        return new
