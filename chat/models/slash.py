"""Slash commands of services, and their runs. Written only by `chat.slash`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models import App
from chat.models.channel import Channel

NAME_LIMIT = 32


class SlashCommand(models.Model):
    """A command that users call by `/name`, and that another system answers at a URL. A bot posts for it."""

    name = models.CharField(max_length=NAME_LIMIT, unique=True)
    """Without its slash, in lower case."""
    description = models.CharField(max_length=200)
    hint = models.CharField(max_length=100, blank=True, default="")
    """The arguments as users see them, such as `<branch>`."""
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=64, editable=False)
    """Signs requests; shared with the receiver."""
    bot = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    app = models.ForeignKey(App, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    """The app whose users can call it; None: all apps."""
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    """The channel in which it works; None: all channels."""
    enabled = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.BigIntegerField()
    """Unix milliseconds."""

    def __str__(self) -> str:
        return f"/{self.name}"


class SlashRun(models.Model):
    """A call of a service's command, kept for a day: its answers go to this user and channel only."""

    command = models.ForeignKey(SlashCommand, on_delete=models.CASCADE, related_name="runs")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    thread = models.BigIntegerField(null=True)
    """The message in whose thread it was called."""
    client_id = models.CharField(max_length=64, null=True)
    """The client message id, by which a retry does not run it twice."""
    responses = models.PositiveSmallIntegerField(default=0)
    """Answers that have come by the response URL."""
    created_at = models.BigIntegerField(db_index=True)
    """Unix milliseconds."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "client_id"], name="slash_run_once"),)

    def __str__(self) -> str:
        return f"{self.command} {self.pk}"
