"""Commands of the clients. Importing the package registers all of them."""

from chat.commands import (
    channel,
    emoji,
    forward,
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
    "forward",
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
