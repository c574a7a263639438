"""`channels/…/notifications/`: the service's own setting of a channel's notifications."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions.notification_settings import notification_setting_change
from chat.api.v1.channels import ChannelNotifications, NotificationLevel
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import described
from chat.api.v1.schema import Shape, number
from chat.selectors import access_channel
from chat.selectors.notification_settings import notification_setting_of

_MUTED = {"level": "default", "muted": True}


class NotificationChanges(Shape):
    """Absent fields are not changed."""

    level: NotificationLevel | None = None
    muted: bool | None = None


class NotificationView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_channel", "PATCH": "chat.view_channel"}

    @described(
        "Get notification settings",
        gives={200: ChannelNotifications},
        refuses=(404,),
        got={"Muted": _MUTED},
        tag="channels",
    )
    def get(self, request: Request, channel_id: str) -> Response:
        """Return what the service has chosen to hear of a channel that it is in."""
        channel = access_channel(request.user, number(channel_id)).channel
        return answer(notification_setting_of(request.user, channel).choice)

    @described(
        "Change notification settings",
        takes=NotificationChanges,
        gives={200: ChannelNotifications},
        refuses=(404,),
        sent={"Mute": {"muted": True}},
        got={"Muted": _MUTED},
        tag="channels",
    )
    def patch(self, request: Request, channel_id: str) -> Response:
        """Choose the messages to be notified of, or mute a channel that the service is in, for the service alone."""
        data = self.body(request, NotificationChanges)
        setting = notification_setting_change(
            user=request.user, channel_id=number(channel_id), level=data.level, muted=data.muted, app=None
        )
        return answer(setting.choice)
