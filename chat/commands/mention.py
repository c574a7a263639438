"""Command `mention.list`."""

from __future__ import annotations

from typing import Any

import msgspec

from chat import payloads
from chat.commands.fields import Id, PageSize
from chat.commands.page_size import count_fitting
from chat.commands.registry import Call, command
from chat.selectors.mentions import mention_list
from chat.selectors.readable import readable_anywhere
from chat.wire.schema import replies
from delivery.db.executors import run
from delivery.rate_limits.declared import SEARCHES


class MentionList(msgspec.Struct):
    before: Id | None = None
    limit: PageSize = 20


@command("mention.list", returns=replies.FoundMessages, guests=True, limit=SEARCHES)
async def list_mentions(call: Call, data: MentionList) -> dict[str, Any]:
    """List the messages that mention you and that you can read, newest first.

    A page may have fewer than `limit` messages, or none. `next` is the `before` of the next page, or null after the
    last.
    """

    def read() -> dict[str, Any]:
        readable = readable_anywhere(call.user, app=call.caller.app)
        rows, more = mention_list(call.user, readable, before=data.before, limit=data.limit)
        shown = [payloads.message(row, row.sender) for row in rows]
        page = shown[: count_fitting(shown)]
        following = more if len(page) == len(shown) else page[-1]["id"]
        return {"messages": page, "next": None if following is None else str(following)}

    return await run(read)
