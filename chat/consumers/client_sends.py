"""Tracks the numbers 1, 2, 3, … that a client of `/ws` gives its messages. Each number is used once per connection."""

from __future__ import annotations

import asyncio
from array import array


class ClientSendTracker:
    """The outcome of each client number, in eight bytes per message, and ids of private channels already found."""

    def __init__(self) -> None:
        self._positions = array("q")
        """The position of message `index + 1`; 0 if it is not stored (yet)."""
        self._flying: dict[int, asyncio.Task[None]] = {}
        self.peers: dict[int, int] = {}
        """The channel id by id of the other user."""

    def take(self, number: int) -> bool:
        """Return whether this number is acceptable: a known one (a retry), or the next one, which is then used."""
        if number == len(self._positions) + 1:
            self._positions.append(0)
        return 1 <= number <= len(self._positions)

    def stored(self, number: int) -> int | None:
        """Return the position of this message, if it was stored."""
        return self._positions[number - 1] or None

    def task_of(self, number: int) -> asyncio.Task[None] | None:
        """Return the task that is storing this message, if any."""
        return self._flying.get(number)

    def begin(self, number: int, task: asyncio.Task[None]) -> None:
        """Record the task that stores this message; the task calls `end`."""
        self._flying[number] = task

    def end(self, number: int, position: int | None) -> None:
        """Record that the message was stored at this position, or was not (None)."""
        self._positions[number - 1] = position or 0
        self._flying.pop(number, None)
