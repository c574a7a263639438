"""Commands about messages that a user has saved for later."""

from __future__ import annotations

from typing import Any

import msgspec

from chat import errors
from chat.actions.saved import message_save, message_unsave, saved_payload
from chat.actions.service_access import manages_groups
from chat.commands.fields import Id, MessageTarget, PageSize
from chat.commands.page_size import count_fitting
from chat.commands.registry import Call, command
from chat.selectors.readable import readable_anywhere
from chat.selectors.saved import saved_ids, saved_messages
from chat.wire.schema import marks, replies
from delivery.db.executors import run


@command("saved.add", returns=marks.SavedMark, fault=errors.STORE_FAILED)
async def add(call: Call, data: MessageTarget) -> dict[str, Any]:
    """Save a message for later. Nobody else knows of it. A message that you have saved already stays where it is."""
    row = await run(
        message_save,
        user=call.user,
        channel_id=data.target,
        message_id=data.id,
        app=call.caller.app,
        connection=call.caller.connection,
    )
    return {"target": str(data.target), "id": str(row.message_id), "savedAt": row.saved_at}


class SavedTarget(msgspec.Struct):
    id: Id


@command("saved.remove", returns=replies.SavedReference, fault=errors.DELETE_FAILED)
async def remove(call: Call, data: SavedTarget) -> dict[str, Any]:
    """Remove a message from those that you have saved. Nothing changes if it is not one of them."""
    await run(message_unsave, user=call.user, message_id=data.id, connection=call.caller.connection)
    return {"id": str(data.id)}


class SavedList(msgspec.Struct):
    before: Id | None = None
    limit: PageSize = 20


@command("saved.list", returns=replies.SavedMessages)
async def list_saved(call: Call, data: SavedList) -> dict[str, Any]:
    """List the messages that you have saved and that you can read now, the last saved one first.

    A message that you may not read any more is left out, and is listed again if you may read it again. A page may have
    fewer than `limit` messages, or none. `next` is the `before` of the next page, or null after the last.
    """

    def read() -> dict[str, Any]:
        readable = readable_anywhere(call.user, app=call.caller.app, manages=manages_groups(call.user))
        rows, more = saved_messages(call.user, readable, before=data.before, limit=data.limit)
        shown = [saved_payload(row) for row in rows]
        page = shown[: count_fitting(shown)]
        following = more if len(page) == len(shown) else rows[len(page) - 1].pk
        return {"messages": page, "next": None if following is None else str(following)}

    return await run(read)


class SavedIds(msgspec.Struct):
    before: Id | None = None


@command("saved.ids", returns=replies.SavedIds)
async def list_ids(call: Call, data: SavedIds) -> dict[str, Any]:
    """List the ids of all messages that you have saved, the last saved one first, to mark them where they are shown.

    `next` is the `before` of the next page, or null after the last.
    """
    ids, more = await run(saved_ids, call.user, before=data.before)
    return {"ids": [str(id) for id in ids], "next": None if more is None else str(more)}
