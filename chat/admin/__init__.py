"""Channels, messages, who keeps order and how, for operators. Nothing is typed into rows: what is done is an action."""

from chat.admin import announcements, channels, messages, people, reports, restrictions  # noqa: F401 - each registers
