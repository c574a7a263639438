"""Clients of both protocols that send in many channels at once, while their connections are cut again and again.

Each keeps what a client of its protocol keeps, and continues from there after a cut. A group is named by its id, a
private channel by its users' ids: `<smaller>:<greater>`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed

from chat.wire import im_pb2 as im
from tests.support.client import Client, Closed
from tests.support.protobuf_client import ProtobufClient
from tests.support.shared_site import Account

IN_FLIGHT = 100


@dataclass(frozen=True)
class OutgoingMessage:
    """A message to send. Its text is also its idempotency key."""

    channel: str
    text: str


def pair(one: Account, other: Account) -> str:
    """Return the name of the two users' private channel."""
    return ":".join(sorted((one.id, other.id), key=int))


class ChaosClient:
    """One user on one device. `sequences` has position and text of the known messages of each channel."""

    def __init__(
        self, account: Account, sites: Sequence[str], lines: Sequence[OutgoingMessage], cuts: int, seed: str
    ) -> None:
        self.account = account
        self.lines = lines
        self.acknowledged: set[str] = set()
        self.sequences: dict[str, dict[int, str]] = {}
        self.cuts = 0
        self._sites = sites
        self._chance = random.Random(f"{seed} {account.name}")
        self._cut_at = set(self._chance.sample(range(1, len(lines)), cuts))
        self._put_count = 0
        self._flying: set[str] = set()

    async def come(self) -> None:
        """Connect to one of the sites, and fetch missed messages."""
        self._flying.clear()
        await self._open(self._chance.choice(self._sites))

    async def talk(self) -> None:
        """Send all messages; send those without an acknowledgement again, with the same key."""
        while missing := [line for line in self.lines if line.text not in self.acknowledged]:
            try:
                for line in missing:
                    await self._until(lambda: len(self._flying) < IN_FLIGHT)
                    self._flying.add(line.text)
                    await self._put(line)
                    self._put_count += 1
                    if self._put_count in self._cut_at:
                        await self.cut()
                await self._until(lambda: not self._flying)
            except (Closed, ConnectionClosed):
                self._take_in()
                await self.come()

    async def cut(self) -> None:
        """Abort the connection, with everything in flight."""
        self.cuts += 1
        await self._abort()
        self._take_in()

    async def hear(self, counts: Mapping[str, int]) -> None:
        """Wait until the client knows this many messages of each channel."""
        await self._until(
            lambda: all(len(self.sequences.get(channel, ())) >= count for channel, count in counts.items())
        )

    def _know(self, channel: str, position: int, text: str) -> bool:
        """Record a message; return whether it is new. Asserts that a position always has the same text."""
        sequence = self.sequences.setdefault(channel, {})
        new = position not in sequence
        assert sequence.setdefault(position, text) == text
        return new

    def _answered(self, line: OutgoingMessage) -> None:
        self._flying.discard(line.text)
        self.acknowledged.add(line.text)

    async def _open(self, site: str) -> None:
        raise NotImplementedError

    async def _abort(self) -> None:
        raise NotImplementedError

    async def _put(self, line: OutgoingMessage) -> None:
        raise NotImplementedError

    async def _until(self, condition: Callable[[], bool]) -> None:
        raise NotImplementedError

    def _take_in(self) -> None:
        """Read the messages and acknowledgements that have arrived since the last call."""
        raise NotImplementedError


