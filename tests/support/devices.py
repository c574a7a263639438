"""Devices of either protocol on this process's node. They record what they receive and compare it with the rows."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from chat.consumers.protobuf_consumer import ProtobufConsumer
from chat.models import Channel
from chat.wire import im_pb2 as im
from tests.support.expected_events import ExpectedEvents, RecordingDevice
from tests.support.in_process import LocalClient, LocalSocket
from tests.support.protobuf_client import ProtobufClient

REFUSED = 1005


@dataclass
class SentMessage:
    """A message of the test. `keyed`: it has a client message id; without one it is sent on one connection only."""

    text: str
    channel: Channel
    peer: int
    """Id of the other user of a private channel."""
    keyed: bool
    connection: int = 0
    """Id of the device's last connection on which it was sent."""
    number: int = 0
    """Its client number on that connection."""
    position: int = 0
    """The position in its acknowledgement; 0 before that."""


class Device:
    """One device of a user. `synced`: it is connected and has fetched all it missed."""

    def __init__(self, user: User, token: str) -> None:
        self.user, self.token = user, token
        self.connected = self.synced = False
        self.connections = 0
        self.lines: list[SentMessage] = []

    def acknowledged(self, line: SentMessage, position: int) -> None:
        """Record an acknowledgement. Asserts that all acknowledgements of a message have one position."""
        assert line.position in (0, position), f"{line.text} has two positions"
        line.position = position

    def may_repeat(self, line: SentMessage) -> bool:
        """Return whether the protocol recognizes a re-send as the same message."""
        return line.keyed

    async def login(self) -> None:
        """Connect and log in, without fetching missed events."""
        raise NotImplementedError

    async def sync(self, *, all_pages: bool) -> None:
        """Fetch missed events: one page, or with `whole` all pages."""
        raise NotImplementedError

    async def put(self, line: SentMessage) -> None:
        """Send the message, for the first time or again, without waiting."""
        raise NotImplementedError

    async def drop(self) -> None:
        """Abort the connection, with everything in flight."""
        raise NotImplementedError

    async def settle(self) -> None:
        """Wait until everything sent to the device has arrived."""
        raise NotImplementedError

    def check(self, expected: ExpectedEvents, owed: ExpectedEvents | None = None) -> None:
        """Check that the device received only expected events, and all of those in `owed`, read before its last
        sync.
        """
        raise NotImplementedError


