"""The users' settings of the notifications of channels."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from accounts.models import User
from chat.models import Channel, NotificationSetting


def notification_settings_of(user: User, channels: Sequence[Channel]) -> dict[int, NotificationSetting]:
    """Return the user's settings by channel id. A channel without one has the defaults."""
    found = NotificationSetting.objects.filter(user=user, channel__in=channels)
    return {setting.channel_id: setting for setting in found}


def notification_setting_of(user: User, channel: Channel) -> NotificationSetting:
    """Return the user's setting of one channel; one with the defaults, not saved, if there is none."""
    found = notification_settings_of(user, [channel])
    return found.get(channel.pk) or NotificationSetting(user=user, channel=channel)


def notification_settings_in(channel_id: int, user_ids: Collection[int]) -> dict[int, NotificationSetting]:
    """Return the settings of these users in one channel, by user id. A user without one has the defaults.

    `chat.rules.wants_notification` decides by them whether a user is notified of a message.
    """
    found = NotificationSetting.objects.filter(channel=channel_id, user__in=user_ids)
    return {setting.user_id: setting for setting in found}
