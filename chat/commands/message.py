"""Commands `message.*`, `read.mark` and `read.unmark`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chat import errors, payloads, reasons
from chat.actions import message as messages
from chat.actions.unread_mark import read_unmark
from chat.commands.fields import Id, MessageTarget, Number, PageSize
from chat.commands.registry import Call, command
from chat.errors import ChatError
from chat.selectors import access_channel, access_message, history
from chat.selectors.message_details import with_details
from chat.selectors.status import newly_delivered_positions
from chat.sending.drafts import StoredMessage
from chat.wire.schema import marks, objects, replies
from delivery import publish
from delivery.db.executors import run
from delivery.rate_limits.declared import READS, SENDS


class Send(msgspec.Struct):
    msg: str
    target: Id | None = None
    type: str = "text"
    clientMsgId: str | None = None
    replyTo: Id | None = None
    threadId: Annotated[Id, Meta(description="The message whose thread you answer in.")] | None = None
    alsoToChannel: Annotated[bool, Meta(description="Of an answer: the channel shows it as well.")] = False
    attachments: Annotated[list[str], Meta(description="Ids of your uploads. The text may then be empty.")] = []


@command(
    "message.send", returns=replies.SentMessage, fault=errors.STORE_FAILED, guests=True, pipelined=True, limit=SENDS
)
async def send(call: Call, data: Send) -> dict[str, Any]:
    """Send a message. The reply comes after it is stored. The same `clientMsgId` again gets the same reply."""
    caller = call.caller
    draft = messages.message_draft(
        sender=call.user.pk,
        channel=data.target or caller.default_channel,
        text=data.msg,
        type=data.type,
        client_id=data.clientMsgId,
        reply_to=data.replyTo,
        attachments=data.attachments,
        thread=data.threadId,
        thread_only=data.threadId is not None and not data.alsoToChannel,
        app=caller.app,
        origin=call.origin,
    )
    stored = await messages.message_send(draft)
    call.awaits_event = not stored.repeated
    return sent_reply(stored)


def sent_reply(stored: StoredMessage) -> dict[str, Any]:
    """Return a `SentMessage`."""
    return {
        "target": str(stored.channel),
        "id": str(stored.id),
        "seq": stored.seq,
        "time": stored.time,
        "position": stored.position,
        **({} if stored.mentions is None else {"mentions": stored.mentions}),
    }


class History(msgspec.Struct):
    target: Id
    before: Number | None = None
    after: Number | None = None
    limit: PageSize = 50


@command("message.history", returns=replies.HistoryPage, guests=True)
async def message_history(call: Call, data: History) -> dict[str, Any]:
    """List a page of a channel's messages in ascending order, and the system notes among them."""
    if data.before is not None and data.after is not None:
        raise ChatError(reasons.BEFORE_AND_AFTER)

    def read() -> tuple[dict[str, Any], list[int]]:
        access = access_channel(call.user, data.target, app=call.caller.app)
        page = history(call.user, access, before=data.before, after=data.after, limit=data.limit)
        shown = {
            "messages": [payloads.message_with_details(found) for found in page.details],
            "notes": [payloads.push_data(note) for note in page.notes],
            "hasMore": page.has_more,
        }
        return shown, newly_delivered_positions(call.user, access.channel, page.messages)

    shown, arrived = await run(read)
    publish.hub().receipts.count_reached(arrived, call.user.pk)
    return shown


@command("message.get", returns=objects.Message, guests=True)
async def get(call: Call, data: MessageTarget) -> dict[str, Any]:
    """Get one message, such as the one that another message replies to."""

    def read() -> dict[str, Any]:
        access = access_channel(call.user, data.target, app=call.caller.app)
        row = access_message(call.user, access, data.id)
        (found,) = with_details([row], call.user)
        return payloads.message_with_details(found)

    return await run(read)


class Edit(msgspec.Struct):
    target: Id
    id: Id
    msg: str


@command("message.edit", returns=replies.EditedMessage, fault=errors.STORE_FAILED, guests=True)
async def edit(call: Call, data: Edit) -> dict[str, Any]:
    """Replace the text of your own message."""
    row, position = await run(
        messages.message_edit,
        user=call.user,
        channel_id=data.target,
        message_id=data.id,
        text=data.msg,
        app=call.caller.app,
        origin=call.origin,
    )
    call.awaits_event = True
    return payloads.edited(row) | {"position": position}


@command("message.recall", returns=replies.ChangedMessage, fault=errors.DELETE_FAILED, guests=True)
async def recall(call: Call, data: MessageTarget) -> dict[str, Any]:
    """Recall a message. It keeps its number in the channel, without its text."""
    row, position = await run(
        messages.message_recall,
        user=call.user,
        channel_id=data.target,
        message_id=data.id,
        app=call.caller.app,
        origin=call.origin,
    )
    call.awaits_event = position is not None
    return {"target": str(data.target), "id": str(row.pk), "seq": row.seq, "position": position or row.position}


class Mark(msgspec.Struct):
    target: Id
    seq: Number


@command("read.mark", returns=marks.ReadPosition, fault=errors.STORE_FAILED, guests=True, limit=READS)
async def mark(call: Call, data: Mark) -> dict[str, Any]:
    """Move your read position up. Your other connections get `read.mark`."""
    read_seq = await run(
        messages.read_mark,
        user=call.user,
        channel_id=data.target,
        seq=data.seq,
        app=call.caller.app,
        connection=call.caller.connection,
    )
    return {"target": str(data.target), "readSeq": read_seq}


@command("read.unmark", returns=marks.ReadPosition, fault=errors.STORE_FAILED, guests=True)
async def unmark(call: Call, data: Mark) -> dict[str, Any]:
    """Mark the messages from number `seq` on as unread. Your other connections get `read.unmark`.

    Other users do not hear of it. Reading further with `read.mark`, or sending a message, ends it.
    """
    read_seq = await run(
        read_unmark,
        user=call.user,
        channel_id=data.target,
        seq=data.seq,
        app=call.caller.app,
        connection=call.caller.connection,
    )
    return {"target": str(data.target), "readSeq": read_seq}
