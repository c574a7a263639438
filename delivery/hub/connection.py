"""One client's connection as delivery sees it: who is there, what was passed to it, and in which order it leaves."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from delivery import metrics
from delivery.hub.outbox import Frame, Outbox, Ticker
from delivery.rate_limits.token_bucket import TokenBucket
from delivery.rate_limits.user_limits import UserRateLimits

HELD_LIMIT = 10_000
"""Pushes, or replies, that may be held back; over it the connection is closed."""
STEPS = 10
"""Turns of the event loop, at least, for which a client is waited for. A node that was frozen, or is too busy to read,
may have a request in hand that came in time: were the clock alone to decide, it would first pass the client what makes
it skip what it asks for."""


@dataclass(slots=True)
class _Reply:
    number: int
    frame: Frame | None = None
    done: bool = False
    awaits_pass: bool = False
    """Ready, but its event has not had its turn: what came before it in the log leaves first."""


class Connection:
    """Replies leave in the order of their requests, and what a request caused takes its place among the pushes.

    A request that appends an event (origin `<id>.<number>`) is answered when the hub passes that event; pushes of later
    events wait behind that answer. So a client sees its own sends in the log's order, like everybody's.
    """

    def __init__(self, *, codec: str, address: str, ticker: Ticker, end: Callable[[int, str], None]) -> None:
        self.id = secrets.token_hex(8)
        self.codec = codec
        self.address = address
        self.opened = self.last_seen = time.monotonic()
        self.person: int | None = None
        self.name = ""
        self.nickname = ""
        self.kind = ""
        self.app = 0
        self.credential = ""
        self.channels: tuple[int, ...] = ()
        """Channels without membership rows that this connection receives (its app's global one)."""
        self.attached = False
        """Whether the hub delivers to it: from log-in to the end."""
        self.closing = False
        self.dismissed: tuple[int, str] | None = None
        """Code and reason with which it ends as soon as all that it has asked is answered: it may ask no more."""
        self.drained = True
        """Whether the client has all up to the hub's watermark; not so after a log-in with `after`, until it synced."""
        self.told = 0
        """The position it was told, while not drained."""
        self.since = 0
        """The position from which on the hub delivers to it."""
        self.fetched = 0
        """The position up to which what the client fetched itself has been counted."""
        self.rate_limits = UserRateLimits()
        """From log-in on, those of the user, which all connections of the user share."""
        self.requests = TokenBucket(settings.IM_REQUEST_RATE, settings.IM_REQUEST_BURST)
        self.outbox = Outbox(ticker, settings.IM_OUTBOX_MAX_BYTES, self._overflow)
        self._end = end
        self._replies: deque[_Reply] = deque()
        self._last_number = 0
        self._held: deque[tuple[Frame, int] | int] = deque()
        """Pushes with their positions, and the numbers of the replies that they wait for."""
        self._paused = False
        self._impatience: asyncio.TimerHandle | None = None

    # -- requests and their replies -------------------------------------------------------------------------------

    def open_reply(self) -> int:
        """Take the next place in the order of replies; the number identifies it."""
        self._last_number += 1
        self._replies.append(_Reply(self._last_number))
        return self._last_number

    def origin(self, number: int) -> str:
        return f"{self.id}.{number}"

    def reply(self, number: int, frame: Frame | None, *, awaits_pass: bool = False) -> None:
        """Answer request `number`; None answers with nothing. `awaits_pass`: not before the hub passes its event."""
        for reply in self._replies:
            if reply.number == number:
                reply.frame, reply.done = frame, True
                reply.awaits_pass = awaits_pass and number not in self._held
                break
        self._flush()

    def passed(self, number: int) -> None:
        """The hub is at the event that request `number` appended."""
        for reply in self._replies:
            if reply.number == number:
                if reply.done:
                    reply.awaits_pass = False
                self._held.append(number)
                self._flush()
                return

    def hold(self, number: int) -> None:
        """Let pushes wait until reply `number` has left."""
        self._held.append(number)

    # -- a client that first fetches what it has missed ---------------------------------------------------------------

    def pause(self) -> None:
        """Hold back pushes and replies until `resume`; only `reply_first` gets through."""
        self._paused = True

    def resume_after(self, seconds: float | None) -> None:
        """Resume by itself after so long, none of it frozen; None: only when it is told to."""
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None
        if seconds is not None and self._paused:
            self._wait(seconds / STEPS, STEPS)

    def _wait(self, pause: float, steps: int) -> None:
        if steps:
            self._impatience = asyncio.get_running_loop().call_later(pause, self._wait, pause, steps - 1)
        else:
            self.resume()

    def discard_synced(self, upto: int, had: Callable[[Frame], bool]) -> None:
        """Drop what is held of the pushes up to this position: those of which `had` says that the client has them."""
        self._held = deque(
            item for item in self._held if isinstance(item, int) or not (0 < item[1] <= upto and had(item[0]))
        )

    def resume(self) -> None:
        """What is held goes."""
        self.resume_after(None)
        if self._paused:
            self._paused = False
            self._let_go()
            self._flush()

    @property
    def paused(self) -> bool:
        return self._paused

    def reply_first(self, number: int, frame: Frame) -> None:
        """Answer request `number` before all that is held back by a pause; in its turn if nothing is."""
        if not self._paused:
            self.reply(number, frame)
            return
        self._replies = deque(reply for reply in self._replies if reply.number != number)
        if number in self._held:
            self._held.remove(number)
        self.outbox.put(frame, now=True)

    def _flush(self) -> None:
        if self._paused:
            if len(self._replies) > HELD_LIMIT:
                self._overflow()
            return
        replies, put = self._replies, self.outbox.put
        while replies and replies[0].done and not replies[0].awaits_pass:
            reply = replies[0]
            held = self._held
            # What was pushed before this request's event leaves before its reply.
            if reply.number in held:
                while (item := held.popleft()) != reply.number:
                    if not isinstance(item, int):
                        put(item[0])
            replies.popleft()
            if reply.frame is not None:
                put(reply.frame, now=True)
            self._let_go()
        self._close_if_drained()

    def _let_go(self) -> None:
        """Let the pushes leave that wait for no reply."""
        held = self._held
        while held and not isinstance(item := held[0], int):
            held.popleft()
            self.outbox.put(item[0])

    # -- pushes ---------------------------------------------------------------------------------------------------

    def push(self, frame: Frame, position: int = 0) -> None:
        """Send what nobody asked for; `position` is its place in the log, 0 if it has none."""
        if self._held or self._paused:
            self._held.append((frame, position))
            if len(self._held) > HELD_LIMIT:
                self._overflow()
        else:
            self.outbox.put(frame)

    def seen(self) -> None:
        """The client has sent something."""
        self.last_seen = time.monotonic()

    # -- the end --------------------------------------------------------------------------------------------------

    def close(self, code: int, reason: str) -> None:
        """Stop delivering at once and close the socket with `code`."""
        if not self.closing:
            self.closing = True
            self.resume_after(None)
            self.outbox.stop()
            self._held.clear()
            self._end(code, reason)

    def close_after(self, code: int, reason: str) -> None:
        """Close once the reply to the present request has been written."""
        self.outbox.when_empty(lambda: self.close(code, reason))

    def drain(self, code: int, reason: str) -> None:
        """Close once what was asked so far has been answered and written."""
        self.dismissed = (code, reason)
        if self._paused:
            # It may ask no more, so it would never have fetched the rest. What it sent it sends again elsewhere.
            self._replies.clear()
        self._close_if_drained()

    def _close_if_drained(self) -> None:
        if self.dismissed and not self._replies:
            code, reason = self.dismissed
            if self.outbox.idle:
                self.close(code, reason)
            else:
                self.close_after(code, reason)

    def _overflow(self) -> None:
        metrics.OUTBOX_OVERFLOWS.inc()
        self.close(4008, "too slow: come back and sync")
