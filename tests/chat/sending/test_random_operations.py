"""Users act at random while announcements are lost, and each user gets exactly the events they may see.

An oracle derives these from the rows alone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest
from django.conf import Settings

from accounts.models import User
from chat import selectors
from chat.actions.channel import channel_create_group, channel_create_private
from chat.models import Channel, Membership, MessageKey
from chat.sending.writer import commit
from delivery import log
from delivery.db.executors import run
from delivery.log import Entry
from tests.support.client import Envelope
from tests.support.expected_events import ExpectedEvents, RecordingDevice, assert_gap_free
from tests.support.in_process import LocalClient, LocalNode, create_global_channel, create_users, draft, running_node
from tests.support.listener import assert_forgotten
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = "alice", "bob", "carol", "dave", "erin"
FAULTS = {1004, 1006, 1007, 1008}
STEPS = 100
PATIENCE = 300.0


class World:
    """The users, a global channel, a private channel, and a group of each policy."""

    def __init__(self) -> None:
        self.room = create_global_channel()
        self.people = create_users(*NAMES)
        alice, bob, *_ = self.people
        self.channels = [
            channel_create_group(creator=alice, name="open", members=["bob"], join="open", listed=True),
            channel_create_group(creator=bob, name="invite", members=["alice", "carol"], join="invite"),
            channel_create_group(creator=alice, name="closed", members=["dave"], join="closed"),
            channel_create_private(creator=alice, other=bob)[0],
            self.room,
        ]
        self.said: list[tuple[str, str]] = []
        """Channel and id of every acknowledged message."""


class Lossy:
    """Delivers announcements late, twice, in another order, or not at all."""

    def __init__(self, node: LocalNode, chance: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
        offer, loop = node.hub.receive, asyncio.get_running_loop()

        def offer_badly(entries: Sequence[Entry]) -> None:
            for entry in chance.sample(entries, len(entries)):
                for _ in range(chance.choice((0, 1, 1, 1, 2))):
                    loop.call_soon_threadsafe(loop.call_later, chance.random() / 100, offer, [entry])

        monkeypatch.setattr(node.hub, "receive", offer_badly)


class Actor:
    """A user with one device, who acts at random, disconnects and returns."""

    def __init__(self, node: LocalNode, world: World, user: User, seed: str) -> None:
        self.site, self.world, self.user = node, world, user
        self.chance = random.Random(seed)
        self.device = RecordingDevice()
        self.client: LocalClient | None = None
        self.said: list[tuple[str, str]] = []
        self.unanswered: list[dict[str, str]] = []
        """Requests in flight when the connection was lost; sent again on the next one."""
        self.retries: set[str] = set()
        self.stored: list[str] = []
        """Texts that were sent again and then acknowledged."""

    async def live(self) -> None:
        for _ in range(STEPS):
            step = self.chance.choices(
                [self.speak, self.change, self.move, self.look, self.go_or_come, self.elsewhere], [6, 9, 9, 3, 2, 2]
            )[0]
            await step()
        await self.come()

    async def ask(self, cmd: str, **data: Any) -> Envelope | None:
        if self.client is None:
            return None
        envelope = await self.client.request(cmd, data)
        assert envelope.code not in FAULTS, envelope
        return envelope

    async def speak(self) -> None:
        """Send several messages before the first is answered."""
        if self.client is None:
            return
        replies = [(data["target"], await self.client.post("message.send", data)) for data in self.words()]
        for target, reply in replies:
            envelope = await reply
            assert envelope.code not in FAULTS, envelope
            if envelope.code == 200:
                self.said.append((target, envelope.data["id"]))
                self.world.said.append(self.said[-1])

    def words(self) -> list[dict[str, str]]:
        keys = [f"{self.user.pk} {self.chance.random()}" for _ in range(self.chance.randint(1, 4))]
        return [
            {"target": str(self.chance.choice(self.world.channels).pk), "msg": f"key {key}", "clientMsgId": key}
            for key in keys
        ]

    async def change(self) -> None:
        if said := self.said if self.chance.random() < 0.8 else self.world.said:
            target, message = self.chance.choice(said)
            cmd = self.chance.choice(["message.edit", "message.edit", "message.recall", "message.get"])
            await self.ask(cmd, target=target, id=message, msg=f"edited {self.chance.random()}")

    async def move(self) -> None:
        """Join and leave groups, and change their members and policies."""
        target = str(self.chance.choice(self.world.channels[:3]).pk)
        other = self.chance.choice(NAMES)
        await self.ask(
            self.chance.choice(["channel.join", "channel.join", "channel.join", "channel.leave"]), target=target
        )
        match self.chance.randrange(7):
            case 0 | 1 | 5 | 6:
                await self.ask("channel.invite", target=target, members=[other])
            case 2:
                await self.ask("channel.remove", target=target, member=other)
            case 3:
                await self.ask("channel.role", target=target, member=other, role="admin")
            case 4:
                await self.ask("channel.policy", target=target, join=self.chance.choice(["open", "invite", "closed"]))

    async def look(self) -> None:
        target = str(self.chance.choice(self.world.channels).pk)
        await self.ask("heartbeat")
        await self.ask("message.history", target=target, limit=5)
        await self.ask("read.mark", target=target, seq=self.chance.randrange(50))

    async def elsewhere(self) -> None:
        """Send through another node, which announces nothing here."""
        channel = self.chance.choice(self.world.channels)
        await run(commit, [draft(self.user, channel, f"elsewhere {self.chance.random()}", app=101)])

    async def go_or_come(self) -> None:
        if self.client is None:
            await self.come()
        else:
            await self.go()

    async def go(self) -> None:
        """Lose the connection, with replies in flight."""
        if self.client is None:
            return
        self.unanswered = self.words()
        for data in self.unanswered:
            await self.client.post("message.send", data)
        for _ in range(self.chance.randrange(20)):
            await asyncio.sleep(0)
        await self.client.vanish()
        self.device.connection_ended(self.client.received, self.retries)
        self.client = None

    async def come(self) -> None:
        if self.client is not None:
            return
        self.client = LocalClient.open()
        after = self.last_reported()
        await self.client.enter(self.user, after=after)
        self.retries = set()
        for data in self.unanswered:
            envelope = await self.ask("message.send", **data)
            assert envelope is not None
            self.retries.add(envelope.seq)
            if envelope.code == 200:
                self.stored.append(data["msg"])
        self.unanswered = []
        await self.ask("heartbeat")
        if after is not None:
            await self.drain(after)

    def last_reported(self) -> int | None:
        streams = [*self.device.streams, self.client.received] if self.client else self.device.streams
        told = [
            item.data["position"]
            for stream in streams
            for item in stream
            if item.cmd in ("login", "heartbeat", "sync") and item.code == 200
        ]
        return told[-1] if told else None

    async def drain(self, after: int) -> None:
        more = True
        while more:
            page = await self.ask("sync", after=after)
            assert page is not None and page.code == 200
            after, more = page.data["position"], page.data.get("hasMore", False)
            await self.chance.choice([self.speak, self.look, self.look])()
            if self.chance.random() < 0.1:
                await self.go()
                return await self.come()

    async def finish(self) -> None:
        """Catch up once more and disconnect."""
        assert self.client is not None
        await self.ask("heartbeat")
        await self.client.close()
        self.device.connection_ended(self.client.received, self.retries)

    async def histories(self) -> dict[int, dict[int, str]]:
        """Read the history of each channel in small pages from the end."""
        shown: dict[int, dict[int, str]] = {}
        for channel in self.world.channels:
            page = await self.ask("message.history", target=str(channel.pk), limit=7)
            while page is not None and page.code == 200:
                rows = shown.setdefault(channel.pk, {})
                rows.update({message["seq"]: message["msg"] for message in page.data["messages"]})
                if not page.data["hasMore"]:
                    break
                page = await self.ask("message.history", target=str(channel.pk), limit=7, before=min(rows))
        return shown


@pytest.mark.parametrize(("seed", "limit"), [("one", 5000), ("two", 5000), ("three", 25)])
async def test_each_user_gets_exactly_what_they_may_see(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, seed: str, limit: int
) -> None:
    settings.IM_EVENT_LOG_POLL_INTERVAL = 0.05  # type: ignore[attr-defined]
    settings.IM_OUTBOX_WINDOW_SECONDS = 0.005  # type: ignore[attr-defined]
    settings.IM_SYNC_MAX_EVENTS = limit  # type: ignore[attr-defined]
    monkeypatch.setattr(selectors, "REPLAY_PAGE_SIZE", 4)
    async with asyncio.timeout(PATIENCE), running_node() as node:
        world = await run(World)
        Lossy(node, random.Random(seed), monkeypatch)
        actors = [Actor(node, world, user, f"{seed} {user.username}") for user in world.people]
        async with asyncio.TaskGroup() as group:
            for actor in actors:
                group.create_task(actor.live())
        head = await run(log.head)
        await wait_until(lambda: node.hub.watermark >= head)
        shown = [await actor.histories() for actor in actors]
        for actor in actors:
            await actor.finish()
        await wait_until(lambda: not node.hub.connections)
        assert_forgotten(node.hub)
    await run(check, actors, shown)


def check(actors: Sequence[Actor], shown: Sequence[dict[int, dict[int, str]]]) -> None:
    assert_gap_free()
    for actor, histories in zip(actors, shown, strict=True):
        keys = MessageKey.objects.filter(sender=actor.user, client_id__in=[text[4:] for text in actor.stored])
        assert keys.count() == len(actor.stored)
        oracle = ExpectedEvents.of(actor.user)
        actor.device.check(oracle)
        assert {position for position in oracle.visible if position > actor.device.begun} <= actor.device.seen
        present = set(Membership.objects.filter(user=actor.user, until_position=None).values_list("channel", flat=True))
        for channel in Channel.objects.all():
            if channel.pk in present or channel.kind == "global":
                expected = oracle.history(channel) if channel.kind != "global" else None
                assert expected is None or histories[channel.pk] == expected
            else:
                assert channel.pk not in histories
