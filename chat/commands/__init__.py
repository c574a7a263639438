"""Commands of the clients. Importing the package registers all of them."""

from chat.commands import (
    attachment,
    channel,
    emoji,
    forward,
    friends,
    link_preview,
    mention,
    message,
    moderation,
    reaction,
    scheduled,
    search,
    session,
    slash,
    thread,
    users,
)

__all__ = [
    "attachment",
    "channel",
    "emoji",
    "forward",
    "friends",
    "link_preview",
    "mention",
    "message",
    "moderation",
    "reaction",
    "scheduled",
    "search",
    "session",
    "slash",
    "thread",
    "users",
]
