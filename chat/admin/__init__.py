"""Admin pages of users, channels, messages, moderation and webhooks.

Rows are read-only or edited through domain actions; all other changes are admin actions.
"""

from accounts.admin.model_translations import translate_models

translate_models("chat")

from chat.admin import (  # noqa: E402, F401 - each registers its models
    announcements,
    attachments,
    channels,
    custom_emoji,
    incoming_webhooks,
    invites,
    messages,
    reports,
    restrictions,
    scheduled,
    slash_commands,
    users,
    webhooks,
)
