"""The numbers that a client of `/ws` gives its messages: 1, 2, 3, … on one connection, each used once."""

from __future__ import annotations

import asyncio
from array import array


class ClientSendTracker:
    """What became of each number, in eight bytes a message; and the private channels it has written to."""

    def __init__(self) -> None:
        self._positions = array("q")
        """Of the message with the number `index + 1`; 0: it was not stored, or not yet."""
        self._flying: dict[int, asyncio.Task[None]] = {}
        self.peers: dict[int, int] = {}
        """The channel with each person written to."""

    def take(self, number: int) -> bool:
        """Whether this number may come now: a known one again, or the next, which is used up from here on."""
        if number == len(self._positions) + 1:
            self._positions.append(0)
        return 1 <= number <= len(self._positions)

    def stored(self, number: int) -> int | None:
        """The position of the message of this number, if it was stored."""
        return self._positions[number - 1] or None

    def under_way(self, number: int) -> asyncio.Task[None] | None:
        """What stores it at this moment."""
        return self._flying.get(number)

    def begin(self, number: int, task: asyncio.Task[None]) -> None:
        """The task stores it, and calls `end`."""
        self._flying[number] = task

    def end(self, number: int, position: int | None) -> None:
        """It was stored at this position, or (None) was not."""
        self._positions[number - 1] = position or 0
        self._flying.pop(number, None)
