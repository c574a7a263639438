"""Command `push.active`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chat.commands.registry import Call, command
from chat.wire.schema import replies
from delivery import publish


class Active(msgspec.Struct):
    active: Annotated[bool, Meta(description="False: the page is no longer looked at.")]


@command("push.active", returns=replies.Activity)
async def set_active(call: Call, data: Active) -> dict[str, Any]:
    """Say that you look at this page, so that your other devices are not notified. Repeat it every 25 seconds.

    It holds for a minute. You are active while one of your connections is.
    """
    connection = call.caller.connection
    if connection is not None:
        publish.hub().activity.record(call.user.pk, connection.id, is_active=data.active)
    return {"active": data.active}
