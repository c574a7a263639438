"""Fixtures of the client tests."""

from __future__ import annotations

import pytest

from imsite.client.backoff import ExponentialBackoff


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the client wait a hundredth of each pause."""
    original = ExponentialBackoff.next_pause
    monkeypatch.setattr(
        ExponentialBackoff, "next_pause", lambda self, retry_after=None: original(self, retry_after) / 100
    )
