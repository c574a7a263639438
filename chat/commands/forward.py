"""Command `message.forward`."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from chat import errors
from chat.actions.forward import forward_draft
from chat.actions.message import message_send
from chat.commands.fields import Id, MessageTarget
from chat.commands.message import sent_reply
from chat.commands.registry import Call, command
from chat.wire.schema import replies
from delivery.db.executors import run
from delivery.rate_limits.declared import SENDS


class Forward(MessageTarget):
    to: Annotated[Id, Meta(description="The channel to forward to. Absent: the global channel of your app.")] | None = (
        None
    )
    attachments: Annotated[
        list[str], Meta(description="Ids of those files of the message to forward without its text. Empty: all of it.")
    ] = []  # noqa: RUF012  msgspec copies it
    clientMsgId: str | None = None


@command("message.forward", returns=replies.SentMessage, fault=errors.STORE_FAILED, guests=True, limit=SENDS)
async def forward(call: Call, data: Forward) -> dict[str, Any]:
    """Forward a message that you can read to another channel, as a message of your own with the same text and files.

    It stays when the first one is recalled, and names its sender and time as `forwarded`. It mentions nobody and cannot
    be edited. The rules and limits of `message.send` apply.
    """
    caller = call.caller
    draft = await run(
        forward_draft,
        sender=call.user,
        source=data.target,
        message_id=data.id,
        channel=data.to or caller.default_channel,
        files=data.attachments,
        client_id=data.clientMsgId,
        app=caller.app,
        origin=call.origin,
    )
    stored = await message_send(draft)
    call.awaits_event = not stored.repeated
    return sent_reply(stored)
