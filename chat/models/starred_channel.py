"""Channels that users keep at the top of their lists. Written by `chat.actions.channel_star`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from chat.models.channel import Channel


class StarredChannel(models.Model):
    """A user's favourite channel."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "channel"], name="starred_channel_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.channel_id}"
