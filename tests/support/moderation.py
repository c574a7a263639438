"""Helpers for tests of moderation: refusals, restriction events in the log, and roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.errors import ChatError, Code
from chat.models import Channel
from chat.selectors import current_members
from delivery import log
from tests.support.in_process import create_users


@pytest.fixture
def persons() -> tuple[User, User, User]:
    alice, bob, carol = create_users("alice", "bob", "carol")
    return alice, bob, carol


@pytest.fixture
def group(persons: tuple[User, User, User]) -> Channel:
    return channel_create_group(creator=persons[0], name="Painters", members=["bob", "carol"])


def refusal(work: Callable[[], object]) -> Code:
    with pytest.raises(ChatError) as refused:
        work()
    return refused.value.code


def announced(after: int, kind: str = "restriction") -> list[tuple[tuple[int, ...], dict[str, Any]]]:
    return [(entry.user_ids, entry.body) for entry in log.read(after, 99) if entry.kind == kind]


def roles(group: Channel) -> dict[str, str]:
    return {stay.user.username: stay.role for stay in current_members(group)}
