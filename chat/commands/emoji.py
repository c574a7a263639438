"""Command `emoji.list`."""

from __future__ import annotations

from typing import Any

from chat.actions.custom_emoji import custom_emoji_payload
from chat.commands.registry import Call, Nothing, command
from chat.selectors.custom_emoji import custom_emoji_list
from chat.wire.schema import replies
from delivery.db.executors import run


@command("emoji.list", returns=replies.CustomEmojiList, guests=True)
async def list_emoji(call: Call, data: Nothing) -> dict[str, Any]:
    """List the custom emoji of the site. Texts and reactions have their names between colons, such as `:shipped:`."""
    return {"emoji": [custom_emoji_payload(row) for row in await run(custom_emoji_list)]}
