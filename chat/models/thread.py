"""Threads: the answers to a message, with readers of their own. Written by `chat.sending` and `chat.actions`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from chat.models.channel import Channel


class Thread(models.Model):
    """The answers to one message, whose id it has. It outlives that message until its last answer is deleted."""

    # An "auto" field although the value is always given: SQLite then uses it as the row id, without a second index.
    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="threads")
    count = models.PositiveIntegerField()
    """Answers that are not recalled."""
    last_seq = models.BigIntegerField()
    """The sequence number of the last answer."""
    last_at = models.BigIntegerField()
    """Unix milliseconds."""
    position = models.BigIntegerField()
    """The position of the event that changed the count last. Clients order histories and events by it."""

    class Meta:
        indexes = (
            models.Index(fields=["channel", "position"], name="thread_position"),
            models.Index(fields=["channel", "last_seq"], name="thread_last"),
        )

    def __str__(self) -> str:
        return str(self.pk)


class ThreadFollower(models.Model):
    """A user who has followed a thread, and how far they have read it."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="followers", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    follows = models.BooleanField(default=True)
    """False once they follow it no longer."""
    read_seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["thread", "user"], name="thread_follower_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.thread_id}"
