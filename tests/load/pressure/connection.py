"""A user of a load test, and the connections over which the user sends and receives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from tests.load.pressure.chunks import SEND_PREFIX, Acknowledgement, Control, Item, Pushes, Reply, decode, read
from tests.load.raw_socket import CLOSE, PING, PONG, TEXT, RawSocket
from tests.support.oracle import MemberRecord, ReceivedNumbers

_REPLY_SECONDS = 60.0
LOGIN = "login"


@dataclass(frozen=True)
class Login:
    """The data of a user's log-in. Without a token the user is a new guest."""

    name: str
    token: str = ""
    app: int = 101

    def data(self, after: int | None) -> dict[str, Any]:
        known = {"serviceToken": self.token} if self.token else {"userId": self.name}
        return {"appId": self.app, **known, **({} if after is None else {"after": after})}


class Member:
    """One user. The record outlives the connection, which may be replaced."""

    def __init__(self, login: Login, *, samples: list[float] | None = None) -> None:
        self.login = login
        self.record = MemberRecord(login.name, ())
        self.samples = samples
        """Receives the milliseconds from sending to receiving, if given."""
        self.connection: LoadConnection | None = None
        self.room = ""
        """The app's global channel."""
        self.position: int | None = None
        """The position that the server reported last."""
        self.last_push = 0
        self.pushes = 0
        self.unacknowledged: dict[str, str] = {}
        """Channels by key of the messages that await their acknowledgement."""
        self.known_until = 0
        """The position up to which the user had everything after the last sync; a lagging node may push some again."""
        self.held: list[Pushes] | None = None
        """Pushes that arrived during a sync, or None outside one."""
        self.stamp_width = 0
        """Digits of the time in a message. With leading zeros it makes messages long."""
        self._resent: set[str] = set()
        """Keys whose acknowledgement may come after later messages, which a sync may have returned."""
        self._ids = 0

    def reset(self, channels: tuple[str, ...]) -> None:
        """Begin a new record for messages of these channels."""
        self.record = MemberRecord(self.login.name, channels)
        self.pushes = 0

    def say(self, channel: str, key: str) -> None:
        """Send a message that carries its time of sending and its key."""
        self.record.sent.add(key)
        self.unacknowledged[key] = channel
        self._send(channel, key)

    def resend(self) -> None:
        """Send the messages without an acknowledgement again, with their keys."""
        for key, channel in list(self.unacknowledged.items()):
            self._resent.add(key)
            self._send(channel, key)

    def _send(self, channel: str, key: str) -> None:
        if self.connection is not None:
            data = {
                "target": channel,
                "type": "text",
                "msg": f"{time.perf_counter_ns():0{self.stamp_width}d} {key}",
                "clientMsgId": key,
            }
            self.connection.request(SEND_PREFIX + key, "message.send", data)

    async def call(self, cmd: str, **data: Any) -> Any:
        """Return the data of the reply. Raises ConnectionError if the request is refused or there is no connection."""
        if self.connection is None:
            raise ConnectionError("not connected")
        self._ids += 1
        return await self.connection.call(f"c{self._ids}", cmd, data)

    async def sync(self) -> None:
        """Receive everything that the user missed since the last position."""
        while True:
            page = await self.call("sync", after=self.position or 0)
            if page.get("reset"):
                raise ConnectionError("the server cannot replay what this user missed")
            for item in decode(page["events"]):
                self._replay(item)
            self.position = page["position"]
            if not page["hasMore"]:
                break
        held, self.held = self.held or [], None
        for pushes in held:
            for one in pushes.each():
                self._replay(one)
        self.known_until = max(self.position, self.last_push)

    def receive(self, pushes: Pushes) -> None:
        if self.held is not None:
            self.held.append(pushes)
            return
        if pushes.positions[0] <= self.known_until:
            # The protocol asks clients to drop these.
            for one in pushes.each():
                if one.positions[0] > self.known_until:
                    self.receive(one)
            return
        self.pushes += pushes.last - pushes.first + 1
        self.last_push = max(self.last_push, pushes.positions[-1])
        self._received(pushes.channel).add(pushes.first, pushes.last)

    def acknowledge(self, item: Acknowledgement) -> None:
        self.unacknowledged.pop(item.key, None)
        self.record.acknowledged.append((item.key, item.channel, item.seq))
        received = self.record.received.get(item.channel)
        if received is not None and received.last > item.seq and item.key not in self._resent:
            self.record.acknowledged_late += 1

    def refuse(self, key: str, code: int) -> None:
        """Record that the message was refused with this code."""
        self.unacknowledged.pop(key, None)
        self.record.refused += 1

    def _replay(self, item: Item) -> None:
        if isinstance(item, Pushes) and item.positions[0] > self.last_push and item.keys[0] not in self.record.sent:
            self.pushes += 1
            self.last_push = item.positions[0]
            self._received(item.channel).add(item.first, item.last)

    def _received(self, channel: str) -> ReceivedNumbers:
        if (received := self.record.received.get(channel)) is None:
            received = self.record.received[channel] = ReceivedNumbers()
        return received


