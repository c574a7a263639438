"""Restrictions (mutes and bans), reports and announcements. Written only by `chat.actions`."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import App
from chat.models.channel import Channel
from chat.models.message import Message


class Restriction(models.Model):
    """A mute (the user cannot send) or a ban (the user cannot be a member). Sets `User.is_restricted` as well."""

    class Kind(models.TextChoices):
        MUTE = "mute", "Muted"
        BAN = "ban", "Banned"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="restrictions")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True, related_name="restrictions")
    """Null: all channels."""
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: until it is lifted.")
    reason = models.CharField(max_length=200, blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="restriction_once"),
            models.UniqueConstraint(
                fields=["user", "kind"], condition=models.Q(channel=None), name="restriction_everywhere_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind}"


class Report(models.Model):
    """A member's report of a message to the moderators."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        ACTED = "acted", "Action taken"
        DISMISSED = "dismissed", "Dismissed"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True, default="")
    text = models.TextField(blank=True, default="")
    """The message's text at the time of the report."""
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["message", "reporter"], name="report_once"),)
        indexes = (models.Index(fields=["state", "created_at"], name="report_state_created"),)

    def __str__(self) -> str:
        return f"{self.message_id} by {self.reporter_id}"


class Announcement(models.Model):
    """A message from the site to all users of an app, or of all apps, sent at `due_at`."""

    text = models.TextField()
    app = models.ForeignKey(App, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: all apps.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.text[:60]
