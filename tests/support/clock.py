"""A clock that a test moves: the fixture `bucket_clock` is the clock of all token buckets in memory."""

from __future__ import annotations

import pytest

from delivery.rate_limits import token_bucket


class Clock:
    """A clock that changes only when the test sets `now`, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def bucket_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(token_bucket, "time", clock)
    return clock
