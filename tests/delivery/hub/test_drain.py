"""A draining connection answers its open requests and then closes."""

from __future__ import annotations

import asyncio

import pytest

from delivery.hub.ticker import Ticker
from tests.support.listener import Listener


@pytest.fixture
async def listener() -> Listener:
    return Listener(Ticker(0.001))


async def test_a_drain_without_open_requests_closes_at_once(listener: Listener) -> None:
    async with listener.writing():
        listener.connection.drain(1012, "later")

        assert listener.closings == [1012]


async def test_open_requests_are_answered_before_the_close(listener: Listener) -> None:
    connection = listener.connection
    first, second = connection.open_reply(), connection.open_reply()
    async with listener.writing():
        connection.drain(1012, "later")
        connection.reply(second, "second")
        assert not listener.closings
        connection.reply(first, "first")

        assert await listener.closed() == 1012
        assert listener.frames == ["first", "second"]


async def test_an_empty_reply_completes_the_drain(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.drain(1012, "later")
        connection.reply(number, None)

        assert await listener.closed() == 1012


async def test_queued_pushes_are_written_before_the_close(listener: Listener) -> None:
    connection = listener.connection
    async with listener.writing():
        connection.push("one")
        await asyncio.sleep(0)
        connection.push("two")
        connection.drain(1012, "later")

        assert await listener.closed() == 1012
        assert listener.frames == ["one", "two"]


async def test_a_reply_that_waits_for_its_event_delays_the_close(listener: Listener) -> None:
    connection = listener.connection
    number = connection.open_reply()
    async with listener.writing():
        connection.reply(number, "sent", awaits_event=True)
        connection.drain(1012, "later")
        await asyncio.sleep(0.01)
        assert not listener.closings
        connection.reach_event(number)

        assert await listener.closed() == 1012
        assert listener.frames == ["sent"]
