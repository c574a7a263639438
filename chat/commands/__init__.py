"""Importing the package registers every command."""

from chat.commands import channel, message, people, session

__all__ = ["channel", "message", "people", "session"]
