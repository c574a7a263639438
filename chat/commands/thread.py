"""Commands `thread.*`. Answers are sent by `message.send` with `threadId`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chat import errors, payloads, reasons
from chat.actions import thread as threads
from chat.commands.fields import Id, Number, PageSize
from chat.commands.page_size import count_fitting
from chat.commands.registry import Call, command
from chat.errors import ChatError
from chat.selectors import access_channel
from chat.selectors.message_details import with_details
from chat.selectors.threads import followed_threads, thread_answers
from chat.wire.schema import marks, replies
from delivery.db.executors import run
from delivery.rate_limits.declared import READS


class ThreadTarget(msgspec.Struct):
    """Names a thread of a channel by the id of the message that it answers."""

    target: Id
    threadId: Id


class ThreadHistory(ThreadTarget):
    before: Number | None = None
    after: Number | None = None
    limit: PageSize = 50


@command("thread.history", returns=replies.ThreadPage, guests=True)
async def thread_history(call: Call, data: ThreadHistory) -> dict[str, Any]:
    """List a page of a thread's answers in ascending order, the newest without `before` or `after` (numbers)."""
    if data.before is not None and data.after is not None:
        raise ChatError(reasons.BEFORE_AND_AFTER)

    def read() -> dict[str, Any]:
        access = access_channel(call.user, data.target, app=call.caller.app)
        page = thread_answers(call.user, access, data.threadId, before=data.before, after=data.after, limit=data.limit)
        shown = {
            "messages": [payloads.message_with_details(found) for found in with_details(page.answers, call.user)],
            "hasMore": page.has_more,
        }
        if page.root is not None:
            (root,) = with_details([page.root], call.user)
            shown["root"] = payloads.message_with_details(root)
        return shown

    return await run(read)


class ThreadList(msgspec.Struct):
    before: Annotated[Number | None, Meta(description="Only threads with smaller positions.")] = None
    limit: PageSize = 50


@command("thread.list", returns=replies.ThreadList, guests=True)
async def thread_list(call: Call, data: ThreadList) -> dict[str, Any]:
    """List the threads that you follow, the one with the newest event first."""

    def read() -> dict[str, Any]:
        found = followed_threads(call.user, app=call.caller.app, before=data.before, limit=data.limit + 1)
        listed = [
            {
                "target": str(summary.thread.channel_id),
                "thread": payloads.thread(summary),
                **({} if root is None else {"root": payloads.message(root, root.sender)}),
            }
            for summary, root in found[: data.limit]
        ]
        page = listed[: count_fitting(listed)]
        return {"threads": page, "hasMore": len(page) < len(found)}

    return await run(read)


@command("thread.follow", returns=marks.ThreadMark, fault=errors.STORE_FAILED, guests=True)
async def follow(call: Call, data: ThreadTarget) -> dict[str, Any]:
    """Follow a thread that has answers. You follow those that you began, answered in, or were mentioned in."""
    return await _set_following(call, data, follows=True)


@command("thread.unfollow", returns=marks.ThreadMark, fault=errors.STORE_FAILED, guests=True)
async def unfollow(call: Call, data: ThreadTarget) -> dict[str, Any]:
    """Stop following a thread. It is not listed any more, until you answer in it, are mentioned in it, or follow it."""
    return await _set_following(call, data, follows=False)


class Mark(ThreadTarget):
    seq: Number


@command("thread.mark", returns=marks.ThreadMark, fault=errors.STORE_FAILED, guests=True, limit=READS)
async def mark(call: Call, data: Mark) -> dict[str, Any]:
    """Move your read position in a thread that you follow up. Your other connections get `thread.mark`."""
    follower = await run(
        threads.thread_mark,
        user=call.user,
        channel_id=data.target,
        thread_id=data.threadId,
        seq=data.seq,
        app=call.caller.app,
        connection=call.caller.connection,
    )
    return payloads.thread_mark(data.target, follower)


async def _set_following(call: Call, data: ThreadTarget, *, follows: bool) -> dict[str, Any]:
    follower = await run(
        threads.thread_follow,
        user=call.user,
        channel_id=data.target,
        thread_id=data.threadId,
        follows=follows,
        app=call.caller.app,
        connection=call.caller.connection,
    )
    return payloads.thread_mark(data.target, follower)
