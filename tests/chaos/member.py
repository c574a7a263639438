"""A user who sends all the time and comes back by itself after each disconnect."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from imsite.client.errors import TRANSIENT_CODES
from tests.load import raw_socket
from tests.load.pressure.chunks import Acknowledgement, Item, Pushes
from tests.load.pressure.connection import LoadConnection, Login, Member

CONNECT_SECONDS = 5.0
REPLY_SECONDS = 5.0
"""Seconds without a reply after which a client takes its connection for dead."""
MAX_PENDING = 20
"""Unacknowledged messages with which a member sends no more."""
HEARTBEAT_SECONDS = 2.0
RETRY_SECONDS = 0.5
_ABANDONED_SHARE = 0.1
"""Share of the messages in flight that a member gives up when its connection ends."""


@dataclass(frozen=True)
class Wait:
    """A message's way: when it was sent, and the seconds until its acknowledgement or its arrival."""

    sender: str
    receiver: str
    """The sender itself for an acknowledgement."""
    sent_at: float
    seconds: float


class ChaosMember(Member):
    """One user. `places` are host and port of the nodes in the order in which it tries them, its own one first."""

    def __init__(self, login: Login, places: Sequence[tuple[str, int]], channels: tuple[str, ...]) -> None:
        super().__init__(login)
        self.reset(channels)
        self.places = list(places)
        self.waits: list[Wait] = []
        self.awaited: set[str] = set()
        """Keys of messages whose arrival is awaited."""
        self.refusals: dict[int, int] = {}
        """Codes of passing refusals with their numbers. The messages are sent again."""
        self.disconnects = 0
        self.is_ready = asyncio.Event()
        """Set while it is connected and has fetched what it missed."""
        self._chance = random.Random(login.name)
        self._sent_at: dict[str, float] = {}
        self._refused: set[str] = set()
        self._answered_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._stay())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    def raise_failure(self) -> None:
        """Raise the exception with which the member has ended, because it would never come back."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    async def talk(self, pause: float, enough: asyncio.Event, key: Callable[[], str]) -> None:
        """Send to one of its channels after the other, about every `pause` seconds, until there is enough."""
        while not enough.is_set():
            await asyncio.sleep(pause * self._chance.uniform(0.5, 1.5))
            if len(self.unacknowledged) < MAX_PENDING:
                self.say(self._chance.choice(self.record.channels), key())

    def disconnect(self) -> None:
        """End the connection without notice. The member comes back by itself."""
        if self.connection is not None:
            self.connection.close()

    def pending_since(self) -> list[float]:
        """Return when each message without an acknowledgement was sent first."""
        return [self._sent_at[key] for key in self.unacknowledged]

    def say(self, channel: str, key: str) -> None:
        self._sent_at[key] = time.monotonic()
        super().say(channel, key)

    def acknowledge(self, item: Acknowledgement) -> None:
        super().acknowledge(item)
        self._answered_at = now = time.monotonic()
        sent_at = self._sent_at[item.key]
        self.waits.append(Wait(self.login.name, self.login.name, sent_at, now - sent_at))

    def refuse(self, key: str, code: int) -> None:
        """Send a message with a passing refusal again, later. Count another refusal as a fault."""
        self._answered_at = time.monotonic()
        if code in TRANSIENT_CODES:
            self.refusals[code] = self.refusals.get(code, 0) + 1
            self._refused.add(key)
        else:
            super().refuse(key, code)

    def receive(self, pushes: Pushes) -> None:
        """Record pushes. Own messages, stored over an earlier connection, come as pushes too and are known already."""
        if self.record.sent.isdisjoint(pushes.keys):
            self._take(pushes)
            return
        for one in pushes.each():
            if one.keys[0] not in self.record.sent:
                self._take(one)

    def _take(self, pushes: Pushes) -> None:
        if self.held is None:
            now = time.perf_counter_ns()
            for stamp, key in zip(pushes.stamps, pushes.keys, strict=False):
                if stamp:
                    seconds = (now - stamp) / 1e9
                    self.waits.append(Wait(sender_of(key), self.login.name, time.monotonic() - seconds, seconds))
            self.awaited.difference_update(pushes.keys)
        super().receive(pushes)

    def _replay(self, item: Item) -> None:
        if isinstance(item, Pushes):
            self.awaited.difference_update(item.keys)
        super()._replay(item)

    async def _stay(self) -> None:
        failures = 0
        while True:
            connection = LoadConnection(self)
            try:
                await self._come(connection, self.places[failures % len(self.places)])
                failures = 0
                await self._watch(connection)
            except (OSError, TimeoutError):
                failures += 1
            finally:
                self._leave(connection)
            await asyncio.sleep(min(2.0, 0.1 * 2.0**failures) * self._chance.random())

    async def _come(self, connection: LoadConnection, place: tuple[str, int]) -> None:
        host, port = place
        self.held = []
        async with asyncio.timeout(CONNECT_SECONDS):
            await raw_socket.connect(port, "/acc", connection, host=host)
            self.connection = connection
            await self.sync()
        self._answered_at = time.monotonic()
        self.resend()
        self.is_ready.set()

    async def _watch(self, connection: LoadConnection) -> None:
        """Return when the connection has ended, or has not answered for too long."""
        next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
        while not connection.ended.done():
            await asyncio.wait({connection.ended}, timeout=RETRY_SECONDS)
            now = time.monotonic()
            if now > next_heartbeat:
                async with asyncio.timeout(REPLY_SECONDS):
                    reply = await self.call("heartbeat")
                self.position = max(self.position or 0, reply.get("position") or 0)
                next_heartbeat = now + HEARTBEAT_SECONDS
            for key in self._refused & self.unacknowledged.keys():
                self._send(self.unacknowledged[key], key)
            self._refused.clear()
            if self.unacknowledged and now - max(self._answered_at, min(self.pending_since())) > REPLY_SECONDS:
                return

    def _leave(self, connection: LoadConnection) -> None:
        connection.abandon()
        self.is_ready.clear()
        self.disconnects += 1
        for key in list(self.unacknowledged):
            if self._chance.random() < _ABANDONED_SHARE:
                del self.unacknowledged[key]
                self.record.abandoned.add(key)


def sender_of(key: str) -> str:
    """Return the name of the sender of the message with this key."""
    return key.partition(".")[0]
