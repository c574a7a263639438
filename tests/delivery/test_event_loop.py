"""Other threads run functions on the node's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from delivery.event_loop import call_on_loop, run_on_loop, set_loop
from tests.support.waiting import wait_until


@pytest_asyncio.fixture(autouse=True)
async def _loop() -> AsyncIterator[None]:
    set_loop(asyncio.get_running_loop())
    yield
    set_loop(None)


async def test_a_thread_gets_the_result_of_an_asynchronous_function() -> None:
    async def seven() -> int:
        await asyncio.sleep(0)
        return 7

    assert await asyncio.to_thread(run_on_loop, seven) == 7


async def test_a_thread_gets_the_result_of_a_function_that_runs_on_the_loop() -> None:
    loop = asyncio.get_running_loop()
    assert await asyncio.to_thread(call_on_loop, asyncio.get_running_loop) is loop


async def test_a_function_that_takes_too_long_is_cancelled() -> None:
    ended: list[str] = []

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(TimeoutError):
        await asyncio.to_thread(run_on_loop, never, 0.05)
    await wait_until(lambda: ended == ["cancelled"])


async def test_a_process_without_a_hub_refuses() -> None:
    async def seven() -> int:
        return 7

    set_loop(None)
    with pytest.raises(RuntimeError, match="No hub"):
        await asyncio.to_thread(run_on_loop, seven)
