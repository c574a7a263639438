"""Command `message.search`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from chat import payloads
from chat.commands.fields import Id, PageSize
from chat.commands.page_size import count_fitting
from chat.commands.registry import Call, command
from chat.search.queries import message_search
from chat.selectors import access_channel
from chat.wire.schema import replies
from delivery.db.executors import run
from delivery.rate_limits.declared import SEARCHES


class MessageSearch(msgspec.Struct):
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    target: Id | None = None
    before: Id | None = None
    limit: PageSize = 20


@command("message.search", returns=replies.FoundMessages, limit=SEARCHES)
async def search(call: Call, data: MessageSearch) -> dict[str, Any]:
    """Find messages that you can read and that contain all the words of `q`, in `target` or anywhere, newest first.

    `q` may have operators: `has:file`, `has:link`, `is:thread`, `from:` a user, `in:` a channel, and `before:`,
    `after:` or `on:` a day such as 2026-11-30 or `today`; names with spaces in quotation marks. Without words it finds
    all that they leave. A broken operator counts as words. The last word may be incomplete. A page may have fewer than
    `limit` messages, or none. `next` is the `before` of the next page, or null after the last. A message can be found
    about a second after it was sent.
    """
    caller = call.caller

    def read() -> dict[str, Any]:
        access = None if data.target is None else access_channel(call.user, data.target, app=caller.app)
        found = message_search(call.user, data.q, limit=data.limit, before=data.before, access=access, app=caller.app)
        shown = [payloads.message(row, row.sender) for row in found.messages]
        page = shown[: count_fitting(shown)]
        more = found.next if len(page) == len(shown) else page[-1]["id"]
        return {"messages": page, "next": None if more is None else str(more)}

    return await run(read)
