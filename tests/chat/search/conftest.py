"""Fixtures for search: Alice, Bob, a stranger, and an index that has caught up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.actions import user_register
from accounts.models import User
from chat.actions.message import message_draft, message_send_now
from chat.models import Channel
from chat.search.index import index_advance

Say = Callable[[User, Channel, str], int]


@pytest.fixture
def eve(db: None) -> User:
    return user_register(username="eve", nickname="Eve", password="a good password")


@pytest.fixture
def say(db: None) -> Say:
    """Return a function that sends a message and returns its id."""

    def send(user: User, channel: Channel, text: str) -> int:
        return message_send_now(message_draft(sender=user.pk, channel=channel.pk, text=text)).id

    return send


def catch_up() -> None:
    while index_advance():
        pass
