"""Command `channel.notifications`: a user's own setting of a channel's notifications."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from chat import errors
from chat.actions.notification_settings import notification_setting_change
from chat.commands.fields import Id
from chat.commands.registry import Call, command
from chat.wire.schema import marks
from delivery.db.executors import run


class Notifications(msgspec.Struct):
    target: Id
    level: Literal["default", "all", "mentions", "none"] | None = None
    muted: bool | None = None


@command("channel.notifications", returns=marks.NotificationsChanged, fault=errors.STORE_FAILED, guests=True)
async def notifications(call: Call, data: Notifications) -> dict[str, Any]:
    """Choose the messages of a channel that you are notified of, or mute the channel for yourself.

    A muted channel does not show as unread, except for mentions. Absent fields stay unchanged. Your other connections
    get `notifications.changed`.
    """
    setting = await run(
        notification_setting_change,
        user=call.user,
        channel_id=data.target,
        level=data.level,
        muted=data.muted,
        app=call.caller.app,
        connection=call.caller.connection,
    )
    return {"target": str(data.target), "notifications": setting.choice}
