"""Command `message.remove_preview`."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from chat import errors
from chat.actions.link_preview import message_remove_preview
from chat.commands.fields import MessageTarget
from chat.commands.registry import Call, command
from chat.wire.schema import replies
from delivery.db.executors import run


class PreviewTarget(MessageTarget):
    """Names a message, and one of its link previews."""

    previewId: Annotated[str, Meta(min_length=1, max_length=32)]


@command("message.remove_preview", returns=replies.ChangedMessage, fault=errors.DELETE_FAILED, guests=True)
async def remove_preview(call: Call, data: PreviewTarget) -> dict[str, Any]:
    """Remove the preview of a link from your own message, or from any message of a group that you manage.

    All members get `message.previewed`. Nothing changes if the message does not show that preview.
    """
    row, position = await run(
        message_remove_preview,
        user=call.user,
        channel_id=data.target,
        message_id=data.id,
        preview_id=data.previewId,
        app=call.caller.app,
        origin=call.origin,
    )
    call.awaits_event = position is not None
    return {"target": str(data.target), "id": str(row.pk), "seq": row.seq, "position": position or row.position}
