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
from delivery.hub.receipts import ALL_USERS, DeliveryCount, ReceiptCounter
from delivery.log import Entry, MembershipInterval
from delivery.models import Receipt
from tests.delivery.conftest import MemoryLog
from tests.support.listener import listening

ALICE, BOB, SHOP = 1, 2, 9
GROUP, PAIR = 10, 11
Counts = dict[tuple[int, int], int]


def with_receipt(channel: int | None = GROUP, **fields: object) -> Entry:
    header = {"receipt": [SHOP], **({"route": [ALICE, SHOP]} if channel == PAIR else {})}
    return Entry(kind="msg", channel=channel, header=header, **fields)  # type: ignore[arg-type]


def counts(hub: Hub) -> Counts:
    return {key: count for key, (count, _) in hub.receipts._counts.items()}


# -- live -------------------------------------------------------------------------------------------------------------


async def test_connections_of_a_group_share_one_count(hub: Hub, memory_log: MemoryLog) -> None:
    member = MembershipInterval(GROUP, 0)
    async with listening(hub, ALICE, member) as alice, listening(hub, ALICE, member), listening(hub, BOB, member):
        hub.receive(memory_log.append(with_receipt()))
        await alice.until("msg@1")
        assert counts(hub) == {(1, ALL_USERS): 3}


async def test_private_and_addressed_entries_are_counted_for_each_user(hub: Hub, memory_log: MemoryLog) -> None:
    member = MembershipInterval(PAIR, 0, is_direct=True)
    async with listening(hub, ALICE, member) as alice, listening(hub, BOB), listening(hub, ALICE, member):
        hub.receive(memory_log.append(with_receipt(PAIR), with_receipt(None, user_ids=(ALICE, BOB))))
        await alice.until("msg@1", "msg@2")
        assert counts(hub) == {(1, ALICE): 2, (2, ALICE): 2, (2, BOB): 1}


async def test_the_sender_and_skipped_users_are_not_counted(hub: Hub, memory_log: MemoryLog) -> None:
    member = MembershipInterval(GROUP, 0)
    async with listening(hub, ALICE, member) as alice, listening(hub, SHOP, member), listening(hub, BOB, member) as bob:
        entry = with_receipt(origin=f"{bob.connection.id}.1")
        entry.header["skip"] = [ALICE]
        hub.receive(memory_log.append(entry, Entry(kind="last", channel=GROUP)))
        await alice.until("last@2")
        assert counts(hub) == {}


async def test_transient_entries_and_entries_without_receipts_are_not_counted(hub: Hub, memory_log: MemoryLog) -> None:
    async with listening(hub, ALICE, MembershipInterval(GROUP, 0)) as alice:
        hub.deliver_transient(with_receipt())
        hub.receive(memory_log.append(Entry(kind="msg", channel=GROUP)))
        await alice.until("msg@0", "msg@1")
        assert counts(hub) == {}


# -- fetched ----------------------------------------------------------------------------------------------------------


async def test_an_entry_from_before_the_login_is_counted_at_its_first_fetch(hub: Hub, memory_log: MemoryLog) -> None:
    missed, silent, other = memory_log.append(with_receipt(), Entry(kind="msg", channel=GROUP), with_receipt())
    await hub.catch_up_to(3)
    async with listening(hub, ALICE, MembershipInterval(GROUP, 0)) as alice:
        (live,) = memory_log.append(with_receipt())
        hub.receive([live])
        await alice.until("msg@4")
        for entries in ([missed, silent], [missed, silent, other, live], []):
            hub.count_fetched(alice.connection, entries)
        assert counts(hub) == {(1, ALL_USERS): 1, (3, ALL_USERS): 1, (4, ALL_USERS): 1}


# -- stored -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def counter() -> ReceiptCounter:
    return ReceiptCounter()


