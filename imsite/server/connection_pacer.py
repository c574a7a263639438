"""Lets a crowd of new connections in a few at a time, so that no turn of the event loop lasts long."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

ADMITTED_PER_TURN = 32
"""New connections read from in one turn. A log-in takes about 1 ms, so a turn with as many stays below 50 ms."""


class ConnectionPacer:
    """Reads from a few new connections in each turn of the event loop.

    After a restart thousands of clients connect at the same instant. Without pauses the loop would accept all of them
    in one turn, read all their handshakes in the next, and so on, and serve no one else for seconds.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[asyncio.Transport, Callable[[asyncio.Transport], None]]] = deque()
        self._admitted = 0
        """Connections that were admitted in this turn."""
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop on which the next turn is scheduled; None if there is none."""

    def admit(self, transport: asyncio.Transport, begin: Callable[[asyncio.Transport], None]) -> bool:
        """Return whether the new connection is to be read from now.

        If not, it waits for its turn, in which `begin` is called with it, unless it has gone.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._admitted = loop, 0
            self._waiting.clear()
            loop.call_soon(self._begin_turn)
        if self._admitted < ADMITTED_PER_TURN:
            self._admitted += 1
            return True
        transport.pause_reading()
        self._waiting.append((transport, begin))
        return False

    def _begin_turn(self) -> None:
        self._admitted = 0
        while self._waiting and self._admitted < ADMITTED_PER_TURN:
            transport, begin = self._waiting.popleft()
            if not transport.is_closing():
                begin(transport)
                transport.resume_reading()
                self._admitted += 1
        if self._admitted and self._loop is not None:
            self._loop.call_soon(self._begin_turn)
        else:
            self._loop = None
