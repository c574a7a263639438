"""Messages that are sent at a later time. Written by `chat.actions`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from chat.models.channel import Channel


class ScheduledMessage(models.Model):
    """A message that its user has scheduled. The row is deleted once the message is stored. Times are in Unix ms."""

    class State(models.TextChoices):
        """The steps of a scheduled message."""

        WAITING = "waiting"
        SENDING = "sending"
        FAILED = "failed"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    reply_to = models.BigIntegerField(null=True)
    thread = models.BigIntegerField(null=True)
    """The id of the message whose thread it answers in."""
    thread_only = models.BooleanField(default=False)
    app = models.PositiveIntegerField(null=True)
    """The number of the app that its user was on; None for a service."""
    due_at = models.BigIntegerField()
    client_id = models.CharField(max_length=64)
    """The client message id under which it is sent, so that it is stored once however often a node tries it."""
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    claimed_at = models.BigIntegerField(null=True)
    """When a node began to send it."""
    refusal = models.JSONField(null=True)
    """The reason of its failure as clients get it, a `ScheduledRefusal`."""
    created_at = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "client_id"], name="scheduled_once"),)
        indexes = (
            models.Index(fields=["user", "due_at"], name="scheduled_user"),
            models.Index(fields=["due_at"], name="scheduled_due", condition=~models.Q(state="failed")),
        )

    def __str__(self) -> str:
        return str(self.pk)
