"""The oracle of the load tests and of the chaos suite detects every fault of a delivery."""

from __future__ import annotations

import asyncio
import json
import struct
from unittest.mock import Mock

import pytest

from tests.load.pressure.connection import LoadConnection, Login, Member
from tests.support.oracle import MemberRecord, Verdict, judge

CHANNEL = "7"
STORED = [(f"k{number}", CHANNEL, number) for number in range(1, 6)]


def _frame(*envelopes: object) -> bytes:
    payload = json.dumps(envelopes[0] if len(envelopes) == 1 else envelopes).encode()
    head = bytes((0x81, len(payload))) if len(payload) < 126 else struct.pack("!BBH", 0x81, 126, len(payload))
    return head + payload


def _push(number: int) -> dict[str, object]:
    data = {"target": CHANNEL, "msg": f"1 k{number}", "from": "alice", "seq": number, "position": number}
    return {"seq": f"9{number}", "cmd": "msg", "response": {"code": 200, "data": data}}


def _acknowledgement(number: int) -> dict[str, object]:
    data = {"target": CHANNEL, "id": "1", "seq": number}
    return {"seq": f"mk{number}", "cmd": "message.send", "response": {"code": 200, "data": data}}


async def _member(name: str) -> Member:
    member = Member(Login(name))
    connection = LoadConnection(member)
    connection.connection_made(Mock(spec=asyncio.Transport))
    login = {"seq": "login", "cmd": "login", "response": {"code": 200, "data": {"target": CHANNEL}}}
    connection.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + _frame(login))
    assert connection.logged_in.done()
    member.connection = connection
    member.reset((CHANNEL,))
    return member


async def _alice(*numbers: int) -> MemberRecord:
    """Return the record of a user who sent these messages and got their acknowledgements."""
    alice = await _member("alice")
    assert alice.connection is not None
    for number in range(1, 6):
        alice.say(CHANNEL, f"k{number}")
    for number in numbers:
        alice.connection.data_received(_frame(_acknowledgement(number)))
    return alice.record


async def _verdict(arrivals: bytes, *, pieces: int = 1 << 20) -> Verdict:
    """Judge five messages of Alice, of which Bob received these bytes."""
    bob = await _member("bob")
    assert bob.connection is not None
    for start in range(0, len(arrivals), pieces):
        bob.connection.data_received(arrivals[start : start + pieces])
    return judge([await _alice(1, 2, 3, 4, 5), bob.record], STORED)


@pytest.mark.parametrize("pieces", [1, 7, 1 << 20])
@pytest.mark.parametrize("is_batched", [False, True])
async def test_messages_in_order_are_good(is_batched: bool, pieces: int) -> None:
    pushes = [_push(number) for number in range(1, 6)]
    arrivals = _frame(*pushes) if is_batched else b"".join(_frame(push) for push in pushes)

    verdict = await _verdict(arrivals, pieces=pieces)

    assert verdict == Verdict(sent=5, acknowledged=5, stored=5, deliveries=5, faults={})


@pytest.mark.parametrize("is_batched", [False, True])
@pytest.mark.parametrize(
    ("numbers", "faults"),
    [
        ((1, 2, 4, 5), {"not received": 1}),
        ((2, 3, 4, 5), {"not received": 1}),
        ((1, 2, 3, 4), {"not received": 1}),
        ((), {"not received": 5}),
        ((1, 2, 2, 3, 4, 5), {"received more than once": 1}),
        ((1, 3, 2, 4, 5), {"received out of order": 1}),
        ((2, 1, 3, 4, 5), {"received out of order": 1}),
        ((1, 2, 3, 4, 5, 6), {"received but not expected": 1}),
    ],
)
async def test_a_fault_of_a_delivery_is_found(
    numbers: tuple[int, ...], faults: dict[str, int], is_batched: bool
) -> None:
    pushes = [_push(number) for number in numbers]
    arrivals = _frame(*pushes) if is_batched else b"".join(_frame(push) for push in pushes)

    assert (await _verdict(arrivals)).faults == faults


async def test_a_message_without_acknowledgement_is_found() -> None:
    record = await _alice(1, 2, 3, 4)
    assert judge([record], STORED).faults == {"not acknowledged": 1, "not received": 1}


@pytest.mark.parametrize(
    ("stored", "faults"),
    [
        (STORED[:4], {"acknowledged but not stored there": 1}),
        ([*STORED, ("k1", CHANNEL, 6)], {"stored more than once": 1, "not received": 1}),
        ([*STORED, ("other", CHANNEL, 6)], {"stored but never sent": 1, "not received": 1}),
        ([*STORED[:4], ("k5", CHANNEL, 6)], {"acknowledged but not stored there": 1, "not received": 1}),
    ],
)
async def test_a_fault_of_the_store_is_found(stored: list[tuple[str, str, int]], faults: dict[str, int]) -> None:
    assert judge([await _alice(1, 2, 3, 4, 5)], stored).faults == faults


async def test_an_acknowledgement_after_a_later_message_is_found() -> None:
    member = await _member("alice")
    assert member.connection is not None
    member.say(CHANNEL, "k1")

    member.connection.data_received(_frame(_push(2)) + _frame(_acknowledgement(1)))

    verdict = judge([member.record], STORED[:1])
    assert verdict.faults["acknowledged after a later message"] == 1


async def test_a_closed_connection_is_found() -> None:
    member = await _member("alice")
    assert member.connection is not None

    member.connection.connection_lost(None)

    assert judge([member.record], []).faults == {"disconnected": 1}


async def test_an_abandoned_message_may_be_stored_once_or_not_at_all() -> None:
    record = await _alice(1, 2, 3, 4)
    record.abandoned.add("k5")

    assert judge([record], STORED).faults == {}
    assert judge([record], STORED[:4]).faults == {}
    twice = judge([record], [*STORED, ("k5", CHANNEL, 6)])
    assert twice.faults == {"stored more than once": 1}


async def test_a_missing_number_of_a_whole_channel_is_found() -> None:
    record = await _alice(1, 2, 3, 4)
    record.abandoned.add("k5")

    assert judge([record], [*STORED[:4], ("k5", CHANNEL, 6)], with_outages=True).faults == {"missing numbers": 1}


@pytest.mark.parametrize(
    ("synced", "faults"),
    [
        ({CHANNEL: [1, 2, 3, 4, 5]}, {}),
        ({CHANNEL: [1, 2, 4, 5]}, {"not synced": 1}),
        ({CHANNEL: [1, 2, 3, 3, 4, 5]}, {"synced more than once": 1}),
        ({CHANNEL: [1, 3, 2, 4, 5]}, {"synced out of order": 1}),
        ({CHANNEL: [1, 2, 3, 4, 5, 6]}, {"synced but not expected": 1}),
        ({CHANNEL: [1, 2, 3, 4, 5], "8": [1]}, {"synced from a foreign channel": 1}),
    ],
)
async def test_a_fault_of_a_sync_is_found(synced: dict[str, list[int]], faults: dict[str, int]) -> None:
    record = await _alice(1, 2, 3, 4, 5)
    record.synced = synced

    assert judge([record], STORED).faults == faults


async def test_a_sync_that_began_later_needs_no_earlier_messages() -> None:
    record = await _alice(1, 2, 3, 4, 5)
    record.synced, record.synced_after = {CHANNEL: [4, 5]}, {CHANNEL: 3}

    assert judge([record], STORED).faults == {}

    record.synced = {CHANNEL: [5]}
    assert judge([record], STORED).faults == {"not synced": 1}
