"""Importing the package registers every command."""

from chat.commands import channel, friends, message, people, session

__all__ = ["channel", "friends", "message", "people", "session"]
