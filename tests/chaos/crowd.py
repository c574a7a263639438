"""The members of a scenario, the uploader and the stranger among them, and what the oracle says of their journals."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial

from tests.chaos.final_reading import synced_numbers
from tests.chaos.member import ChaosMember, Wait
from tests.chaos.uploader import Uploader
from tests.load.pressure.connection import Login
from tests.support.oracle import ReceivedNumbers, Verdict, judge
from tests.support.shared_site import Account, SharedSite

READ_AGAIN_MESSAGES = 20_000
"""The last messages, which all read again in the end. Each page of a sync costs the more, the more there are."""
PATIENCE_SECONDS = 60.0
"""Seconds after which a crowd that is not complete is judged as it is."""
_SPY_SECONDS = 0.5
_STORED = """
import json
from chat.models import Message
rows = Message.objects.filter(channel_id__in={channels}).order_by("position")
rows = rows.values_list("text", "channel_id", "seq", "position")
print(json.dumps([[text.partition(" ")[2], str(channel), seq, position] for text, channel, seq, position in rows]))
"""
Place = tuple[str, int]
StoredMessage = tuple[str, str, int, int]
"""Key, channel, number and position of a message in the database."""


class Crowd:
    """Members at several nodes, whose addresses are `places`.

    They share one channel for all, one for those of each node, and one for each pair.

    A stranger, who belongs to no channel, tries to read them all the time.
    """

    def __init__(self, shared_site: SharedSite, places: Sequence[Place], *, size: int, pause: float) -> None:
        self._shared_site = shared_site
        self._places = list(places)
        self._pause = pause
        self._numbers = itertools.count(1)
        self._enough = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        accounts = [shared_site.account("member") for _ in range(size)]
        self.members = [self._member(account, place) for place, account in enumerate(accounts)]
        self.stranger = self._member(shared_site.account("member"), 0)
        self.uploader = Uploader(shared_site.account("member"), self._urls)
        self.channels: list[str] = []
        self._accounts = {account.name: account for account in accounts}
        self._beginning = 0

    def _member(self, account: Account, number: int) -> ChaosMember:
        turn = number % len(self._places)
        places = self._places[turn:] + self._places[:turn]
        return ChaosMember(Login(account.name, account.token), places, ())

    @property
    def _urls(self) -> list[str]:
        return [f"http://{host}:{port}" for host, port in self._places]

    def at(self, port: int) -> list[ChaosMember]:
        """Return the members whose own node has this port."""
        return [member for member in self.members if member.places[0][1] == port]

    async def start(self) -> None:
        """Connect all, create the channels, and begin to send."""
        everybody = [*self.members, self.stranger]
        for member in everybody:
            member.start()
        await self._until(
            lambda: all(member.is_ready.is_set() for member in everybody),
            "not all have logged in",
            2 * PATIENCE_SECONDS,
        )
        self._beginning = self.members[0].position or 0
        circles = [self.members, *(self.at(port) for _, port in self._places if len(self._places) > 1)]
        for circle in circles:
            names = [member.login.name for member in circle[1:]]
            if circle is self.members:
                names.append(self.uploader.account.name)
            made = await circle[0].call("channel.create", kind="public", name="Chaos", members=names)
            self._add_channel(str(made["target"]), circle)
        for one, other in zip(self.members[::2], self.members[1::2], strict=False):
            made = await one.call("channel.create", kind="private", members=[other.login.name])
            self._add_channel(str(made["target"]), [one, other])
        self.uploader.channel = self.channels[0]
        for member in self.members:
            key = partial(self._key, member.login.name)
            self._tasks.append(asyncio.create_task(member.talk(self._pause, self._enough, key)))
        self._tasks.append(asyncio.create_task(self._spy()))
        self._tasks.append(asyncio.create_task(self.uploader.upload_all_the_time(self._enough)))

    def _add_channel(self, channel: str, members: Sequence[ChaosMember]) -> None:
        self.channels.append(channel)
        for member in members:
            member.record.channels += (channel,)

    async def recover(self, patience: float) -> float | None:
        """Return the seconds until a new message of each member has reached all others; None if it takes too long."""
        began = time.monotonic()
        keys = {member: self._key(member.login.name) for member in self.members}
        for member in self.members:
            member.awaited = {key for other, key in keys.items() if other is not member}
            member.say(self.channels[0], keys[member])

        # A message that its sender gave up reaches nobody.
        def is_complete() -> bool:
            given_up = {key for member, key in keys.items() if key in member.record.abandoned}
            return all(
                member.is_ready.is_set() and member.awaited <= given_up and keys[member] not in member.unacknowledged
                for member in self.members
            )

        with contextlib.suppress(TimeoutError):
            await self._until(is_complete, "not all are back", patience)
            return time.monotonic() - began
        return None

    async def finish(self) -> Verdict:
        """Stop sending, wait until all have everything, and compare the journals with the database."""
        self._enough.set()
        await self._until(lambda: all(task.done() for task in self._tasks), "not all have stopped to send")
        await asyncio.gather(*self._tasks)
        self._tasks.clear()
        with contextlib.suppress(TimeoutError):
            await self._until(lambda: not any(member.unacknowledged for member in self.members), "no acknowledgement")
        # Nodes deliver in order: once these last messages have arrived, no earlier one is on its way.
        await self.recover(PATIENCE_SECONDS)
        stored = await asyncio.to_thread(self._stored)
        await self._read_again(stored[:-READ_AGAIN_MESSAGES])
        await self.uploader.check_files(self._reader.token, self.stranger.login.token)
        records = [*(member.record for member in self.members), self.stranger.record, self.uploader.record]
        return judge(records, [(key, channel, seq) for key, channel, seq, _ in stored], with_outages=True)

    async def _read_again(self, earlier: Sequence[StoredMessage]) -> None:
        """Let each member and the stranger fetch all messages but these over a new connection."""
        beginning = earlier[-1][3] if earlier else self._beginning
        left_out = {channel: seq for _, channel, seq, _ in earlier}

        async def read(member: ChaosMember, place: Place) -> None:
            member.record.synced = await synced_numbers(member.login, *place, beginning)
            member.record.synced_after = left_out

        async with asyncio.TaskGroup() as group:
            for member, place in zip((*self.members, self.stranger), itertools.cycle(self._places), strict=False):
                group.create_task(read(member, place))

    def stored_keys(self) -> set[str]:
        """Return the keys of all messages in the database."""
        return {key for key, *_ in self._stored()}

    def _stored(self) -> list[StoredMessage]:
        printed = self._shared_site.shell(_STORED.format(channels=[int(channel) for channel in self.channels]))
        return [(key, channel, seq, position) for key, channel, seq, position in json.loads(printed.splitlines()[-1])]

    async def close(self) -> None:
        self._enough.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(member.stop() for member in (*self.members, self.stranger)))

    def longest_wait(self, since: float, names: Collection[str]) -> float:
        """Return the longest wait of messages sent since then whose sender and receiver are both among the names."""
        waits = [wait.seconds for wait in self._waits(since) if wait.sender in names and wait.receiver in names]
        pending = [
            time.monotonic() - sent_at
            for member in self.members
            if member.login.name in names
            for sent_at in member.pending_since()
            if sent_at >= since
        ]
        return max([*waits, *pending], default=0.0)

    def _waits(self, since: float) -> list[Wait]:
        return [wait for member in self.members for wait in member.waits if wait.sent_at >= since]

    @property
    def refusals(self) -> int:
        """Return the number of passing refusals."""
        return sum(sum(member.refusals.values()) for member in self.members)

    @property
    def _reader(self) -> Account:
        return self._accounts[self.members[0].login.name]

    def _key(self, name: str) -> str:
        return f"{name}.{next(self._numbers)}"

    async def _spy(self) -> None:
        """Try to read the channels as the stranger. Messages in a reply count as received from a foreign channel."""
        chance = random.Random("spy")
        while not self._enough.is_set():
            await asyncio.sleep(_SPY_SECONDS)
            channel = chance.choice(self.channels)
            # It is refused, or its node is away.
            with contextlib.suppress(OSError):
                page = await self.stranger.call("message.history", target=channel, limit=5)
                received = self.stranger.record.received.setdefault(channel, ReceivedNumbers())
                for message in page["messages"]:
                    received.add(message["seq"], message["seq"])

    async def _until(self, condition: Callable[[], bool], otherwise: str, patience: float = PATIENCE_SECONDS) -> None:
        """Wait for the condition. Raises TimeoutError, or the exception with which a member has ended."""
        deadline = time.monotonic() + patience
        while not condition():
            for member in (*self.members, self.stranger):
                member.raise_failure()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{otherwise} after {patience:g} s")
            await asyncio.sleep(0.02)
