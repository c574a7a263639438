"""The hub follows the log and delivers each event once, in order, to its audience at that very event."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from django.conf import Settings

from delivery import log
from delivery.hub.encoders import encoders
from delivery.hub.hub import Hub
from delivery.log import Entry, MembershipInterval
from delivery.lost_positions import SKIPPED_POSITIONS, Lost
from tests.delivery.conftest import MemoryLog, is_database_away
from tests.support.listener import CODEC, Listener, assert_forgotten, listening, plain
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

ALICE, BOB, CAROL = 1, 2, 3
GROUP, ROOM = 10, 20
MEMBER = MembershipInterval(GROUP, 0)


def msg(channel: int = GROUP, **fields: object) -> Entry:
    return Entry(kind="msg", channel=channel, **fields)  # type: ignore[arg-type]


def join(user_id: int, channel: int = GROUP) -> Entry:
    return Entry(kind="note", channel=channel, header={"join": [user_id]})


def leave(user_id: int, channel: int = GROUP) -> Entry:
    return Entry(kind="note", channel=channel, header={"leave": [user_id]})


# -- following --------------------------------------------------------------------------------------------------------


async def test_announcements_in_any_order_and_repeated_are_delivered_in_order_once(
    hub: Hub, memory_log: MemoryLog
) -> None:
    async with listening(hub, ALICE, MEMBER) as alice:
        one, two, three, four = memory_log.append(msg(), msg(), msg(), msg())
        for entries in ([three], [one], [three, two], [one, four], [two]):
            hub.receive(entries)
        assert await alice.until("msg@4") == ["msg@1", "msg@2", "msg@3", "msg@4"]


async def test_a_gap_in_the_announcements_is_filled_from_the_log(
    hub: Hub, memory_log: MemoryLog, settings: Settings
) -> None:
    settings.IM_EVENT_LOG_POLL_INTERVAL = 3600
    async with listening(hub, ALICE, MEMBER) as alice:
        _lost, announced, _lost_too, last = memory_log.append(msg(), msg(), msg(), msg())
        hub.receive([announced, last])
        assert await alice.until("msg@4") == ["msg@1", "msg@2", "msg@3", "msg@4"]


async def test_unannounced_events_are_found_in_the_log(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MEMBER) as alice:
        memory_log.append(msg(), msg())
        assert await alice.until("msg@2") == ["msg@1", "msg@2"]


async def test_an_announcement_from_another_thread_arrives(hub: Hub, memory_log: MemoryLog, settings: Settings) -> None:
    settings.IM_EVENT_LOG_POLL_INTERVAL = 3600
    async with listening(hub, ALICE, MEMBER) as alice:
        thread = threading.Thread(target=hub.receive, args=(memory_log.append(msg()),))
        thread.start()
        await alice.until("msg@1")
        thread.join()


async def test_a_hub_far_behind_catches_up_page_by_page(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MEMBER) as alice:
        memory_log.append(*(msg() for _ in range(1203)))
        assert await alice.until("msg@1203") == [f"msg@{position}" for position in range(1, 1204)]


async def test_a_jump_of_the_counter_is_followed(hub: Hub, memory_log: MemoryLog) -> None:
    """After a restore the counter jumps ahead; the hub does not wait for positions that will never be written."""
    async with listening(hub, ALICE, MEMBER) as alice:
        memory_log.append(msg())
        memory_log.position = 1000
        hub.receive(memory_log.append(msg()))
        assert await alice.until("msg@1001") == ["msg@1", "msg@1001"]
        memory_log.position = 2000
        await wait_until(lambda: hub.watermark == 2000)


async def test_a_rewound_event_log_closes_all_connections(
    hub: Hub, memory_log: MemoryLog, caplog: pytest.LogCaptureFixture
) -> None:
    """A replica that lagged has taken over, so positions are assigned a second time."""
    async with listening(hub, ALICE, MEMBER) as alice:
        hub.receive(memory_log.append(msg(), msg(), msg()))
        await alice.until("msg@3")
        memory_log.position = 1
        del memory_log.entries[1:]
        assert await alice.closed() == 1012
    assert "event_log_rewound" in caplog.text and hub.rewinds == 1
    async with listening(hub, ALICE, MEMBER) as alice:
        hub.receive(memory_log.append(msg()))
        assert await alice.until("msg@2") == ["msg@2"]


async def test_skipped_positions_close_connections_that_may_have_them(hub: Hub, memory_log: MemoryLog) -> None:
    """Another node has found out, or an operator has said, that a replica that lagged had taken over."""
    async with listening(hub, ALICE, MEMBER) as alice:
        hub.receive(memory_log.append(msg(), msg(), msg()))
        await alice.until("msg@3")
        memory_log.lost = [Lost(2, 1 + SKIPPED_POSITIONS)]
        memory_log.position = 2 + SKIPPED_POSITIONS + 3
        assert await alice.closed() == 1012
    assert hub.rewinds == 1 and hub.watermark == memory_log.position
    assert [hub.last_kept(position) for position in (1, 2, 3, hub.watermark)] == [1, 1, 1, hub.watermark]


async def test_skipped_positions_disturb_nobody_who_has_none_of_them(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MEMBER) as alice:
        hub.receive(memory_log.append(msg()))
        await alice.until("msg@1")
        memory_log.lost = [Lost(2, 1 + SKIPPED_POSITIONS)]
        memory_log.position = 1 + SKIPPED_POSITIONS
        hub.receive(memory_log.append(msg()))
        last = f"msg@{2 + SKIPPED_POSITIONS}"
        assert await alice.until(last) == ["msg@1", last]
        assert alice.closings == [] and hub.rewinds == 0


async def test_a_rewound_event_log_is_handled_once(
    hub: Hub, memory_log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two concurrent checks must not both rewind: events delivered meanwhile would be delivered again."""
    hub.receive(memory_log.append(msg(), msg(), msg()))
    await wait_until(lambda: hub.watermark == 3)
    await hub.stop()
    memory_log.position = 1
    both = threading.Barrier(2)

    def head() -> int:
        both.wait(TIMEOUT_SECONDS)
        return memory_log.head()

    monkeypatch.setattr(log, "head", head)
    rewound: list[int] = []
    monkeypatch.setattr(hub, "_rewind", lambda at: (rewound.append(at), setattr(hub, "watermark", at)))
    await asyncio.gather(hub.catch_up_to(4), hub.catch_up_to(4))
    assert rewound == [1]


