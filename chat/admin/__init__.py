"""Channels, messages, who keeps order and how, for operators. Nothing is typed into rows: what is done is an action."""

from accounts.admin.words import translate

translate("chat")

from chat.admin import (  # noqa: E402, F401 - each registers its models
    announcements,
    channels,
    incoming_hooks,
    messages,
    people,
    reports,
    restrictions,
    webhooks,
)
