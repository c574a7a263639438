"""Commands `message.react` and `message.unreact`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from chat import errors
from chat.actions import reaction
from chat.commands.fields import MessageTarget
from chat.commands.registry import Call, command
from chat.reaction_emoji import MAX_CHARACTERS
from chat.wire.schema import replies
from delivery.db.executors import run


class ReactionTarget(MessageTarget):
    """Names a message, and an emoji."""

    emoji: Annotated[str, Meta(min_length=1, max_length=MAX_CHARACTERS)]


@command("message.react", returns=replies.ReactionReply, fault=errors.STORE_FAILED, guests=True)
async def react(call: Call, data: ReactionTarget) -> dict[str, Any]:
    """React to a message with an emoji. All members get `message.reacted`."""
    return await _change(reaction.message_react, call, data)


@command("message.unreact", returns=replies.ReactionReply, fault=errors.DELETE_FAILED, guests=True)
async def unreact(call: Call, data: ReactionTarget) -> dict[str, Any]:
    """Remove your reaction. All members get `message.unreacted`. A recall removes all reactions of the message."""
    return await _change(reaction.message_unreact, call, data)


async def _change(action: Callable[..., reaction.Reacted], call: Call, data: ReactionTarget) -> dict[str, Any]:
    reacted = await run(
        action,
        user=call.user,
        channel_id=data.target,
        message_id=data.id,
        emoji=data.emoji,
        app=call.caller.app,
        origin=call.origin,
    )
    call.awaits_event = reacted.position is not None
    return {
        "target": str(data.target),
        "id": str(reacted.message.pk),
        "seq": reacted.message.seq,
        "emoji": reacted.emoji,
        "count": reacted.count,
        "position": reacted.position or reacted.message.position,
    }
