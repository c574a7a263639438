"""One polling connection: a connection of the JSON protocol whose frames travel in HTTP calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from chat import errors
from chat.consumers.base import Consumer
from delivery.hub.segments import wire_size
from delivery.rate_limits.token_bucket import TokenBucket

MAX_ANSWER_BYTES = 1_048_576
"""Bytes of frames after which the answer to a poll ends; the next poll gets the rest."""
LOST_CONNECTION = 1006
"""The close code of a connection that ended without a close frame, as in RFC 6455."""
FRAME_TOO_LARGE = 1009

logger = logging.getLogger(__name__)


class OutOfStep(Exception):
    """The numbers of a call do not fit to what was sent and received so far."""


class Superseded(Exception):
    """A newer poll of the same connection has taken this one's place."""


class Busy(Exception):
    """The frames of an earlier call are still being taken."""


class ConnectionEnded(Exception):
    """The consumer sends to a connection that has ended."""


@dataclass(frozen=True, slots=True)
class Output:
    """The answer to a poll. `last`: the number of the last frame in it, or before it if there is none.

    `closed`: code and reason, once the connection has ended and all its frames are in this answer.
    """

    frames: list[str]
    last: int
    closed: tuple[int, str] | None


class PollingConnection:
    """Runs a consumer as a WebSocket server does, and keeps what it sends until a poll has acknowledged it.

    Frames are numbered 1, 2, 3, … in each direction, so a call that is repeated after a lost answer gets the same
    frames again, and its own frames are not handled twice.

    `on_close` is called when the connection has ended, and `on_forget` when its client need not be told any more.
    """

    def __init__(
        self,
        consumer: type[Consumer],
        scope: dict[str, Any],
        *,
        owner: str,
        browser: str,
        on_close: Callable[[], None],
        on_forget: Callable[[], None],
    ) -> None:
        """Start the consumer with the `scope` of a handshake. Each call must come from the `owner`."""
        self.owner, self.browser = owner, browser
        self.calls = TokenBucket(settings.IM_REQUEST_RATE, settings.IM_REQUEST_BURST)
        self.closed: tuple[int, str] | None = None
        self.retry_after: float | None = None
        """Seconds after which a client whose connection was refused should try again."""
        self._on_close, self._on_forget = on_close, on_forget
        self._loop = asyncio.get_running_loop()
        self._answered: asyncio.Future[int] = self._loop.create_future()
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._received = 0
        """The number of the client's last frame."""
        self._is_receiving = False
        self._frames: deque[str] = deque()
        """Frames that the client has not acknowledged, and their bytes."""
        self._size = 0
        self._acknowledged = 0
        self._room: asyncio.Future[None] | None = None
        self._poll: asyncio.Future[bool] | None = None
        """The waiting poll. It becomes False if another takes its place."""
        self._poll_timer: asyncio.TimerHandle | None = None
        self._next_answer_at = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._inbox.put_nowait({"type": "websocket.connect"})
        self._serving = asyncio.create_task(self._serve(consumer, scope), name="polling connection")

    async def opened(self) -> int:
        """Wait for the consumer's answer to the handshake; return it as the status of an HTTP response."""
        status = await self._answered
        if status == 200:
            self._start_idle_timer()
        return status

    # -- the consumer's side --------------------------------------------------------------------------------------

    async def _serve(self, consumer: type[Consumer], scope: dict[str, Any]) -> None:
        try:
            await consumer()(scope, self._next_event, self._send)
        except Exception:
            logger.exception("polling_connection_failed")
        finally:
            if not self._answered.done():
                self._answered.set_result(500)
            self.end(LOST_CONNECTION)
            self._drop_inbox()

    async def _next_event(self) -> dict[str, Any]:
        event = await self._inbox.get()
        self._inbox.task_done()
        return event

    def _drop_inbox(self) -> None:
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                self._inbox.get_nowait()
                self._inbox.task_done()

    async def _send(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "websocket.send":
            await self._keep(event["text"])
        elif kind == "websocket.close":
            if not self._answered.done():
                self._answered.set_result(403)
            self.end(event.get("code", 1000), event.get("reason", ""))
        elif not self._answered.done():
            seconds = dict(event.get("headers", ())).get(b"retry-after")
            self.retry_after = None if seconds is None else float(seconds)
            self._answered.set_result(200 if kind == "websocket.accept" else event["status"])

    async def _keep(self, frame: str) -> None:
        """Keep the frame for the client. Wait while it leaves as many bytes unacknowledged as an outbox may hold."""
        size = wire_size(frame)
        while self._frames and self._size + size > settings.IM_OUTBOX_MAX_BYTES and self.closed is None:
            self._room = self._loop.create_future()
            await self._room
        if self.closed is not None:
            raise ConnectionEnded
        self._frames.append(frame)
        self._size += size
        self._wake_poll()

    def end(self, code: int, reason: str = "") -> None:
        """End the connection, unless it has ended. The next poll gets the rest of its frames and this code."""
        if self.closed is None:
            self.closed = (code, reason)
            self._inbox.put_nowait({"type": "websocket.disconnect", "code": code})
            self._notify_room()
            self._wake_poll()
            self._on_close()

    # -- the client's side ----------------------------------------------------------------------------------------

    async def receive(self, first: int, frames: Sequence[str]) -> int:
        """Handle the client's frames, of which `first` is the number of the first one, without those already handled.

        Return the number of the last frame that was taken. Raises OutOfStep if frames between are missing, and Busy.
        """
        if not 0 < first <= self._received + 1:
            raise OutOfStep
        if self._is_receiving:
            raise Busy
        self._is_receiving = True
        try:
            for frame in frames[self._received + 1 - first :]:
                self._received += 1
                if len(frame.encode()) > settings.IM_MAX_FRAME_BYTES:
                    self.end(FRAME_TOO_LARGE, "message too big")
                if self.closed is None:
                    self._inbox.put_nowait({"type": "websocket.receive", "text": frame})
            # A client that sends faster than its requests are answered waits, as behind a full socket.
            await self._inbox.join()
        finally:
            self._is_receiving = False
        return self._received

    async def poll(self, after: int, wait_seconds: float) -> Output:
        """Wait for frames after number `after`, up to which the client has everything, and return them.

        Return none after `wait_seconds`. Raises OutOfStep if there is no such number, and Superseded.
        """
        if not 0 <= after - self._acknowledged <= len(self._frames):
            raise OutOfStep
        self._acknowledge(after)
        self._finish_poll(False)
        poll = self._poll = self._loop.create_future()
        self._stop_idle_timer()
        deadline = self._loop.call_later(wait_seconds, self._finish_poll, True)
        self._wake_poll()
        try:
            is_current = await poll
        finally:
            deadline.cancel()
            if self._poll is poll:
                self._finish_poll(True)
            if self._poll is None:
                self._start_idle_timer()
        if not is_current:
            raise Superseded
        return self._output()

    def close(self) -> None:
        """End the connection because its client says so."""
        self.end(1000)
        self._frames.clear()
        self._finish_poll(False)
        self._stop_idle_timer()
        self._on_forget()

    def count_call(self) -> bool:
        """Return whether the client may make a call now. A flood of refused calls ends the connection."""
        allowed = self.calls.take()
        if self.calls.is_overdrawn:
            self.end(errors.FLOOD.number, errors.FLOOD.reason)
        return allowed

    def _acknowledge(self, after: int) -> None:
        for _ in range(after - self._acknowledged):
            self._size -= wire_size(self._frames.popleft())
        self._acknowledged = after
        self._notify_room()

    def _notify_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _output(self) -> Output:
        frames: list[str] = []
        size = 0
        for frame in self._frames:
            size += wire_size(frame)
            if frames and size > MAX_ANSWER_BYTES:
                break
            frames.append(frame)
        if frames:
            self._next_answer_at = self._loop.time() + settings.IM_POLLING_INTERVAL
        is_complete = len(frames) == len(self._frames)
        return Output(frames, self._acknowledged + len(frames), self.closed if is_complete else None)

    def _wake_poll(self) -> None:
        """Answer the waiting poll if there is something to say: at once, or after the pause behind the last answer."""
        if self._poll is None or not (self._frames or self.closed):
            return
        if self.closed or self._loop.time() >= self._next_answer_at:
            self._finish_poll(True)
        elif self._poll_timer is None:
            self._poll_timer = self._loop.call_at(self._next_answer_at, self._finish_poll, True)

    def _finish_poll(self, is_current: bool) -> None:
        poll, self._poll = self._poll, None
        if self._poll_timer is not None:
            self._poll_timer.cancel()
            self._poll_timer = None
        if poll is not None and not poll.done():
            poll.set_result(is_current)

    # -- a client that no longer polls ----------------------------------------------------------------------------

    def _start_idle_timer(self) -> None:
        self._stop_idle_timer()
        self._idle_timer = self._loop.call_later(settings.IM_POLLING_TIMEOUT, self._expire)

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _expire(self) -> None:
        self._idle_timer = None
        self.end(LOST_CONNECTION)
        self._on_forget()
