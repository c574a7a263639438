"""A user's rate limits, shared by the user's connections to a node."""

from __future__ import annotations

import pytest
from django.conf import Settings

from delivery.rate_limits import user_limits
from delivery.rate_limits.user_limits import UserRateLimitRegistry


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.IM_SEND_RATE, settings.IM_SEND_BURST = 0.001, 1  # type: ignore[attr-defined]


def test_reconnecting_does_not_refill_a_bucket() -> None:
    registry = UserRateLimitRegistry()
    limits = registry.take(1)
    assert limits.sends.take() and not limits.sends.take()
    registry.keep(1, limits)
    again = registry.take(1)
    assert not again.sends.take()
    assert again.changes.take()


def test_users_who_did_nothing_take_no_memory() -> None:
    registry = UserRateLimitRegistry()
    registry.keep(1, registry.take(1))
    assert not registry._by_user


def test_the_users_who_went_first_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_limits, "MAX_USERS", 2)
    registry = UserRateLimitRegistry()
    for user_id in (1, 2, 3):
        limits = registry.take(user_id)
        limits.sends.take()
        registry.keep(user_id, limits)
    assert list(registry._by_user) == [2, 3]
