"""Commands of the clients. Importing the package registers all of them."""

from chat.commands import channel, friends, message, moderation, reaction, search, session, users

__all__ = ["channel", "friends", "message", "moderation", "reaction", "search", "session", "users"]
