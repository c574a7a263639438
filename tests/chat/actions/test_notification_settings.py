"""Notification settings of channels: the rule, many users, export and deletion."""

from __future__ import annotations

import json

import pytest

from accounts.models import User
from chat import rules
from chat.actions.account_deletion import account_delete
from chat.actions.notification_settings import notification_setting_change
from chat.models import Channel, NotificationSetting
from chat.selectors.notification_settings import notification_settings_in
from tests.support.export import unpacked_export

pytestmark = pytest.mark.django_db


def change(user: User, channel: Channel, level: str | None = None, *, muted: bool | None = None) -> NotificationSetting:
    return notification_setting_change(user=user, channel_id=channel.pk, level=level, muted=muted, app=None)


@pytest.mark.parametrize(
    ("level", "is_muted", "of_message", "of_mention"),
    [
        ("default", False, None, True),
        ("default", True, False, True),
        ("all", False, True, True),
        ("all", True, False, True),
        ("mentions", False, False, True),
        ("mentions", True, False, True),
        ("none", False, False, False),
        ("none", True, False, False),
    ],
)
def test_level_and_mute_decide_who_is_notified(
    level: str, is_muted: bool, of_message: bool | None, of_mention: bool
) -> None:
    assert rules.wants_notification(level, is_muted=is_muted, is_mention=False) is of_message
    assert rules.wants_notification(level, is_muted=is_muted, is_mention=True) is of_mention


def test_settings_are_found_for_many_users_of_a_channel(alice: User, bob: User, carol: User, trio: Channel) -> None:
    change(alice, trio, muted=True)
    change(bob, trio, "none")

    found = notification_settings_in(trio.pk, [alice.pk, bob.pk, carol.pk])

    assert {user_id: (row.level, row.muted) for user_id, row in found.items()} == {
        alice.pk: ("default", True),
        bob.pk: ("none", False),
    }


def test_settings_are_exported_and_deleted_with_the_account(alice: User, trio: Channel) -> None:
    change(alice, trio, "mentions", muted=True)
    exported = json.loads(unpacked_export(alice)["notifications.json"])
    assert exported == [{"channel": str(trio.pk), "level": "mentions", "muted": True}]

    account_delete(user_id=alice.pk)

    assert not NotificationSetting.objects.exists()
