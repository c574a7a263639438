"""Commands `message.schedule` and `scheduled.*`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chat import errors
from chat.actions import scheduled, scheduled_sending
from chat.commands.fields import Id, Number, PageSize
from chat.commands.message import sent_reply
from chat.commands.page_size import count_fitting
from chat.commands.registry import Call, command
from chat.selectors.scheduled import scheduled_messages
from chat.wire.schema import objects, replies
from delivery.db.executors import run
from delivery.rate_limits.declared import SENDS


class Schedule(msgspec.Struct):
    msg: str
    at: Annotated[Number, Meta(description="Unix time in milliseconds.")]
    target: Id | None = None
    clientMsgId: str | None = None
    replyTo: Id | None = None
    threadId: Annotated[Id, Meta(description="The message whose thread you answer in.")] | None = None
    alsoToChannel: Annotated[bool, Meta(description="Of an answer: the channel shows it as well.")] = False
    attachments: Annotated[list[str], Meta(description="Ids of your uploads. The text may then be empty.")] = []


@command("message.schedule", returns=objects.ScheduledMessage, fault=errors.STORE_FAILED)
async def schedule(call: Call, data: Schedule) -> dict[str, Any]:
    """Keep a message and send it at a later time. The same `clientMsgId` again gets the same reply.

    Your rights are checked again when it is sent. If it is refused then, it is kept with the reason.
    """
    row = await run(
        scheduled.message_schedule,
        user=call.user,
        channel_id=data.target or call.caller.default_channel,
        text=data.msg,
        due_at=data.at,
        attachments=data.attachments,
        client_id=data.clientMsgId,
        reply_to=data.replyTo,
        thread=data.threadId,
        thread_only=data.threadId is not None and not data.alsoToChannel,
        app=call.caller.app,
        connection=call.caller.connection,
    )
    return scheduled.scheduled_payload(row)


class ScheduledList(msgspec.Struct):
    skip: Number = 0
    limit: PageSize = 100


@command("scheduled.list", returns=replies.ScheduledMessages)
async def list_scheduled(call: Call, data: ScheduledList) -> dict[str, Any]:
    """List your scheduled messages, the next one first, also those that could not be sent.

    If there are too many for one reply, `hasMore` is true; get the next ones with `skip`, the number you have.
    """
    rows = await run(scheduled_messages, call.user, skip=data.skip, limit=data.limit + 1)
    shown = [scheduled.scheduled_payload(row) for row in rows]
    page = shown[: count_fitting(shown[: data.limit])]
    return {"messages": page, "hasMore": len(page) < len(shown)}


class ScheduledTarget(msgspec.Struct):
    id: Id


class ScheduledEdit(ScheduledTarget):
    msg: str | None = None
    at: Annotated[Number, Meta(description="Unix time in milliseconds.")] | None = None


@command("scheduled.edit", returns=objects.ScheduledMessage, fault=errors.STORE_FAILED)
async def edit(call: Call, data: ScheduledEdit) -> dict[str, Any]:
    """Replace the text or the time of a scheduled message. One that has failed waits again if it gets a time."""
    row = await run(
        scheduled.scheduled_edit,
        user=call.user,
        scheduled_id=data.id,
        text=data.msg,
        due_at=data.at,
        connection=call.caller.connection,
    )
    return scheduled.scheduled_payload(row)


@command("scheduled.cancel", returns=replies.ScheduledReference, fault=errors.DELETE_FAILED)
async def cancel(call: Call, data: ScheduledTarget) -> dict[str, Any]:
    """Delete a scheduled message with its files."""
    await run(scheduled.scheduled_cancel, user=call.user, scheduled_id=data.id, connection=call.caller.connection)
    return {"id": str(data.id)}


@command("scheduled.send", returns=replies.SentMessage, fault=errors.STORE_FAILED, limit=SENDS)
async def send(call: Call, data: ScheduledTarget) -> dict[str, Any]:
    """Send a scheduled message now. If it is refused, it stays as it was."""
    stored = await run(scheduled_sending.scheduled_send, user=call.user, scheduled_id=data.id, origin=call.origin)
    call.awaits_event = not stored.repeated
    return sent_reply(stored)
