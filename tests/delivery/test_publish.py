"""Asking the event loop from a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from delivery import publish
from delivery.hub.hub import Hub
from tests.support.eventually import eventually


@pytest.fixture(autouse=True)
def _door(hub: Hub) -> Iterator[None]:
    publish.configure(hub)
    yield
    publish.configure(None)


async def test_a_thread_gets_the_answer() -> None:
    async def question() -> int:
        await asyncio.sleep(0)
        return 7

    assert await asyncio.to_thread(publish.run_on_loop, question) == 7


async def test_a_question_that_takes_too_long_is_ended() -> None:
    ended: list[str] = []

    async def question() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(TimeoutError):
        await asyncio.to_thread(publish.run_on_loop, question, 0.05)
    await eventually(lambda: ended == ["cancelled"])
