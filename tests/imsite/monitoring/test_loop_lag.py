"""The event loop's lag is measured often while the loop works, and rarely while it is idle."""

from __future__ import annotations

import asyncio
import time

import pytest

from imsite.monitoring import loop_lag


async def test_an_idle_loop_is_measured_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            end = time.thread_time() + 2 * loop_lag.IDLE_SHARE * seconds
            while time.thread_time() < end:
                pass
        if len(pauses) == 4:
            raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await loop_lag.measure_loop_lag()

    assert pauses == [0.1, 1.0, 0.1, 1.0]