class ProtobufDevice(Device):
    """A device of `/ws`. It keeps only the greatest number it received."""

    client: ProtobufClient

    def __init__(self, user: User, token: str) -> None:
        super().__init__(user, token)
        self.greatest = 0
        self.seen: set[int] = set()
        self.excused: set[int] = set()
        """Positions of messages in channels that the user had left when the device sent Sync."""

    def may_repeat(self, line: SentMessage) -> bool:
        return line.keyed or line.connection == self.connections

    async def login(self) -> None:
        self.client = ProtobufClient(LocalSocket(consumer=ProtobufConsumer), self.user.pk)
        assert (await self.client.login(self.token)).code == 200
        self.connected, self.connections = True, self.connections + 1
        self._taken, self._pushed = 1, 0
        self._numbers: list[SentMessage] = []

    async def sync(self, *, all_pages: bool) -> None:
        more = True
        while more:
            more = (await self.client.sync(self.greatest)).has_more
            self._take_in()
            if not all_pages:
                break
        # Pushes wait for the last page, also when a later Sync goes back.
        self.synced = not more

    async def put(self, line: SentMessage) -> None:
        if line.connection != self.connections:
            self._numbers.append(line)
            line.connection, line.number = self.connections, len(self._numbers)
        private = line.channel.kind == Channel.Kind.PRIVATE
        session, receiver = ("single", line.peer) if private else ("group", line.channel.pk)
        await self.client.put(session, receiver, line.text, number=line.number, key=line.text if line.keyed else "")

    async def drop(self) -> None:
        self.client.socket.transport.abort()
        await self.client.closed()
        self._take_in()
        self.connected = self.synced = False

    async def settle(self) -> None:
        if self.synced:
            await self.client.settle()
        if self.connected:
            self._take_in()

    def excuse(self, positions: set[int]) -> None:
        """Allow these positions to be missing: a Sync returns no messages of channels that the user has left."""
        self.excused |= positions

    def check(self, expected: ExpectedEvents, owed: ExpectedEvents | None = None) -> None:
        visible = _messages(expected)
        assert self.seen <= visible, f"{sorted(self.seen - visible)} leaked to {self.user}"
        told = {position for position in visible if position <= self.greatest}
        missing = (told if owed is None else told | _messages(owed)) - self.seen - self.excused
        assert not missing, f"{sorted(missing)} never came to {self.user}, who knows {self.greatest}"

    def _take_in(self) -> None:
        outputs = self.client.outputs
        for output in outputs[self._taken :]:
            match output.type:
                case im.CT_MESSAGE:
                    seq = im.PushMsg.FromString(output.data).msg.seq
                    assert seq > max(self._pushed, self.greatest), f"{seq} came after {self.greatest}"
                    self._pushed = seq
                    self._know(seq)
                case im.CT_SYNC:
                    seqs = [message.seq for message in im.SyncOutputMsg.FromString(output.data).messages]
                    assert len(seqs) <= 50 and seqs == sorted(set(seqs))
                    for seq in seqs:
                        self._know(seq)
                case im.CT_ACK:
                    ack = im.ACKMsg.FromString(output.data)
                    assert output.code in (200, REFUSED, 1010), output
                    if output.code == 200:
                        self.acknowledged(self._numbers[ack.clientId - 1], ack.seq)
                        self._know(ack.seq)
        self._taken = len(outputs)

    def _know(self, seq: int) -> None:
        self.seen.add(seq)
        self.greatest = max(self.greatest, seq)


class JsonDevice(Device):
    """A device of `/acc`. It keeps only the last reported position."""

    client: LocalClient

    def __init__(self, user: User, token: str) -> None:
        super().__init__(user, token)
        self._device = RecordingDevice()
        self._reported: int | None = None
        self._repeats: set[str] = set()
        self._sent = 0

    async def login(self) -> None:
        self.client = LocalClient.open()
        reply = await self.client.login_token(self.token, after=self._reported)
        self.connected, self.connections = True, self.connections + 1
        self.synced = self._reported is None
        self._reported = reply["position"]

    async def sync(self, *, all_pages: bool) -> None:
        more = True
        while more:
            page = await self.client.call("sync", after=self._reported)
            self._reported, more = page["position"], page["hasMore"]
            if not all_pages:
                break
        self.synced = self.synced or not more

    async def put(self, line: SentMessage) -> None:
        self._sent += 1
        seq = f"{line.text}#{self._sent}"
        if line.connection:
            self._repeats.add(seq)
        line.connection = self.connections
        data = {"target": str(line.channel.pk), "msg": line.text} | ({"clientMsgId": line.text} if line.keyed else {})
        await self.client.send({"seq": seq, "cmd": "message.send", "data": data})

    async def drop(self) -> None:
        await self.client.vanish()
        await self.client.closed()
        self._take_in()
        self.connected = self.synced = False

    async def settle(self) -> None:
        if self.connected:
            self._reported = (await self.client.call("heartbeat"))["position"]

    def check(self, expected: ExpectedEvents, owed: ExpectedEvents | None = None) -> None:
        if self.connected:
            return  # Checked when the connection has ended.
        self._device.check(expected)
        if owed is not None:
            missing = {position for position in owed.visible if position > self._device.begun} - self._device.seen
            assert not missing, f"{sorted(missing)} never came to {self.user}"

    def _take_in(self) -> None:
        by_text = {line.text: line for line in self.lines}
        for item in self.client.received:
            if item.cmd == "message.send":
                assert item.code in (200, REFUSED), item
                if item.code == 200:
                    self.acknowledged(by_text[item.seq.partition("#")[0]], item.data["position"])
        self._device.connection_ended(self.client.received, self._repeats)


def _messages(expected: ExpectedEvents) -> set[int]:
    return {position for position in expected.visible if expected.kinds[position] == "msg"}