class ProtobufChaosClient(ChaosClient):
    """A client of `/ws`: keeps the greatest number seen, which never decreases, and sends Sync from there."""

    client: ProtobufClient
    greatest = 0

    async def _open(self, site: str) -> None:
        self.client = await ProtobufClient.connect(f"{site}/ws", int(self.account.id))
        self._taken = 0
        self._numbers: dict[int, OutgoingMessage] = {}
        assert (await self.client.login(self.account.token)).code == 200
        more = True
        while more:
            more = (await self.client.sync(self.greatest)).has_more
            self._take_in()

    async def _abort(self) -> None:
        self.client.socket.transport.abort()
        await self.client.closed()

    async def _put(self, line: OutgoingMessage) -> None:
        session, receiver = "group", line.channel
        if ":" in line.channel:
            (receiver,) = set(line.channel.split(":")) - {self.account.id}
            session = "single"
        number = len(self._numbers) + 1
        self._numbers[number] = line
        await self.client.put(session, int(receiver), line.text, number=number, key=line.text)

    async def _until(self, condition: Callable[[], bool]) -> None:
        def now() -> bool:
            self._take_in()
            return condition()

        await self.client.until(now)

    def _take_in(self) -> None:
        outputs = self.client.outputs
        for output in outputs[self._taken :]:
            assert output.code == 200, output
            match output.type:
                case im.CT_MESSAGE:
                    self._receive([im.PushMsg.FromString(output.data).msg])
                case im.CT_SYNC:
                    self._receive(im.SyncOutputMsg.FromString(output.data).messages)
                case im.CT_ACK if (ack := im.ACKMsg.FromString(output.data)).type == im.AT_UP:
                    line = self._numbers[ack.clientId]
                    # It may have received messages stored on an earlier connection before.
                    if self._know(line.channel, ack.seq, line.text):
                        self._grow(ack.seq)
                    self._answered(line)
        self._taken = len(outputs)

    def _receive(self, messages: Iterable[im.Message]) -> None:
        for message in messages:
            channel = str(message.receiver_id)
            if message.session_type == im.ST_SINGLE:
                channel = ":".join(map(str, sorted((message.sender_id, message.receiver_id))))
            assert self._know(channel, message.seq, message.content.decode()), "told twice"
            self._grow(message.seq)

    def _grow(self, seq: int) -> None:
        assert seq > self.greatest, f"{seq} came after {self.greatest}"
        self.greatest = seq


class JsonChaosClient(ChaosClient):
    """A client of `/acc`: keeps the last reported position, and sends it with the next log-in.

    `targets`: ids by channel.
    """

    client: Client
    position: int | None = None

    def __init__(self, *of_everybody: Any, targets: Mapping[str, str], **more: Any) -> None:
        super().__init__(*of_everybody, **more)
        self._targets = targets
        self._channels = {target: channel for channel, target in targets.items()}
        self._by_text = {line.text: line for line in self.lines}

    async def _open(self, site: str) -> None:
        self.client = await Client.connect(f"{site}/acc")
        self._taken = self._last = 0
        reply = await self.client.login_token(self.account.token, after=self.position)
        if self.position is None:
            self.position = reply["position"]
        more = True
        while more:
            page = await self.client.call("sync", after=self.position)
            more = page["hasMore"]
            self._take_in()

    async def _abort(self) -> None:
        await self.client.vanish()
        await self.client.closed()

    async def _put(self, line: OutgoingMessage) -> None:
        data = {"target": self._targets[line.channel], "msg": line.text, "clientMsgId": line.text}
        await self.client.send({"seq": line.text, "cmd": "message.send", "data": data})
        if self._put_count % 20 == 0:
            await self.client.send({"seq": "", "cmd": "heartbeat"})

    async def _until(self, condition: Callable[[], bool]) -> None:
        def now() -> bool:
            self._take_in()
            return condition()

        await self.client.until(now)

    def _take_in(self) -> None:
        received = self.client.received
        for item in received[self._taken :]:
            assert item.code == 200, item
            match item.cmd:
                case "msg":
                    self._grow(item.data)
                    self._receive(item.data)
                case "message.send":
                    line = self._by_text[item.seq]
                    self._know(line.channel, item.data["position"], line.text)
                    self._answered(line)
                case "sync":
                    for event in item.data["events"]:
                        if event["cmd"] == "msg":
                            self._receive(event["response"]["data"])
                    self.position = item.data["position"]
                case "heartbeat":
                    self.position = item.data["position"]
        self._taken = len(received)

    def _receive(self, data: Mapping[str, Any]) -> None:
        if data["target"] in self._channels:
            self._know(self._channels[data["target"]], data["position"], data["msg"])

    def _grow(self, data: Mapping[str, Any]) -> None:
        assert data["position"] > self._last
        self._last = data["position"]


async def run_chaos(talkers: Sequence[ChaosClient], counts: Mapping[ChaosClient, Mapping[str, int]]) -> None:
    """Let all clients send everything. Then cut each once more, and wait until it has received the rest."""
    await asyncio.gather(*(talker.talk() for talker in talkers))

    async def come_again(talker: ChaosClient) -> None:
        await talker.cut()
        await talker.come()
        await talker.hear(counts[talker])

    await asyncio.gather(*map(come_again, talkers))
