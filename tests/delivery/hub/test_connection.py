"""Replies and pushes are written to a connection in a defined order."""

from __future__ import annotations

import asyncio
import time

import pytest

from delivery.hub.connection import MAX_HELD
from delivery.hub.ticker import Ticker
from tests.support.listener import Listener


@pytest.fixture
async def listener() -> Listener:
    return Listener(Ticker(0.001))


async def test_replies_are_written_in_the_order_of_the_requests(listener: Listener) -> None:
    connection = listener.connection
    first, second, third = (connection.open_reply() for _ in range(3))
    async with listener.writing():
        connection.reply(third, "third")
        connection.reply(second, "second")
        connection.push("push")
        connection.reply(first, "first")
        assert await listener.until("third") == ["push", "first", "second", "third"]


async def test_the_reply_to_a_send_is_written_at_the_position_of_its_event(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.reply(number, "sent", awaits_event=True)
        connection.push("before")
        connection.reach_event(number)
        connection.push("after")
        assert await listener.until("after") == ["before", "sent", "after"]


async def test_pushes_after_an_event_wait_for_the_reply_to_its_send(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.push("before")
        connection.reach_event(number)
        connection.push("after")
        await listener.until("before")
        connection.reply(number, "sent", awaits_event=True)
        assert await listener.until("after") == ["before", "sent", "after"]


async def test_several_sends_in_flight_keep_their_order_among_the_pushes(listener: Listener) -> None:
    connection = listener.connection
    one, two, three = (connection.open_reply() for _ in range(3))
    async with listener.writing():
        connection.reach_event(one)
        connection.push("a")
        connection.reply(three, "three: refused")
        connection.reply(two, "two", awaits_event=True)
        connection.reach_event(two)
        connection.push("b")
        connection.reply(one, "one", awaits_event=True)
        assert await listener.until("three: refused") == ["one", "a", "two", "b", "three: refused"]


async def test_replies_without_an_event_do_not_wait(listener: Listener) -> None:
    connection = listener.connection
    refused, repeated = connection.open_reply(), connection.open_reply()
    async with listener.writing():
        connection.reply(refused, "refused")
        connection.reply(repeated, "repeated")
        connection.push("push")
        assert await listener.until("push") == ["refused", "repeated", "push"]


async def test_pushes_wait_for_the_reply_to_the_login(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.hold_pushes(number)
        connection.push("push")
        connection.reply(number, "welcome")
        assert await listener.until("push") == ["welcome", "push"]


async def test_an_event_of_an_answered_request_does_not_delay_pushes(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.reply(number, "sent")
        connection.reach_event(number)
        connection.push("push")
        assert await listener.until("push") == ["sent", "push"]


async def test_an_overflow_while_held_pushes_are_flushed_closes_once(listener: Listener) -> None:
    """The hub is delivering to others at that moment, so no exception may reach it."""
    connection = listener.connection
    number = connection.open_reply()
    connection.hold_pushes(number)
    for _ in range(40):
        connection.push("x" * 65536)
    connection.reply(number, "welcome")
    connection.push("more")
    assert await listener.closed() == 4008
    assert listener.closings == [4008]


async def test_too_many_held_pushes_close_the_connection(listener: Listener) -> None:
    connection = listener.connection
    connection.hold_pushes(connection.open_reply())
    for _ in range(10_001):
        connection.push("x")
    assert listener.closings == [4008]


async def test_close_after_writes_the_reply_first(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.close_after_reply(4003, "too many")
        connection.reply(number, "refused")
        assert await listener.closed() == 4003
    assert listener.frames == ["refused"]


async def test_a_paused_connection_writes_the_first_reply_only(listener: Listener) -> None:
    connection = listener.connection
    connection.pause()
    sent, asked = connection.open_reply(), connection.open_reply()
    async with listener.writing():
        connection.push("one", 1)
        connection.reach_event(sent)
        connection.push("three", 3)
        connection.reply(sent, "sent", awaits_event=True)
        connection.reply_ahead(asked, "page")
        assert await listener.until("page") == ["page"]
        connection.push("four", 4)
        connection.resume()
        assert await listener.until("four") == ["page", "one", "sent", "three", "four"]


async def test_synced_events_are_not_pushed_again(listener: Listener) -> None:
    connection = listener.connection
    connection.pause()
    sent = connection.open_reply()
    async with listener.writing():
        connection.push("one", 1)
        connection.reach_event(sent)
        connection.push("a room's", 3)
        connection.push("three", 3)
        connection.push("no place in the log", 0)
        connection.push("four", 4)
        connection.reply(sent, "sent", awaits_event=True)
        connection.discard_synced(3, lambda frame: frame != "a room's")
        connection.resume()
        connection.push("five", 5)
        assert await listener.until("five") == ["sent", "a room's", "no place in the log", "four", "five"]


async def test_a_paused_client_that_fetches_nothing_is_resumed_after_a_delay(listener: Listener) -> None:
    listener.connection.pause()
    listener.connection.push("push", 1)
    listener.connection.resume_after(0.01)
    async with listener.writing():
        assert await listener.until("push") == ["push"]


async def test_a_frozen_node_reads_waiting_frames_before_it_resumes_a_connection(listener: Listener) -> None:
    connection = listener.connection
    connection.pause()
    connection.resume_after(0.1)
    time.sleep(0.2)  # noqa: ASYNC251  the whole process stands still
    for _ in range(5):  # As many loop iterations as a frame takes from the socket to the command.
        await asyncio.sleep(0)
    assert connection.is_paused
    connection.push("push", 1)
    async with listener.writing():
        assert await listener.until("push") == ["push"]


async def test_a_client_that_starts_to_fetch_remains_paused(listener: Listener) -> None:
    connection = listener.connection
    connection.pause()
    connection.resume_after(0)
    connection.resume_after(None)
    connection.push("push", 1)
    async with listener.writing():
        await asyncio.sleep(0)
        assert connection.is_paused
        connection.resume()
        assert await listener.until("push") == ["push"]


async def test_too_many_bytes_held_back_close_the_connection(listener: Listener) -> None:
    listener.connection.pause()
    for position in range(MAX_HELD + 1):
        listener.connection.push("push", position)
    assert await listener.closed() == 4008


async def test_draining_a_paused_connection_closes_it_at_once(listener: Listener) -> None:
    connection = listener.connection
    connection.pause()
    connection.reply(connection.open_reply(), "held")
    async with listener.writing():
        connection.drain(1012, "restart")
        assert await listener.closed() == 1012
