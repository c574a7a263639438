"""One client's connection: its user, and the order in which replies and pushes are sent."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from delivery import metrics
from delivery.hub.outbox import Outbox
from delivery.hub.segments import Frame
from delivery.hub.ticker import Ticker
from delivery.rate_limits.token_bucket import TokenBucket

MAX_HELD = 10_000
"""Pushes, or replies, that may be held back. Above it the connection is closed."""
RESUME_STEPS = 10
"""Timers into which a pause before `resume` is divided.

After the node was frozen or busy, a request that arrived in time may not have been read yet. With one timer the pause
would end before the request is read, and the client would miss the events that it requests.
"""


@dataclass(slots=True)
class _PendingReply:
    number: int
    frame: Frame | None = None
    done: bool = False
    awaits_event: bool = False
    """True if the reply is ready, but waits until the hub delivers the request's event."""


def _ignore_close(code: int, reason: str) -> None:
    """Do nothing, instead of the function of an owner that has gone."""


# An empty deque takes 624 bytes, so connections without replies or held pushes share these. Nothing is added to them.
_NO_REPLIES: deque[_PendingReply] = deque(maxlen=0)
_NONE_HELD: deque[tuple[Frame, int] | int] = deque(maxlen=0)


class Connection:
    """Sends replies in the order of their requests, and events that a request caused in their place among the pushes.

    A request that appends an event (origin `<id>.<number>`) is answered when the hub reaches that event, and pushes of
    later events wait for that reply. So a client sees its own messages in the order of the log, like everyone else.
    """

    __slots__ = (
        "_codec",
        "_held",
        "_last_number",
        "_on_close",
        "_paused",
        "_replies",
        "_resume_timer",
        "address",
        "app",
        "attached_position",
        "channels",
        "credential",
        "drain_close",
        "expires_at",
        "fetched_position",
        "gets_activity",
        "id",
        "is_attached",
        "is_closing",
        "is_synced",
        "kind",
        "last_seen_at",
        "name",
        "nickname",
        "only_channel",
        "opened_at",
        "outbox",
        "reported_position",
        "request_limit",
        "user_id",
    )

    def __init__(self, *, codec: str, address: str, ticker: Ticker, on_close: Callable[[int, str], None]) -> None:
        # It need not be secret, and the system's source of randomness takes 20 µs.
        self.id = random.randbytes(8).hex()
        self._codec = codec
        self.address = address
        self.opened_at = self.last_seen_at = time.monotonic()
        self.user_id: int | None = None
        self.name = ""
        self.nickname = ""
        self.kind = ""
        self.app = 0
        self.credential = ""
        self.expires_at: float | None = None
        """The time, in Unix seconds, at which the credential expires, and the connection with it; None: never."""
        self.channels: tuple[int, ...] = ()
        """Channels without memberships that this connection receives, such as its app's global one."""
        self.only_channel: int | None = None
        """The only channel whose events this connection receives, as in a page of another site; None: no limit."""
        self.gets_activity = False
        """True if the client has asked for pushes of what others are doing, such as typing (`ACTIVITY` in a header)."""
        self.is_attached = False
        """True while the hub delivers to it: from log-in to the end."""
        self.is_closing = False
        self.drain_close: tuple[int, str] | None = None
        """The code and reason to close with once all requests have been answered. New requests are ignored."""
        self.is_synced = True
        """True if the client has everything up to the hub's watermark.

        False after a log-in with `after`, until `sync` has returned the rest.
        """
        self.reported_position = 0
        """The position that replies report to the client while `is_synced` is False."""
        self.attached_position = 0
        """The position after which the hub delivers to it."""
        self.fetched_position = 0
        """Position up to which `Hub.count_fetched` has counted receipts for this connection."""
        self.request_limit = TokenBucket(settings.IM_REQUEST_RATE, settings.IM_REQUEST_BURST)
        self.outbox = Outbox(ticker, settings.IM_OUTBOX_MAX_BYTES, self._overflow)
        self._on_close = on_close
        self._replies: deque[_PendingReply] = _NO_REPLIES
        self._last_number = 0
        self._held: deque[tuple[Frame, int] | int] = _NONE_HELD
        """Held pushes with their positions, and the numbers of the replies that they wait for."""
        self._paused = False
        self._resume_timer: asyncio.TimerHandle | None = None

    # -- requests and their replies -------------------------------------------------------------------------------

    def open_reply(self) -> int:
        """Reserve the next place in the order of replies; return its number, which `reply` takes."""
        self._last_number += 1
        if not self._replies:
            self._replies = deque()
        self._replies.append(_PendingReply(self._last_number))
        return self._last_number

    def origin(self, number: int) -> str:
        """Return the `origin` of events that request `number` appends."""
        return f"{self.id}.{number}"

    def reply(self, number: int, frame: Frame | None, *, awaits_event: bool = False) -> None:
        """Send the reply to request `number`; None sends none.

        With `awaits_event`, wait until the hub delivers its event.
        """
        for reply in self._replies:
            if reply.number == number:
                reply.frame, reply.done = frame, True
                reply.awaits_event = awaits_event and number not in self._held
                break
        self._flush()

    def reach_event(self, number: int) -> None:
        """Record that the hub delivers the event which request `number` appended, so that the reply can be sent."""
        for reply in self._replies:
            if reply.number == number:
                if reply.done:
                    reply.awaits_event = False
                self._hold(number)
                self._flush()
                return

    def hold_pushes(self, number: int) -> None:
        """Hold back pushes until reply `number` has been sent."""
        self._hold(number)

    def _hold(self, number: int) -> None:
        self.outbox.unfollow()
        self._append_held(number)

    def _append_held(self, item: tuple[Frame, int] | int) -> None:
        if not self._held:
            self._held = deque()
        self._held.append(item)

    # -- a client that first fetches what it has missed ---------------------------------------------------------------

    def pause(self) -> None:
        """Hold back pushes and replies until `resume`, except those of `reply_ahead`."""
        self.outbox.unfollow()
        self._paused = True

    def resume_after(self, seconds: float | None) -> None:
        """Call `resume` after this many seconds, not counting time in which the process was frozen; None cancels."""
        if self._resume_timer is not None:
            self._resume_timer.cancel()
            self._resume_timer = None
        if seconds is not None and self._paused:
            self._count_down(seconds / RESUME_STEPS, RESUME_STEPS)

    def _count_down(self, step_seconds: float, steps: int) -> None:
        if steps:
            loop = asyncio.get_running_loop()
            self._resume_timer = loop.call_later(step_seconds, self._count_down, step_seconds, steps - 1)
        else:
            self.resume()

    def discard_synced(self, upto: int, has_synced: Callable[[Frame], bool]) -> None:
        """Drop held pushes up to this position that the client has received by `sync`: those with a true
        `has_synced`.
        """
        self._held = deque(
            item for item in self._held if isinstance(item, int) or not (0 < item[1] <= upto and has_synced(item[0]))
        )

    def resume(self) -> None:
        """Send the pushes and replies that `pause` held back."""
        self.resume_after(None)
        if self._paused:
            self._paused = False
            self._release_pushes()
            self._flush()

    @property
    def is_paused(self) -> bool:
        return self._paused

    def reply_ahead(self, number: int, frame: Frame) -> None:
        """Reply to request `number` before everything that a pause holds back; without a pause, in its turn."""
        if not self._paused:
            self.reply(number, frame)
            return
        self._replies = deque(reply for reply in self._replies if reply.number != number)
        if number in self._held:
            self._held.remove(number)
        self.outbox.put(frame, now=True)

    def _flush(self) -> None:
        if self._paused:
            if len(self._replies) > MAX_HELD:
                self._overflow()
            return
        replies, put = self._replies, self.outbox.put
        while replies and replies[0].done and not replies[0].awaits_event:
            reply = replies[0]
            held = self._held
            # Pushes before this request's event leave before its reply.
            if reply.number in held:
                while (item := held.popleft()) != reply.number:
                    if not isinstance(item, int):
                        put(item[0])
            replies.popleft()
            if reply.frame is not None:
                put(reply.frame, now=True)
            self._release_pushes()
        if not self._replies:
            self._replies = _NO_REPLIES
        self._close_if_drained()

    def _release_pushes(self) -> None:
        """Send the held pushes that wait for no reply."""
        held = self._held
        while held and not isinstance(item := held[0], int):
            held.popleft()
            self.outbox.put(item[0])
        if not self._held:
            self._held = _NONE_HELD

    # -- pushes ---------------------------------------------------------------------------------------------------

    @property
    def codec(self) -> str:
        """The codec of its pushes."""
        return self._codec

    @codec.setter
    def codec(self, codec: str) -> None:
        # The next event is encoded in the new one already.
        self.outbox.unfollow()
        self._codec = codec

    @property
    def can_follow(self) -> bool:
        """Return whether its pushes may come from shared segments: they wait for nothing, and the client reads."""
        return not self._held and not self._paused and self.outbox.can_follow

    def push(self, frame: Frame, position: int = 0) -> None:
        """Send a push; `position` is its place in the log, 0 for a transient one."""
        if self._held or self._paused:
            self._append_held((frame, position))
            if len(self._held) > MAX_HELD:
                self._overflow()
        else:
            self.outbox.put(frame)

    def mark_seen(self) -> None:
        """Record that the client has sent something."""
        self.last_seen_at = time.monotonic()

    @property
    def has_sent_everything(self) -> bool:
        """Return whether all replies, and all pushes up to the hub's watermark, have been written to the socket."""
        return not (self._paused or self._held or self._replies) and self.outbox.is_idle

    # -- the end --------------------------------------------------------------------------------------------------

    def close(self, code: int, reason: str) -> None:
        """Stop delivering at once and close the socket with `code`."""
        if not self.is_closing:
            self.is_closing = True
            self.resume_after(None)
            self.outbox.stop()
            self._held.clear()
            self._on_close(code, reason)

    def release(self) -> None:
        """Forget the functions of the owner, which refers to this connection. Call it once the connection has ended."""
        self.is_closing = True
        self.resume_after(None)
        self.outbox.release()
        self._on_close = _ignore_close

    def close_after_reply(self, code: int, reason: str) -> None:
        """Close once the reply to the current request has been written."""
        self.outbox.call_when_empty(lambda: self.close(code, reason))

    def drain(self, code: int, reason: str) -> None:
        """Close once all requests so far have been answered and the replies written."""
        self.drain_close = (code, reason)
        if self._paused:
            # The client can request no more, so it would never fetch the rest. It sends its requests again elsewhere.
            self._replies.clear()
        self._close_if_drained()

    def _close_if_drained(self) -> None:
        if self.drain_close and not self._replies:
            code, reason = self.drain_close
            if self.outbox.is_idle:
                self.close(code, reason)
            else:
                self.close_after_reply(code, reason)

    def _overflow(self) -> None:
        metrics.OUTBOX_OVERFLOWS.inc()
        self.close(4008, "too slow: come back and sync")
