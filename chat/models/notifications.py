"""The users' settings of the notifications of channels. Written by `chat.actions.notification_settings`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from chat.models.channel import Channel


class NotificationSetting(models.Model):
    """A user's own setting of one channel. A user without a row has the defaults."""

    class Level(models.TextChoices):
        DEFAULT = "default", "As set for all channels"
        ALL = "all", "Every message"
        MENTIONS = "mentions", "Mentions only"
        NONE = "none", "Nothing"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.DEFAULT)
    """The messages that the user is notified of."""
    muted = models.BooleanField(default=False)
    """The channel's messages do not count as unread for the user, except those that mention them."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "channel"], name="notification_setting_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.channel_id}"

    @property
    def choice(self) -> dict[str, Any]:
        """Return a `ChannelNotifications`."""
        return {"level": self.level, "muted": self.muted}

    @property
    def is_default(self) -> bool:
        """Return whether it says what holds without a row."""
        return self.level == self.Level.DEFAULT and not self.muted
