"""Lets a crowd go on a few at a time, so that no turn of the event loop lasts long."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial


class TurnPacer:
    """Begins a few pieces of work in each turn of the event loop; the others wait for the next turns, in order.

    After a restart thousands of clients connect at the same instant. Without pauses the loop would read all their
    handshakes in one turn, answer all of them in the next, and so on, and serve no one else meanwhile.
    """

    def __init__(self, per_turn: int) -> None:
        self._per_turn = per_turn
        self._waiting: deque[Callable[[], None]] = deque()
        self._begun = 0
        """Pieces of work that began in this turn."""
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop on which the next turn is scheduled; None if there is none."""

    def admit(self, begin: Callable[[], None]) -> bool:
        """Return whether the work may begin now. If not, `begin` is called in a later turn."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._begun = loop, 0
            self._waiting.clear()
            loop.call_soon(self._begin_turn)
        if self._begun < self._per_turn:
            self._begun += 1
            return True
        self._waiting.append(begin)
        return False

    async def wait(self) -> None:
        """Wait until the caller's work may begin."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not self.admit(partial(_resolve, turn)):
            await turn

    def _begin_turn(self) -> None:
        self._begun = 0
        try:
            while self._waiting and self._begun < self._per_turn:
                self._begun += 1
                self._waiting.popleft()()
        finally:
            # Also after an error, or nothing would ever begin again.
            if self._begun and self._loop is not None:
                self._loop.call_soon(self._begin_turn)
            else:
                self._loop = None


def _resolve(turn: asyncio.Future[None]) -> None:
    if not turn.done():  # The caller may have been cancelled.
        turn.set_result(None)
