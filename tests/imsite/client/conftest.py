"""Tests do not wait as long as clients do."""

from __future__ import annotations

import pytest

from imsite.client.backoff import BackOff


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever pause is drawn, a hundredth of it is waited."""
    drawn = BackOff.pause
    monkeypatch.setattr(BackOff, "pause", lambda self, told=None: drawn(self, told) / 100)