async def test_a_head_read_before_the_last_announcement_is_no_rewind(
    hub: Hub, memory_log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    overtaken = threading.Event()

    def head() -> int:
        before = memory_log.head()
        if not overtaken.is_set() and before == 1:
            hub.receive(memory_log.append(msg()))
            while hub.watermark != 2:
                time.sleep(0.001)
            overtaken.set()
        return before

    monkeypatch.setattr(log, "head", head)
    async with listening(hub, ALICE, MEMBER) as alice:
        hub.receive(memory_log.append(msg()))
        await wait_until(overtaken.is_set)
        hub.receive(memory_log.append(msg()))
        assert await alice.until("msg@3") == ["msg@1", "msg@2", "msg@3"]
        assert alice.closings == []


async def test_an_unreadable_database_delays_events_and_loses_none(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MEMBER) as alice:
        memory_log.broken = True
        _lost, announced = memory_log.append(msg(), msg())
        hub.receive([announced])
        reads = memory_log.reads
        await wait_until(lambda: memory_log.reads >= reads + 2)
        assert alice.frames == [] and is_database_away()
        memory_log.broken = False
        assert await alice.until("msg@2") == ["msg@1", "msg@2"]
        await wait_until(lambda: not is_database_away())


async def test_an_event_that_cannot_be_encoded_stops_neither_the_hub_nor_its_header(
    hub: Hub, memory_log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(entry: Entry) -> str:
        if entry.kind == "note":
            raise ValueError("a poisoned body")
        return plain(entry)

    monkeypatch.setitem(encoders, CODEC, encode)
    async with listening(hub, ALICE, MEMBER) as alice, listening(hub, BOB) as bob:
        hub.receive(memory_log.append(msg(), join(BOB), msg()))
        assert await alice.until("msg@3") == ["msg@1", "msg@3"]
        assert await bob.until("msg@3") == ["msg@3"]


@pytest.mark.parametrize("steps", range(6))
async def test_the_hub_stops_in_any_state_of_its_follower(hub: Hub, memory_log: MemoryLog, steps: int) -> None:
    hub.receive(memory_log.append(msg(), msg())[1:])
    for _ in range(steps):
        await asyncio.sleep(0)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await hub.stop()


# -- audience ---------------------------------------------------------------------------------------------------------


async def test_a_join_and_a_leave_take_effect_at_their_own_events(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MEMBER) as alice, listening(hub, BOB) as bob:
        entries = memory_log.append(msg(), join(BOB), msg(), leave(BOB), msg(), join(BOB), msg())
        hub.receive(entries[::-1])
        assert await alice.until("msg@7") == ["msg@1", "note@2", "msg@3", "note@4", "msg@5", "note@6", "msg@7"]
        assert await bob.until("msg@7") == ["note@2", "msg@3", "note@4", "note@6", "msg@7"]


async def test_an_edit_reaches_only_users_who_may_read_the_message(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MEMBER) as alice, listening(hub, BOB, MembershipInterval(GROUP, 0, 4)) as bob:
        entries = memory_log.append(msg(), msg(), msg(), leave(BOB), msg(), join(BOB), msg())
        edits = memory_log.append(*(Entry(kind="edit", channel=GROUP, subject=position) for position in (1, 5, 7)))
        hub.receive([*entries, *edits])
        await alice.until("edit@8", "edit@9", "edit@10")
        await bob.until("note@6", "msg@7", "edit@8", "edit@10")


async def test_a_global_channel_reaches_connections_of_its_app_without_membership(
    hub: Hub, memory_log: MemoryLog
) -> None:
    async with (
        listening(hub, ALICE, channels=[ROOM]) as alice,
        listening(hub, BOB, channels=[ROOM], app=102) as bob,
        listening(hub, CAROL, channels=[ROOM + 1]) as carol,
    ):
        hub.receive(memory_log.append(msg(ROOM), msg(ROOM, app=102), msg(ROOM + 1), msg(ROOM)))
        assert await alice.until("msg@4") == ["msg@1", "msg@4"]
        assert await bob.until("msg@4") == ["msg@1", "msg@2", "msg@4"]
        assert await carol.until("msg@3") == ["msg@3"]


async def test_an_event_for_users_reaches_all_their_connections_but_its_origin(hub: Hub, memory_log: MemoryLog) -> None:
    async with (
        listening(hub, ALICE) as phone,
        listening(hub, ALICE) as laptop,
        listening(hub, BOB) as bob,
        listening(hub, CAROL) as carol,
    ):
        number = phone.connection.open_reply()
        phone.connection.reply(number, "done", awaits_event=True)
        hub.receive(memory_log.append(Entry(kind="x", user_ids=(ALICE, BOB), origin=phone.connection.origin(number))))
        hub.receive(memory_log.append(Entry(kind="y", user_ids=(ALICE, BOB, CAROL), header={"skip": [BOB]})))
        assert await phone.until("y@2") == ["done", "y@2"]
        assert await laptop.until("y@2") == ["x@1", "y@2"]
        assert await carol.until("y@2") == ["y@2"]
        hub.receive(memory_log.append(Entry(kind="z", user_ids=(BOB,))))
        assert await bob.until("z@3") == ["x@1", "z@3"]


async def test_a_connection_over_its_limit_is_closed_and_others_are_served(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MEMBER) as alice:
        stuck = Listener(hub.ticker)  # No writer runs for it.
        stuck.connection.user_id, stuck.connection.app = BOB, 101
        hub.register(stuck.connection, [MEMBER])
        hub.attach(stuck.connection, stuck.connection.open_reply())
        stuck.connection.reply(1, None)
        count = 0
        while not stuck.closings:
            hub.receive(memory_log.append(*(msg() for _ in range(1000))))
            count += 1000
            await alice.until(f"msg@{count}")
        assert stuck.closings == [4008]
        assert len(alice.frames) == count
        hub.remove(stuck.connection)


# -- revocation and shutdown ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revoke", "closed"),
    [
        ({"credential": None, "except": None}, "phone laptop"),
        ({"credential": "token:phone", "except": None}, "phone"),
        ({"credential": None, "except": "token:phone"}, "laptop"),
    ],
)
async def test_a_revocation_closes_the_named_connections(
    hub: Hub, memory_log: MemoryLog, revoke: dict[str, str | None], closed: str
) -> None:
    async with (
        listening(hub, ALICE, MEMBER, credential="token:phone") as phone,
        listening(hub, ALICE, MEMBER, credential="session:laptop") as laptop,
        listening(hub, BOB, MEMBER, credential="token:bob") as bob,
    ):
        hub.receive(memory_log.append(Entry(kind="revocation", user_ids=(ALICE,), header={"revoke": revoke}), msg()))
        await bob.until("msg@2")
        assert (phone.closings, laptop.closings) == (
            [4001] if "phone" in closed else [],
            [4001] if "laptop" in closed else [],
        )
        for listener in (phone, laptop):
            assert not listener.closings or "msg@2" not in listener.frames


async def test_disabling_an_app_closes_its_connections(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MEMBER, app=102) as alice, listening(hub, BOB, MEMBER) as bob:
        hub.receive(memory_log.append(Entry(kind="revocation", header={"revoke": {"app": 102}}), msg()))
        await bob.until("msg@2")
        assert (alice.closings, bob.closings) == ([4001], [])


async def test_no_state_of_closed_connections_remains(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MEMBER, MembershipInterval(GROUP + 1, 0, 5), channels=[ROOM]), listening(hub, BOB):
        hub.receive(memory_log.append(join(BOB), join(CAROL), leave(CAROL), leave(BOB), join(BOB, GROUP + 2)))
        await wait_until(lambda: hub.watermark == 5)
    assert_forgotten(hub)
