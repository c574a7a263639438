"""Deliveries of entries that ask for a receipt are counted, live and when fetched; no others are."""

from __future__ import annotations

import asyncio

import pytest
from django.db import DatabaseError, InterfaceError
from pytest_django.fixtures import Settings

from delivery import log
from delivery.db.transactions import write
from delivery.hub import receipts
from delivery.hub.hub import Hub
from delivery.hub.receipts import EVERYBODY, DeliveryCount, Receipts
from delivery.log import Entry, MembershipInterval
from delivery.models import Receipt
from tests.delivery.conftest import MemoryLog
from tests.support.listener import listening

ALICE, BOB, SHOP = 1, 2, 9
GROUP, PAIR = 10, 11
Counts = dict[tuple[int, int], int]


def asking(channel: int | None = GROUP, **fields: object) -> Entry:
    header = {"receipt": [SHOP], **({"route": [ALICE, SHOP]} if channel == PAIR else {})}
    return Entry(kind="msg", channel=channel, header=header, **fields)  # type: ignore[arg-type]


def counts(hub: Hub) -> Counts:
    return {place: count for place, (count, _) in hub.receipts._counts.items()}


# -- live -------------------------------------------------------------------------------------------------------------


async def test_connections_of_a_group_share_one_count(hub: Hub, memory_log: MemoryLog) -> None:
    stay = MembershipInterval(GROUP, 0)
    async with listening(hub, ALICE, stay) as alice, listening(hub, ALICE, stay), listening(hub, BOB, stay):
        hub.offer(memory_log.append(asking()))
        await alice.until("msg@1")
        assert counts(hub) == {(1, EVERYBODY): 3}


async def test_private_and_addressed_entries_are_counted_for_each_user(hub: Hub, memory_log: MemoryLog) -> None:
    stay = MembershipInterval(PAIR, 0, is_direct=True)
    async with listening(hub, ALICE, stay) as alice, listening(hub, BOB), listening(hub, ALICE, stay):
        hub.offer(memory_log.append(asking(PAIR), asking(None, user_ids=(ALICE, BOB))))
        await alice.until("msg@1", "msg@2")
        assert counts(hub) == {(1, ALICE): 2, (2, ALICE): 2, (2, BOB): 1}


async def test_the_sender_and_skipped_users_are_not_counted(hub: Hub, memory_log: MemoryLog) -> None:
    stay = MembershipInterval(GROUP, 0)
    async with listening(hub, ALICE, stay) as alice, listening(hub, SHOP, stay), listening(hub, BOB, stay) as bob:
        entry = asking(origin=f"{bob.connection.id}.1")
        entry.header["skip"] = [ALICE]
        hub.offer(memory_log.append(entry, Entry(kind="last", channel=GROUP)))
        await alice.until("last@2")
        assert counts(hub) == {}


async def test_transient_entries_and_entries_without_receipts_are_not_counted(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MembershipInterval(GROUP, 0)) as alice:
        hub.deliver_transient(asking())
        hub.offer(memory_log.append(Entry(kind="msg", channel=GROUP)))
        await alice.until("msg@0", "msg@1")
        assert counts(hub) == {}


# -- fetched ----------------------------------------------------------------------------------------------------------


async def test_an_entry_from_before_the_login_is_counted_at_its_first_fetch(hub: Hub, memory_log: MemoryLog) -> None:
    missed, silent, other = memory_log.append(asking(), Entry(kind="msg", channel=GROUP), asking())
    await hub.catch_up_to(3)
    async with listening(hub, ALICE, MembershipInterval(GROUP, 0)) as alice:
        (live,) = memory_log.append(asking())
        hub.offer([live])
        await alice.until("msg@4")
        for entries in ([missed, silent], [missed, silent, other, live], []):
            hub.fetched(alice.connection, entries)
        assert counts(hub) == {(1, EVERYBODY): 1, (3, EVERYBODY): 1, (4, EVERYBODY): 1}


# -- stored -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def made() -> Receipts:
    return Receipts()


@pytest.mark.django_db(transaction=True)
async def test_counts_of_several_nodes_are_added(made: Receipts) -> None:
    for _ in range(2):
        made._add((7, ALICE), 2, 1000)
        made._add((7, BOB), 1, 2000)
        made._add((6, EVERYBODY), 5, 3000)
        await made.flush()
    assert await asyncio.to_thread(receipts.tallies, 7) == [DeliveryCount(ALICE, 4, 1000), DeliveryCount(BOB, 2, 2000)]
    assert await asyncio.to_thread(receipts.tallies, 6) == [DeliveryCount(EVERYBODY, 10, 3000)]


@pytest.mark.parametrize("fault", [DatabaseError, InterfaceError])
async def test_receipts_that_could_not_be_written_are_kept(
    made: Receipts, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    written: list[object] = []

    async def fail(*_: object) -> None:
        raise fault

    async def keep(_: object, rows: object) -> None:
        written.append(rows)

    monkeypatch.setattr(receipts, "run", fail)
    made._add((7, ALICE), 1, 1000)
    await made.flush()
    made._add((7, ALICE), 1, 900)
    monkeypatch.setattr(receipts, "run", keep)
    await made.flush()
    await made.flush()
    assert written == [[(7, ALICE, 2, 900)]]


async def test_the_oldest_receipts_are_written_first(made: Receipts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only each batch is sorted: an outage may leave very many waiting receipts."""
    written: list[object] = []

    async def keep(_: object, rows: list[tuple[int, ...]]) -> None:
        written.append([row[0] for row in rows])

    monkeypatch.setattr(receipts, "run", keep)
    monkeypatch.setattr(receipts, "TOGETHER", 2)
    for position in (5, 4, 1):
        made._add((position, ALICE), 1, 1000)
    await made.flush()
    assert written == [[4, 5], [1]]


def test_a_fetched_entry_is_counted_once(made: Receipts) -> None:
    made._add((1, ALICE), 2, 1000)
    made.reached([1, 2], ALICE)
    made.reached([2], ALICE)
    assert {place: count for place, (count, _) in made._counts.items()} == {(1, ALICE): 2, (2, ALICE): 1}


@pytest.mark.django_db
def test_uncounted_returns_undelivered_entries_with_receipts_only() -> None:
    with write():
        first, second, silent = log.append([asking(PAIR), asking(PAIR), Entry(kind="msg", channel=PAIR)])
    Receipt.objects.create(position=first.position, user_id=ALICE, connections=1, first_at=1)
    positions = [first.position, second.position, silent.position, 999]
    assert receipts.uncounted(positions, ALICE) == [second.position]
    assert sorted(receipts.uncounted(positions, BOB)) == [first.position, second.position]
    assert receipts.uncounted(positions, SHOP) == []


async def test_the_number_of_waiting_receipts_is_limited(made: Receipts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "MOST", 2)
    for position in (1, 2, 3):
        made._add((position, ALICE), 1, 1000)
    made._add((1, ALICE), 1, 1000)
    assert {place: count for place, (count, _) in made._counts.items()} == {(1, ALICE): 2, (2, ALICE): 1}


@pytest.mark.django_db
def test_old_receipts_are_deleted(settings: Settings) -> None:
    now = log.now_ms()
    for position, age in ((1, 31), (2, 29)):
        Receipt.objects.create(position=position, connections=1, first_at=now - age * 86_400_000)
    settings.IM_RECEIPT_DAYS = 30
    assert receipts.forget_old() == 1
    assert list(Receipt.objects.values_list("position", flat=True)) == [2]
