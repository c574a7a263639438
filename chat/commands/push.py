"""Command `push.active`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.conf import settings
from msgspec import UNSET, Meta, UnsetType

from chat.commands.registry import Call, command
from chat.wire.schema import replies
from delivery import publish

MAX_IDLE_SECONDS = 31_536_000


class Active(msgspec.Struct):
    active: Annotated[bool, Meta(description="False: the page is no longer looked at.")]
    idle: (
        Annotated[int, Meta(ge=0, le=MAX_IDLE_SECONDS, description="Seconds since your last input. Absent: none.")]
        | UnsetType
    ) = UNSET


@command("push.active", returns=replies.Activity)
async def set_active(call: Call, data: Active) -> dict[str, Any]:
    """Say that you look at this page, so that your other devices are not notified. Repeat it every 25 seconds.

    It holds for a minute. You are active while one of your connections is. Connections that have sent this count as
    away five minutes after your last input on them, and you are shown as away while all your connections count so.
    """
    connection = call.caller.connection
    if connection is not None:
        hub = publish.hub()
        idle_seconds = 0 if data.idle is UNSET else data.idle
        # A page that was left open in front is looked at by nobody.
        is_active = data.active and idle_seconds < settings.IM_AWAY_SECONDS
        hub.activity.record(call.user.pk, connection.id, is_active=is_active)
        if data.idle is not UNSET or data.active:
            hub.idle_connections.record(call.user.pk, connection.id, idle_seconds=idle_seconds)
    return {"active": data.active}
