"""A connection attaches while the hub delivers: it misses no event and gets none beyond its memberships."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

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


async def attach(hub: Hub, listener: Listener, load: Callable[[], list[MembershipInterval]]) -> int:
    """Log Bob in on the hub, as a log-in does; return the position."""
    connection = listener.connection
    connection.user_id = BOB
    with hub.audience.record_changes() as changes:
        hub.register(connection, await asyncio.to_thread(load), changes)
    return hub.attach(connection, connection.open_reply())


class SlowLoader:
    """Loads membership intervals in a database thread, at a moment that the test chooses."""

    def __init__(self, read: Callable[[], list[MembershipInterval]]) -> None:
        self._read = read
        self._begin, self._end = threading.Event(), threading.Event()
        self._has_read = threading.Event()

    def __call__(self) -> list[MembershipInterval]:
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

    slow = SlowLoader(lambda: stored)
    earlier = listening(hub, BOB, *before)
    if second:
        await earlier.__aenter__()
    stuck = Listener(hub.ticker)
    async with stuck.writing():
        attaching = asyncio.create_task(attach(hub, stuck, slow))
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
    async with bob.writing():
        attaching = asyncio.create_task(attach(hub, bob, slow))
        await slow.read()
        hub.receive(memory_log.append(msg(), msg()))
        slow.finish()
        assert await attaching == 2
        hub.receive(memory_log.append(msg()))
        bob.connection.reply(1, "welcome")
        assert await bob.until("msg@3") == ["welcome", "msg@3"]
        hub.remove(bob.connection)


def revocation(user_id: int, **revoke: object) -> Entry:
    return Entry(kind="revocation", user_ids=(user_id,) if user_id else (), header={"revoke": revoke})


REVOCATIONS = {
    "credential": (revocation(BOB, **{"credential": "token:1", "except": None}), True),
    "user": (revocation(BOB, **{"credential": None, "except": "token:2"}), True),
    "app": (revocation(0, app=101), True),
    "another credential": (revocation(BOB, **{"credential": "token:2", "except": None}), False),
    "other credentials": (revocation(BOB, **{"credential": None, "except": "token:1"}), False),
    "another user": (revocation(3, **{"credential": None, "except": None}), False),
    "another app": (revocation(0, app=102), False),
}


@pytest.mark.parametrize("revoked", REVOCATIONS)
@pytest.mark.parametrize("moment", ["while it is looked up", "before it is attached"])
async def test_a_right_that_is_revoked_while_bob_logs_in_refuses_him(
    hub: Hub, memory_log: MemoryLog, moment: str, revoked: str
) -> None:
    entry, refuses = REVOCATIONS[revoked]
    bob = Listener(hub.ticker)
    connection = bob.connection
    connection.user_id, connection.credential, connection.app = BOB, "token:1", 101
    is_refused = False
    try:
        with hub.audience.record_changes() as changes:
            if moment == "while it is looked up":
                hub.receive(memory_log.append(replace(entry)))
            hub.register(connection, [MEMBER], changes)
        if moment == "before it is attached":
            hub.receive(memory_log.append(replace(entry)))
        hub.attach(connection, connection.open_reply())
    except CredentialRevoked:
        is_refused = True
    assert is_refused is refuses and bob.closings == ([4001] if refuses else [])
    assert await hub.presence.filter_online([BOB]) == (set() if refuses else {BOB})
    hub.remove(connection)
    assert_forgotten(hub)


async def test_a_client_that_has_gone_is_not_registered(hub: Hub) -> None:
    bob = Listener(hub.ticker)
    bob.connection.user_id, bob.connection.is_closing = BOB, True
    with pytest.raises(CredentialRevoked):
        hub.register(bob.connection, [MEMBER])
    assert_forgotten(hub)


async def test_a_failure_to_attach_does_not_affect_another_connection(hub: Hub, memory_log: MemoryLog) -> None:
    bob, broken = Listener(hub.ticker), Listener(hub.ticker)
    bob.connection.user_id = broken.connection.user_id = BOB
    async with bob.writing():
        for listener in (bob, broken):
            hub.register(listener.connection, [MEMBER])
        hub.unregister(broken.connection)
        hub.receive(memory_log.append(leave(BOB)))
        hub.attach(bob.connection, bob.connection.open_reply())
        bob.connection.reply(1, None)
        hub.receive(memory_log.append(msg(), Entry(kind="end", user_ids=(BOB,))))
        assert await bob.until("end@3") == ["end@3"]
        hub.remove(bob.connection)
    assert_forgotten(hub)


async def test_nothing_is_recorded_when_no_log_in_is_looked_up(hub: Hub, memory_log: MemoryLog) -> None:
    with hub.audience.record_changes() as one, hub.audience.record_changes() as other:
        hub.receive(memory_log.append(join(BOB), msg(), Entry(kind="end", user_ids=(BOB,), header={"skip": [3]})))
    hub.receive(memory_log.append(leave(BOB)))
    assert [entry.position for entry in one] == [entry.position for entry in other] == [1]
