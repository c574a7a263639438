"""Shared segments deliver to each connection what a push to each one delivers, in the same order."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack

import pytest
from django.conf import Settings

from delivery.hub import fan_out
from delivery.hub.encoders import encoders
from delivery.hub.hub import Hub
from delivery.hub.segments import Frame
from delivery.log import Entry, MembershipInterval
from tests.delivery.conftest import MemoryLog
from tests.support.listener import CODEC, Listener, listening, plain
from tests.support.waiting import wait_until

CHANNELS = (10, 20, 30)
OTHER_CODEC = "other"
USERS = range(1, 11)
STEPS = 400


def other(entry: Entry) -> str | None:
    """Encode an event for the second codec, which does not have notes."""
    return None if entry.kind == "note" else f"other {entry.kind}@{entry.position}"


class Script:
    """A random sequence of events, replies and memberships; the same for the same seed."""

    def __init__(self, hub: Hub, log: MemoryLog, seed: int) -> None:
        self.hub = hub
        self.log = log
        self.random = random.Random(seed)
        self.listeners: dict[int, Listener] = {}
        self.open_replies: list[tuple[Listener, int, bool]] = []

    async def run(self, stack: AsyncExitStack) -> dict[int, list[Frame]]:
        """Run the script; return the frames of each user."""
        for user in USERS:
            await self._log_in(stack, user)
        for _ in range(STEPS):
            await self._step()
        for listener, number, awaits_event in self.open_replies:
            listener.connection.reply(number, f"reply {number}", awaits_event=awaits_event)
        for listener in self.listeners.values():
            listener.reading.set()
            listener.connection.resume()
            listener.connection.push("the end")
        for listener in self.listeners.values():
            await listener.until("the end")
        return {user: listener.frames for user, listener in self.listeners.items()}

    async def _log_in(self, stack: AsyncExitStack, user: int) -> None:
        memberships = [MembershipInterval(channel, 0) for channel in CHANNELS if self.random.random() < 0.7]
        listener = await stack.enter_async_context(listening(self.hub, user, *memberships))
        self.listeners[user] = listener

    async def _step(self) -> None:
        user = self.random.choice(USERS)
        connection = self.listeners[user].connection
        channel = self.random.choice(CHANNELS)
        match self.random.choices(range(10), (40, 12, 8, 8, 6, 5, 4, 3, 10, 4))[0]:
            case 0:
                self._say(Entry(kind="msg", channel=channel))
            case 1:
                # A send: its event is reached before or after its reply is ready.
                number = connection.open_reply()
                self.open_replies.append((self.listeners[user], number, True))
                if self.random.random() < 0.5:
                    self._answer_one()
                self._say(Entry(kind="msg", channel=channel, origin=connection.origin(number)))
            case 2:
                self.open_replies.append((self.listeners[user], connection.open_reply(), False))
            case 3:
                self._answer_one()
            case 4:
                kind = self.random.choice(("join", "leave"))
                self._say(Entry(kind="note", channel=channel, header={kind: [user]}))
            case 5:
                self._say(Entry(kind="personal", user_ids=(user,)))
            case 6:
                self.hub.deliver_transient(Entry(kind="enter", channel=channel, header={"skip": [user]}))
            case 7:
                if connection.is_paused:
                    connection.resume()
                else:
                    connection.pause()
            case 8:
                await asyncio.sleep(self.random.choice((0, 0, 0.0015)))
            case 9:
                reading = self.listeners[user].reading
                reading.clear() if reading.is_set() else reading.set()
                connection.codec = self.random.choice((CODEC, OTHER_CODEC))

    def _say(self, entry: Entry) -> None:
        self.hub.receive(self.log.append(entry))

    def _answer_one(self) -> None:
        if self.open_replies:
            chosen = self.random.randrange(len(self.open_replies))
            listener, number, awaits_event = self.open_replies.pop(chosen)
            listener.connection.reply(number, f"reply {number}", awaits_event=awaits_event)


@pytest.mark.parametrize("seed", range(12))
async def test_any_interleaving_delivers_as_a_push_to_each_connection(
    hub: Hub, memory_log: MemoryLog, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setitem(encoders, OTHER_CODEC, other)
    results = []
    for min_shared in (2, 1_000_000):
        monkeypatch.setattr(fan_out, "MIN_SHARED_CONNECTIONS", min_shared)
        memory_log.entries.clear()
        memory_log.position = hub.watermark = 0
        async with AsyncExitStack() as stack:
            results.append(await Script(hub, memory_log, seed).run(stack))
    shared, pushed = results
    assert shared == pushed
    assert max(len(frames) for frames in shared.values()) > STEPS // 10


async def test_connections_with_the_same_frames_write_one_batch(hub: Hub, memory_log: MemoryLog) -> None:
    async with AsyncExitStack() as stack:
        memberships = [MembershipInterval(channel, 0) for channel in CHANNELS]
        listeners = [await stack.enter_async_context(listening(hub, user, *memberships)) for user in range(1, 21)]
        hub.receive(memory_log.append(*(Entry(kind="msg", channel=channel) for channel in CHANNELS * 3)))
        for listener in listeners:
            await listener.until("msg@9")
        assert listeners[0].frames == [f"msg@{position}" for position in range(1, 10)]
        assert all(listener.last_batch is listeners[0].last_batch for listener in listeners)


@pytest.mark.parametrize("channels", [1, 3])
async def test_a_reader_who_stops_is_cut_at_the_limit_though_frames_are_shared(
    memory_log: MemoryLog, settings: Settings, monkeypatch: pytest.MonkeyPatch, channels: int
) -> None:
    settings.IM_OUTBOX_MAX_BYTES = 4000
    monkeypatch.setitem(encoders, CODEC, lambda entry: plain(entry).ljust(100))
    hub = Hub()
    async with AsyncExitStack() as stack:
        memberships = [MembershipInterval(channel, 0) for channel in CHANNELS[:channels]]
        listeners = [await stack.enter_async_context(listening(hub, user, *memberships)) for user in range(1, 21)]
        stopped = listeners[0]
        stopped.reading.clear()
        said = 0
        while not stopped.closings:
            hub.deliver_transient(Entry(kind="msg", channel=CHANNELS[said % channels]))
            said += 1
            await asyncio.sleep(0.0005)
        assert (said, stopped.closings) == (41, [4008])
        await wait_until(lambda: all(len(listener.frames) == said for listener in listeners[1:]))


async def test_frames_of_one_tick_that_fill_half_the_limit_are_written_early(
    memory_log: MemoryLog, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IM_OUTBOX_MAX_BYTES = 4000
    settings.IM_OUTBOX_WINDOW_SECONDS = 60.0
    monkeypatch.setitem(encoders, CODEC, lambda entry: plain(entry).ljust(100))
    hub = Hub()
    async with AsyncExitStack() as stack:
        memberships = [MembershipInterval(channel, 0) for channel in CHANNELS]
        listeners = [await stack.enter_async_context(listening(hub, user, *memberships)) for user in range(1, 21)]
        for said in range(200):
            hub.deliver_transient(Entry(kind="msg", channel=CHANNELS[said % 3]))
            await asyncio.sleep(0)
        await wait_until(lambda: all(len(listener.frames) >= 180 for listener in listeners))
        assert not any(listener.closings for listener in listeners)
