"""Pushes of what others are doing reach those who have asked for them, and never wait."""

from __future__ import annotations

from delivery.hub.hub import Hub
from delivery.log import ACTIVITY, Entry, MembershipInterval
from tests.delivery.conftest import MemoryLog
from tests.support.listener import listening

CHANNEL = 10


async def test_activity_reaches_only_those_who_have_asked_and_keep_up(hub: Hub, memory_log: MemoryLog) -> None:
    member = MembershipInterval(CHANNEL, 0)
    async with (
        listening(hub, 1, member) as asked,
        listening(hub, 2, member) as busy,
        listening(hub, 3, member) as plain,
        listening(hub, 4, member) as skipped,
    ):
        for listener in (asked, busy, skipped):
            listener.connection.gets_activity = True
        busy.connection.pause()

        hub.deliver_transient(Entry(kind="typing", channel=CHANNEL, header={ACTIVITY: True, "skip": [4]}))

        busy.connection.resume()
        for listener in (asked, busy, plain, skipped):
            listener.connection.push("the end")
            await listener.until("the end")
        assert [len(listener.frames) for listener in (asked, busy, plain, skipped)] == [2, 1, 1, 1]
