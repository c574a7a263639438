"""Messages that users have saved for later. Written by `chat.actions`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from chat.models.message import Message


class SavedMessage(models.Model):
    """A message that a user has saved. It is shown only while the user may read it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    saved_at = models.BigIntegerField()
    """Unix milliseconds."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "message"], name="saved_once"),)
        indexes = (models.Index(fields=["user", "-id"], name="saved_newest"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.message_id}"
