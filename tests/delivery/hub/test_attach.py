"""A connection attaches while the hub delivers: it misses no event and gets none beyond its memberships."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from delivery.hub.hub import CredentialRevoked, Hub
from delivery.log import Entry, MembershipInterval
from tests.delivery.conftest import MemoryLog
from tests.support.listener import Listener, assert_forgotten, listening
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

BOB = 2
GROUP = 10
MEMBER = MembershipInterval(GROUP, 0)


def msg(channel: int = GROUP, **fields: object) -> Entry:
    return Entry(kind="msg", channel=channel, **fields)  # type: ignore[arg-type]


def join(user_id: int, channel: int = GROUP) -> Entry:
    return Entry(kind="note", channel=channel, header={"join": [user_id]})


def leave(user_id: int, channel: int = GROUP) -> Entry:
    return Entry(kind="note", channel=channel, header={"leave": [user_id]})


class SlowLoader:
    """Loads membership intervals in a database thread, at a moment that the test chooses."""

    def __init__(self, read: Callable[[], list[MembershipInterval] | None]) -> None:
        self._read = read
        self._begin, self._end = threading.Event(), threading.Event()
        self._has_read = threading.Event()

    def __call__(self) -> list[MembershipInterval] | None:
        assert self._begin.wait(TIMEOUT_SECONDS)
        loaded = self._read()
        self._has_read.set()
        assert self._end.wait(TIMEOUT_SECONDS)
        return loaded

    async def read(self) -> None:
        self._begin.set()
        await asyncio.to_thread(self._has_read.wait, TIMEOUT_SECONDS)

    def finish(self) -> None:
        self._begin.set()
        self._end.set()


CHANGES: dict[str, tuple[list[MembershipInterval], list[MembershipInterval]]] = {
    "join": ([], [MembershipInterval(GROUP, 2)]),
    "leave": ([MembershipInterval(GROUP, 1)], [MembershipInterval(GROUP, 1, 2)]),
    "rejoin": ([MembershipInterval(GROUP, 0, 1)], [MembershipInterval(GROUP, 0, 1), MembershipInterval(GROUP, 2)]),
}


@pytest.mark.parametrize("second", [False, True], ids=["first connection", "second connection"])
@pytest.mark.parametrize(
    ("committed", "delivered"),
    [
        ("before the read", "before the read"),
        ("before the read", "after the read"),
        ("before the read", "after attaching"),
        ("after the read", "after the read"),
        ("after the read", "after attaching"),
    ],
)
@pytest.mark.parametrize("change", CHANGES)
async def test_a_membership_changes_while_bob_is_attached(
    hub: Hub, memory_log: MemoryLog, change: str, committed: str, delivered: str, second: bool
) -> None:
    """Bob connects while an event changes his membership; he gets exactly the events of his interval."""
    before, after = CHANGES[change]
    memory_log.append(msg())
    await wait_until(lambda: hub.watermark == 1)
    event = leave(BOB) if change == "leave" else join(BOB)
    stored = before

    async def attach() -> None:
        stuck.connection.user_id = BOB
        await hub.attach(stuck.connection, stuck.connection.open_reply(), slow)

    slow = SlowLoader(lambda: stored)
    earlier = listening(hub, BOB, *before)
    if second:
        await earlier.__aenter__()
    stuck = Listener(hub.ticker)
    async with stuck.writing():
        attaching = asyncio.create_task(attach())
        await asyncio.sleep(0)
        if committed == "before the read":
            stored = after
        if delivered == "before the read":
            hub.receive(memory_log.append(event))
        await slow.read()
        if delivered == "after the read":
            hub.receive(memory_log.append(event))
        slow.finish()
        await attaching
        stuck.connection.reply(1, None)
        if delivered == "after attaching":
            hub.receive(memory_log.append(event))
        sentinel = Entry(kind="end", user_ids=(BOB,))
        hub.receive(memory_log.append(msg(), sentinel))
        frames = await stuck.until("end@4")
        assert ("msg@3" in frames) is (change != "leave")
        assert ("note@2" in frames) is (delivered == "after attaching")
        assert hub.audience.users[BOB].memberships == after
        hub.remove(stuck.connection)
    if second:
        await earlier.__aexit__(None, None, None)
    assert_forgotten(hub)


async def test_attaching_returns_the_position_passed_meanwhile(hub: Hub, memory_log: MemoryLog) -> None:
    slow = SlowLoader(lambda: [MEMBER])
    bob = Listener(hub.ticker)
    bob.connection.user_id = BOB
    async with bob.writing():
        attaching = asyncio.create_task(hub.attach(bob.connection, bob.connection.open_reply(), slow))
        await slow.read()
        hub.receive(memory_log.append(msg(), msg()))
        slow.finish()
        assert await attaching == 2
        hub.receive(memory_log.append(msg()))
        bob.connection.reply(1, "welcome")
        assert await bob.until("msg@3") == ["welcome", "msg@3"]
        hub.remove(bob.connection)


@pytest.mark.parametrize("how", ["revoked before", "revoked meanwhile"])
async def test_a_credential_revoked_while_attaching_is_refused(hub: Hub, memory_log: MemoryLog, how: str) -> None:
    slow = SlowLoader(lambda: None if how == "revoked before" else [MEMBER])
    bob = Listener(hub.ticker)
    bob.connection.user_id, bob.connection.credential = BOB, "token:1"
    attaching = asyncio.create_task(hub.attach(bob.connection, bob.connection.open_reply(), slow))
    await slow.read()
    if how == "revoked meanwhile":
        revoke = {"revoke": {"credential": "token:1", "except": None}}
        hub.receive(memory_log.append(Entry(kind="revocation", user_ids=(BOB,), header=revoke)))
    slow.finish()
    with pytest.raises(CredentialRevoked):
        await attaching
    assert bob.closings == ([4001] if how == "revoked meanwhile" else [])
    assert await hub.presence.filter_online([BOB]) == set()
    hub.remove(bob.connection)
    assert_forgotten(hub)


async def test_a_failure_to_attach_does_not_affect_another_connection(hub: Hub, memory_log: MemoryLog) -> None:
    def fail() -> None:
        raise RuntimeError("the database has gone")

    slow = SlowLoader(lambda: [MEMBER])
    bob, broken = Listener(hub.ticker), Listener(hub.ticker)
    bob.connection.user_id = broken.connection.user_id = BOB
    async with bob.writing():
        attaching = asyncio.create_task(hub.attach(bob.connection, bob.connection.open_reply(), slow))
        await slow.read()
        with pytest.raises(RuntimeError):
            await hub.attach(broken.connection, broken.connection.open_reply(), fail)
        hub.receive(memory_log.append(leave(BOB)))
        slow.finish()
        await attaching
        bob.connection.reply(1, None)
        hub.receive(memory_log.append(msg(), Entry(kind="end", user_ids=(BOB,))))
        assert await bob.until("end@3") == ["end@3"]
        hub.remove(bob.connection)
    assert_forgotten(hub)