@pytest.mark.django_db(transaction=True)
async def test_counts_of_several_nodes_are_added(counter: ReceiptCounter) -> None:
    for _ in range(2):
        counter._add((7, ALICE), 2, 1000)
        counter._add((7, BOB), 1, 2000)
        counter._add((6, ALL_USERS), 5, 3000)
        await counter.flush()
    assert await asyncio.to_thread(receipts.delivery_counts, 7) == [
        DeliveryCount(ALICE, 4, 1000),
        DeliveryCount(BOB, 2, 2000),
    ]
    assert await asyncio.to_thread(receipts.delivery_counts, 6) == [DeliveryCount(ALL_USERS, 10, 3000)]


@pytest.mark.parametrize("fault", [DatabaseError, InterfaceError])
async def test_receipts_that_could_not_be_written_are_kept(
    counter: ReceiptCounter, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    written: list[object] = []

    async def fail(*_: object) -> None:
        raise fault

    async def keep(_: object, rows: object) -> None:
        written.append(rows)

    monkeypatch.setattr(receipts, "run", fail)
    counter._add((7, ALICE), 1, 1000)
    await counter.flush()
    counter._add((7, ALICE), 1, 900)
    monkeypatch.setattr(receipts, "run", keep)
    await counter.flush()
    await counter.flush()
    assert written == [[(7, ALICE, 2, 900)]]


async def test_the_oldest_receipts_are_written_first(counter: ReceiptCounter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only each batch is sorted: an outage may leave very many waiting receipts."""
    written: list[object] = []

    async def keep(_: object, rows: list[tuple[int, ...]]) -> None:
        written.append([row[0] for row in rows])

    monkeypatch.setattr(receipts, "run", keep)
    monkeypatch.setattr(receipts, "ROWS_PER_BATCH", 2)
    for position in (5, 4, 1):
        counter._add((position, ALICE), 1, 1000)
    await counter.flush()
    assert written == [[4, 5], [1]]


def test_a_fetched_entry_is_counted_once(counter: ReceiptCounter) -> None:
    counter._add((1, ALICE), 2, 1000)
    counter.count_reached([1, 2], ALICE)
    counter.count_reached([2], ALICE)
    assert {key: count for key, (count, _) in counter._counts.items()} == {(1, ALICE): 2, (2, ALICE): 1}


@pytest.mark.django_db
def test_uncounted_returns_undelivered_entries_with_receipts_only() -> None:
    with write():
        first, second, silent = log.append([with_receipt(PAIR), with_receipt(PAIR), Entry(kind="msg", channel=PAIR)])
    Receipt.objects.create(position=first.position, user_id=ALICE, connections=1, first_at=1)
    positions = [first.position, second.position, silent.position, 999]
    assert receipts.uncounted_positions(positions, ALICE) == [second.position]
    assert sorted(receipts.uncounted_positions(positions, BOB)) == [first.position, second.position]
    assert receipts.uncounted_positions(positions, SHOP) == []


async def test_the_number_of_waiting_receipts_is_limited(
    counter: ReceiptCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "MAX_WAITING_ROWS", 2)
    for position in (1, 2, 3):
        counter._add((position, ALICE), 1, 1000)
    counter._add((1, ALICE), 1, 1000)
    assert {key: count for key, (count, _) in counter._counts.items()} == {(1, ALICE): 2, (2, ALICE): 1}


@pytest.mark.django_db
def test_old_receipts_are_deleted(settings: Settings) -> None:
    now = log.now_ms()
    # The second event was too old only after its first delivery.
    for sent, delivered in ((31, 31), (32, 29), (29, 29)):
        event = Entry(kind="msg", channel=1, time=now - sent * 86_400_000)
        log.append([event])
        Receipt.objects.create(position=event.position, connections=1, first_at=now - delivered * 86_400_000)
    settings.IM_RECEIPT_DAYS = 30
    assert receipts.delete_old_receipts() == 1
    assert list(Receipt.objects.values_list("position", flat=True).order_by("position")) == [2, 3]
