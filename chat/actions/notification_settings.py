"""Choose what to hear of a channel. The choice holds on all devices of the user; nobody else learns of it."""

from __future__ import annotations

from accounts.models import User
from chat.models import NotificationSetting
from chat.selectors import access_channel
from chat.wire.schema.events import NOTIFICATIONS_CHANGED
from delivery import publish
from delivery.db.transactions import write
from delivery.hub.connection import Connection
from delivery.log import Entry


def notification_setting_change(
    *,
    user: User,
    channel_id: int,
    level: str | None,
    muted: bool | None,
    app: int | None,
    connection: Connection | None = None,
) -> NotificationSetting:
    """Change the user's notification level in a channel, or mute it; None leaves a value as it is.

    The user's other connections get `notifications.changed`.
    """
    access = access_channel(user, channel_id, app=app)
    with write():
        NotificationSetting.objects.bulk_create(
            [NotificationSetting(user=user, channel=access.channel)], ignore_conflicts=True
        )
        setting = NotificationSetting.objects.select_for_update(no_key=True).get(user=user, channel=access.channel)
        if level is not None:
            setting.level = level
        if muted is not None:
            setting.muted = muted
        setting.save(update_fields=["level", "muted"])
    body = {"target": str(channel_id), "notifications": setting.choice}
    publish.push_transient(Entry(kind=NOTIFICATIONS_CHANGED.name, user_ids=(user.pk,), body=body), connection)
    return setting
