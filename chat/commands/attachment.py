"""Command `attachment.remove`. Files are uploaded over HTTP and sent by `message.send`."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from chat import errors
from chat.actions import attachment_removal
from chat.commands.fields import MessageTarget
from chat.commands.registry import Call, command
from chat.wire.schema import replies
from delivery.db.executors import run


class AttachmentTarget(MessageTarget):
    """Names a message, and a file of it."""

    attachment: Annotated[str, Meta(max_length=32, description="The id of the file.")]


@command("attachment.remove", returns=replies.ChangedMessage, fault=errors.DELETE_FAILED, guests=True)
async def remove(call: Call, data: AttachmentTarget) -> dict[str, Any]:
    """Remove a file from your message, or from any message of a group that you manage.

    The message still names it. All members get `attachment.removed`.
    """
    row, position = await run(
        attachment_removal.attachment_remove,
        user=call.user,
        channel_id=data.target,
        message_id=data.id,
        key=data.attachment,
        app=call.caller.app,
        origin=call.origin,
    )
    call.awaits_event = position is not None
    return {"target": str(data.target), "id": str(row.pk), "seq": row.seq, "position": position or row.position}
