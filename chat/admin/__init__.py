"""Channels, messages, who keeps order and how, for operators. Nothing is typed into rows: what is done is an action."""

from accounts.admin.model_translations import translate

translate("chat")

from chat.admin import announcements, channels, incoming_webhooks, messages, reports, restrictions, users, webhooks  # noqa: E402, F401 - each registers its models
