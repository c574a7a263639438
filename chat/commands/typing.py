"""Command `typing`."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chat.actions.typing import typing_notify
from chat.commands.fields import Id
from chat.commands.registry import Call, command
from chat.wire.schema import replies
from delivery.db.executors import run
from delivery.rate_limits.declared import TYPING


class Typing(msgspec.Struct):
    target: Id
    threadId: Annotated[Id, Meta(description="The message whose thread you answer in.")] | None = None


@command("typing", returns=replies.TypingNotice, guests=True, limit=TYPING)
async def typing(call: Call, data: Typing) -> dict[str, Any]:
    """Tell the others that you are typing. Repeat it every three seconds while you are; your message ends it.

    Connections opened with `?activity=1` get `typing`.
    """
    shown = await run(
        typing_notify, user_id=call.user.pk, channel_id=data.target, thread_id=data.threadId, app=call.caller.app
    )
    return {"target": str(data.target), "shown": shown}
