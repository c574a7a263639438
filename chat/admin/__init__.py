"""Channels and messages, for operators. Nothing is typed into rows: what an operator does is an action."""

from chat.admin import channels, messages  # noqa: F401 - each registers its models
