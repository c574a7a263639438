"""Command `message.readers`: the members who have read a message."""

from __future__ import annotations

from typing import Any

import msgspec

from chat import payloads, reasons
from chat.commands.fields import Id, Number, PageSize
from chat.commands.registry import Call, command
from chat.errors import ChatError
from chat.selectors import access_channel, access_message
from chat.selectors.readers import message_readers
from chat.wire.schema import replies
from delivery.db.executors import run


class MessageReaders(msgspec.Struct):
    target: Id
    id: Id
    after: Number = 0
    limit: PageSize = 100


@command("message.readers", returns=replies.MessageReaders, guests=True)
async def readers(call: Call, data: MessageReaders) -> dict[str, Any]:
    """List the members who have read your own message and share that, by id. `after`: the last one that you have."""

    def read() -> dict[str, Any]:
        access = access_channel(call.user, data.target, app=call.caller.app)
        row = access_message(call.user, access, data.id)
        if row.sender_id != call.user.pk:
            raise ChatError(reasons.NOT_THE_AUTHOR)
        found = message_readers(row, access.channel, after=data.after, limit=data.limit)
        if found is None:
            return {"shown": False, "readers": [], "count": 0, "hasMore": False}
        people = [payloads.person(user) for user in found.users]
        return {"shown": True, "readers": people, "count": found.count, "hasMore": found.has_more}

    return await run(read)
