"""A connection that may receive one channel only, as in a page of another site."""

from __future__ import annotations

from typing import Any

import pytest

from delivery.hub.audience import Audience
from delivery.hub.connection import Connection
from delivery.hub.hub import Hub
from delivery.hub.ticker import Ticker
from delivery.log import Entry, MembershipInterval
from tests.delivery.conftest import MemoryLog
from tests.support.listener import assert_forgotten, listening

ALICE = 1
SHOWN, HIDDEN, NEW = 10, 11, 12


async def test_it_receives_the_events_of_its_channel_and_those_about_it(hub: Hub, memory_log: MemoryLog) -> None:
    memberships = MembershipInterval(SHOWN, 0), MembershipInterval(HIDDEN, 0)
    async with listening(hub, ALICE, *memberships, only=SHOWN) as alice:
        hub.receive(memory_log.append(Entry(kind="hidden", channel=HIDDEN), Entry(kind="hidden", user_ids=(ALICE,))))
        hub.receive(memory_log.append(Entry(kind="joined", channel=NEW, header={"join": [ALICE]})))
        hub.deliver_transient(Entry(kind="mark", user_ids=(ALICE,), header={"about": HIDDEN}))
        hub.deliver_transient(Entry(kind="mark", user_ids=(ALICE,), header={"about": SHOWN}))
        hub.receive(memory_log.append(Entry(kind="end", channel=SHOWN)))

        assert await alice.until("end@4") == ["mark@0", "end@4"]
    assert_forgotten(hub)


async def test_it_closes_when_its_user_leaves_the_channel(hub: Hub, memory_log: MemoryLog) -> None:
    memberships = MembershipInterval(SHOWN, 0), MembershipInterval(HIDDEN, 0)
    async with (
        listening(hub, ALICE, *memberships, only=SHOWN) as embedded,
        listening(hub, ALICE, *memberships, only=HIDDEN) as other,
        listening(hub, ALICE, *memberships) as page,
    ):
        hub.receive(memory_log.append(Entry(kind="left", channel=SHOWN, header={"leave": [ALICE]})))

        assert await embedded.closed() == 4001
        assert (other.closings, page.closings) == ([], [])


LEAVE, JOIN = {"leave": [ALICE]}, {"join": [ALICE]}


@pytest.mark.parametrize(
    ("channel", "headers", "codes"), [(SHOWN, [LEAVE], [4001]), (SHOWN, [LEAVE, JOIN], []), (HIDDEN, [LEAVE], [])]
)
def test_a_leave_during_its_log_in_closes_it(channel: int, headers: list[dict[str, Any]], codes: list[int]) -> None:
    closings: list[int] = []
    connection = Connection(
        codec="json", address="", ticker=Ticker(0.03), on_close=lambda code, reason: closings.append(code)
    )
    connection.user_id, connection.only_channel = ALICE, SHOWN
    changes = [
        Entry(kind="note", channel=channel, header=header, position=number) for number, header in enumerate(headers, 1)
    ]
    Audience().register(connection, (MembershipInterval(SHOWN, 0), MembershipInterval(HIDDEN, 0)), changes)
    assert closings == codes
