"""Fixtures for sending: channels of Alice and Bob, and a check for gaps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import User
from chat.actions.channel import channel_create_group, channel_create_private
from chat.models import Channel
from tests.support.expected_events import assert_gap_free


@pytest.fixture
def private(alice: User, bob: User) -> Channel:
    return channel_create_private(creator=alice, other=bob)[0]


@pytest.fixture
def groups(alice: User, bob: User) -> tuple[Channel, Channel]:
    """Return two groups of Alice, with Bob in both."""
    first, second = (channel_create_group(creator=alice, name=name, members=["bob"]) for name in ("one", "two"))
    return first, second


@pytest.fixture
def gap_free() -> Iterator[None]:
    """Check after the test that positions and sequence numbers are 1, 2, 3, … without a gap."""
    yield
    assert_gap_free()
