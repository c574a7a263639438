"""In which order replies and pushes leave one connection."""

from __future__ import annotations

import pytest

from delivery.outbox import Ticker
from tests.support.listener import Listener


@pytest.fixture
async def listener() -> Listener:
    return Listener(Ticker(0.001))


async def test_replies_leave_in_the_order_of_the_requests(listener: Listener) -> None:
    connection = listener.connection
    first, second, third = (connection.open_reply() for _ in range(3))
    async with listener.writing():
        connection.reply(third, "third")
        connection.reply(second, "second")
        connection.push("push")
        connection.reply(first, "first")
        assert await listener.until("third") == ["push", "first", "second", "third"]


async def test_a_send_is_answered_at_its_event_s_place(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.reply(number, "sent", awaits_pass=True)
        connection.push("before")
        connection.passed(number)
        connection.push("after")
        assert await listener.until("after") == ["before", "sent", "after"]


async def test_pushes_after_the_event_wait_for_an_answer_that_is_not_ready(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.push("before")
        connection.passed(number)
        connection.push("after")
        await listener.until("before")
        connection.reply(number, "sent", awaits_pass=True)
        assert await listener.until("after") == ["before", "sent", "after"]


async def test_several_sends_in_flight_keep_their_places_among_the_pushes(listener: Listener) -> None:
    connection = listener.connection
    one, two, three = (connection.open_reply() for _ in range(3))
    async with listener.writing():
        connection.passed(one)
        connection.push("a")
        connection.reply(three, "three: refused")
        connection.reply(two, "two", awaits_pass=True)
        connection.passed(two)
        connection.push("b")
        connection.reply(one, "one", awaits_pass=True)
        assert await listener.until("three: refused") == ["one", "a", "two", "b", "three: refused"]


async def test_an_error_and_a_repeated_send_wait_for_no_event(listener: Listener) -> None:
    connection = listener.connection
    refused, repeated = connection.open_reply(), connection.open_reply()
    async with listener.writing():
        connection.reply(refused, "refused")
        connection.reply(repeated, "repeated")
        connection.push("push")
        assert await listener.until("push") == ["refused", "repeated", "push"]


async def test_pushes_wait_for_the_log_in_s_answer(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.hold(number)
        connection.push("push")
        connection.reply(number, "welcome")
        assert await listener.until("push") == ["welcome", "push"]


async def test_an_event_of_a_request_long_answered_holds_nothing_back(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.reply(number, "sent")
        connection.passed(number)
        connection.push("push")
        assert await listener.until("push") == ["sent", "push"]


async def test_overflowing_while_held_pushes_leave_closes_once_and_harms_nobody(listener: Listener) -> None:
    """The hub is delivering to others in that moment: nothing may be raised into it."""
    connection = listener.connection
    number = connection.open_reply()
    connection.hold(number)
    for _ in range(40):
        connection.push("x" * 65536)
    connection.reply(number, "welcome")
    connection.push("more")
    assert await listener.closed() == 4008
    assert listener.closings == [4008]


async def test_pushes_held_without_end_close_it(listener: Listener) -> None:
    connection = listener.connection
    connection.hold(connection.open_reply())
    for _ in range(10_001):
        connection.push("x")
    assert listener.closings == [4008]


async def test_close_after_lets_the_answer_out_first(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.close_after(4003, "too many")
        connection.reply(number, "refused")
        assert await listener.closed() == 4003
    assert listener.frames == ["refused"]
