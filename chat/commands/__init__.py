"""Commands of the clients. Importing the package registers all of them."""

from chat.commands import (
    channel,
    emoji,
    friends,
    mention,
    message,
    moderation,
    reaction,
    search,
    session,
    thread,
    users,
)

__all__ = [
    "channel",
    "emoji",
    "friends",
    "mention",
    "message",
    "moderation",
    "reaction",
    "search",
    "session",
    "thread",
    "users",
]
