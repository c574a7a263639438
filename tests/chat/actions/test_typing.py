"""Typing is not shown in large channels, nor of users who do not share it."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chat.actions.typing import typing_notify
from chat.models import Channel
from delivery import publish
from delivery.log import Entry
from tests.support.in_process import create_global_channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """Return the list of the pushes, as they are made."""
    entries: list[Entry] = []
    monkeypatch.setattr(publish, "push_activity", entries.append)
    return entries


def notify(user: User, channel: Channel) -> bool:
    return typing_notify(user_id=user.pk, channel_id=channel.pk, thread_id=None, app=None)


@pytest.mark.parametrize(("limit", "is_shown"), [(0, False), (2, False), (3, True)])
def test_large_channels_do_not_show_it(
    alice: User, trio: Channel, settings: Settings, pushed: list[Entry], limit: int, is_shown: bool
) -> None:
    settings.IM_TYPING_MAX_MEMBERS = limit
    assert notify(alice, trio) is is_shown
    assert [entry.channel for entry in pushed] == ([trio.pk] if is_shown else [])


def test_crowded_apps_do_not_show_it(
    alice: User, settings: Settings, pushed: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = create_global_channel()
    for online, is_shown in ((100, True), (101, False)):
        monkeypatch.setattr("chat.actions.typing.query_presence", lambda question, default, online=online: online)
        assert notify(alice, hall) is is_shown
    assert len(pushed) == 1


def test_users_can_keep_it_to_themselves(alice: User, trio: Channel, pushed: list[Entry]) -> None:
    User.objects.filter(pk=alice.pk).update(shares_typing=False)
    assert notify(alice, trio) is False
    assert pushed == []