class LoadConnection(RawSocket):
    """One connection of a user."""

    def __init__(self, member: Member) -> None:
        super().__init__()
        self._member = member
        self._calls: dict[str, asyncio.Future[Any]] = {}

    def opened(self) -> None:
        self.request(LOGIN, "login", self._member.login.data(self._member.position))

    def request(self, id: str, cmd: str, data: dict[str, Any]) -> None:
        self.write(TEXT, orjson.dumps({"seq": id, "cmd": cmd, "data": data}))

    def abandon(self) -> None:
        """Close the connection if there is one."""
        if self._member.connection is self:
            self._member.connection = None
        if hasattr(self, "_transport"):
            self.close()

    async def call(self, id: str, cmd: str, data: dict[str, Any]) -> Any:
        future = self._calls[id] = asyncio.get_running_loop().create_future()
        self.request(id, cmd, data)
        try:
            # asyncio.wait_for of Python 3.11 can lose a cancellation of this task.
            async with asyncio.timeout(_REPLY_SECONDS):
                return await future
        finally:
            del self._calls[id]

    def data_received(self, data: bytes) -> None:
        if not self._open:
            # The handshake's response; frames may follow it.
            start = self._handshake_done(self._buffer + data)
            data, self._buffer = (self._buffer + data)[start:], b""
            if not self._open:
                self._buffer = data
                return
        if self._buffer:
            data = self._buffer + data
        chunk = read(data)
        self._buffer = data[chunk.end :]
        self.frames += chunk.frames
        now = time.perf_counter_ns()
        samples = self._member.samples
        for item in chunk.items:
            if isinstance(item, Pushes):
                self._member.receive(item)
                if samples is not None:
                    samples.extend((now - stamp) / 1e6 for stamp in item.stamps)
            elif isinstance(item, Acknowledgement):
                self._member.acknowledge(item)
            elif isinstance(item, Reply):
                self._answer(item)
            else:
                self._control(item)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        for future in self._calls.values():
            if not future.done():
                future.set_exception(ConnectionError("the connection ended"))
        if self._member.connection is self:
            self._member.connection = None
            self._member.record.disconnected += 1

    def _answer(self, reply: Reply) -> None:
        if reply.id == LOGIN:
            if reply.code != 200:
                self.logged_in.set_exception(ConnectionError(f"login: {reply.code} {reply.data}"))
                return
            self._member.room = reply.data["target"]
            if self._member.position is None:
                self._member.position = reply.data.get("position")
            self.logged_in.set_result(None)
        elif reply.id.startswith(SEND_PREFIX):
            self._member.refuse(reply.id.removeprefix(SEND_PREFIX), reply.code)
        elif (future := self._calls.get(reply.id)) is not None and not future.done():
            if reply.code == 200:
                future.set_result(reply.data)
            else:
                future.set_exception(ConnectionError(f"{reply.code} {reply.data}"))

    def _control(self, item: Control) -> None:
        if item.opcode == PING:
            self.write(PONG, item.payload)
        elif item.opcode == CLOSE:
            self._transport.close()


def messages_in(page: Any) -> Iterator[tuple[str, str, int]]:
    """Yield key, channel and number of the messages of a history page that a load test sent."""
    for message in page["messages"]:
        stamp, _, key = message["msg"].partition(" ")
        if stamp.isdecimal() and key:
            yield key, message["target"], message["seq"]
