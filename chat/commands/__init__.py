"""Importing the package registers every command."""

from chat.commands import channel, friends, message, moderation, people, search, session

__all__ = ["channel", "friends", "message", "moderation", "people", "search", "session"]
