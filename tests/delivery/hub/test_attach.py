"""A connection attaches while the hub delivers: it misses no event and gets none beyond its memberships."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from delivery.hub.hub import CredentialEnded, Hub
from delivery.log import Entry, MembershipInterval
from tests.delivery.conftest import MemoryLog
from tests.support.eventually import PATIENCE, eventually
from tests.support.listener import Listener, assert_forgotten, listening

BOB = 2
GROUP = 10
MEMBER = MembershipInterval(GROUP, 0)


def msg(channel: int = GROUP, **fields: object) -> Entry:
    return Entry(kind="msg", channel=channel, **fields)  # type: ignore[arg-type]


def joins(person: int, channel: int = GROUP) -> Entry:
    return Entry(kind="note", channel=channel, header={"join": [person]})


def leaves(person: int, channel: int = GROUP) -> Entry:
    return Entry(kind="note", channel=channel, header={"leave": [person]})


class Slow:
    """Loads membership intervals in a database thread, at a moment that the test chooses."""

    def __init__(self, read: Callable[[], list[MembershipInterval] | None]) -> None:
        self._read = read
        self._begin, self._end = threading.Event(), threading.Event()
        self._has_read = threading.Event()

    def __call__(self) -> list[MembershipInterval] | None:
        assert self._begin.wait(PATIENCE)
        stays = self._read()
        self._has_read.set()
        assert self._end.wait(PATIENCE)
        return stays

    async def read(self) -> None:
        self._begin.set()
        await asyncio.to_thread(self._has_read.wait, PATIENCE)

    def finish(self) -> None:
        self._begin.set()
        self._end.set()


STAYS: dict[str, tuple[list[MembershipInterval], list[MembershipInterval]]] = {
    "join": ([], [MembershipInterval(GROUP, 2)]),
    "leave": ([MembershipInterval(GROUP, 1)], [MembershipInterval(GROUP, 1, 2)]),
    "rejoin": ([MembershipInterval(GROUP, 0, 1)], [MembershipInterval(GROUP, 0, 1), MembershipInterval(GROUP, 2)]),
}


@pytest.mark.parametrize("second", [False, True], ids=["first connection", "second connection"])
@pytest.mark.parametrize(
    ("commits", "passes"),
    [
        ("before the read", "before the read"),
        ("before the read", "after the read"),
        ("before the read", "after attaching"),
        ("after the read", "after the read"),
        ("after the read", "after attaching"),
    ],
)
@pytest.mark.parametrize("change", STAYS)
async def test_a_change_of_membership_while_attaching(
    hub: Hub, memory_log: MemoryLog, change: str, commits: str, passes: str, second: bool
) -> None:
    """Bob connects while an event changes his membership; he gets exactly the events of his interval."""
    before, after = STAYS[change]
    memory_log.append(msg())
    await eventually(lambda: hub.watermark == 1)
    event = leaves(BOB) if change == "leave" else joins(BOB)
    stays = before

    async def attach() -> None:
        stuck.connection.person = BOB
        await hub.attach(stuck.connection, stuck.connection.open_reply(), slow)

    slow = Slow(lambda: stays)
    earlier = listening(hub, BOB, *before)
    if second:
        await earlier.__aenter__()
    stuck = Listener(hub.ticker)
    async with stuck.writing():
        attaching = asyncio.create_task(attach())
        await asyncio.sleep(0)
        if commits == "before the read":
            stays = after
        if passes == "before the read":
            hub.offer(memory_log.append(event))
        await slow.read()
        if passes == "after the read":
            hub.offer(memory_log.append(event))
        slow.finish()
        await attaching
        stuck.connection.reply(1, None)
        if passes == "after attaching":
            hub.offer(memory_log.append(event))
        sentinel = Entry(kind="end", user_ids=(BOB,))
        hub.offer(memory_log.append(msg(), sentinel))
        frames = await stuck.until("end@4")
        assert ("msg@3" in frames) is (change != "leave")
        assert ("note@2" in frames) is (passes == "after attaching")
        assert hub.audience.persons[BOB].spans == after
        hub.remove(stuck.connection)
    if second:
        await earlier.__aexit__(None, None, None)
    assert_forgotten(hub)


async def test_attaching_returns_the_position_passed_meanwhile(hub: Hub, memory_log: MemoryLog) -> None:
    slow = Slow(lambda: [MEMBER])
    bob = Listener(hub.ticker)
    bob.connection.person = BOB
    async with bob.writing():
        attaching = asyncio.create_task(hub.attach(bob.connection, bob.connection.open_reply(), slow))
        await slow.read()
        hub.offer(memory_log.append(msg(), msg()))
        slow.finish()
        assert await attaching == 2
        hub.offer(memory_log.append(msg()))
        bob.connection.reply(1, "welcome")
        assert await bob.until("msg@3") == ["welcome", "msg@3"]
        hub.remove(bob.connection)


@pytest.mark.parametrize("how", ["no longer stands", "revoked meanwhile"])
async def test_a_credential_revoked_while_attaching_is_refused(hub: Hub, memory_log: MemoryLog, how: str) -> None:
    slow = Slow(lambda: None if how == "no longer stands" else [MEMBER])
    bob = Listener(hub.ticker)
    bob.connection.person, bob.connection.credential = BOB, "token:1"
    attaching = asyncio.create_task(hub.attach(bob.connection, bob.connection.open_reply(), slow))
    await slow.read()
    if how == "revoked meanwhile":
        revoke = {"revoke": {"credential": "token:1", "except": None}}
        hub.offer(memory_log.append(Entry(kind="revocation", user_ids=(BOB,), header=revoke)))
    slow.finish()
    with pytest.raises(CredentialEnded):
        await attaching
    assert bob.closings == ([4001] if how == "revoked meanwhile" else [])
    assert await hub.presence.filter_online([BOB]) == set()
    hub.remove(bob.connection)
    assert_forgotten(hub)


async def test_a_failure_to_attach_does_not_affect_another_connection(hub: Hub, memory_log: MemoryLog) -> None:
    def fail() -> None:
        raise RuntimeError("the database has gone")

    slow = Slow(lambda: [MEMBER])
    bob, broken = Listener(hub.ticker), Listener(hub.ticker)
    bob.connection.person = broken.connection.person = BOB
    async with bob.writing():
        attaching = asyncio.create_task(hub.attach(bob.connection, bob.connection.open_reply(), slow))
        await slow.read()
        with pytest.raises(RuntimeError):
            await hub.attach(broken.connection, broken.connection.open_reply(), fail)
        hub.offer(memory_log.append(leaves(BOB)))
        slow.finish()
        await attaching
        bob.connection.reply(1, None)
        hub.offer(memory_log.append(msg(), Entry(kind="end", user_ids=(BOB,))))
        assert await bob.until("end@3") == ["end@3"]
        hub.remove(bob.connection)
    assert_forgotten(hub)
