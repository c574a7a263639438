"""The users' own arrangements of their lists of channels. Written by `chat.actions.sidebar`."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Sidebar(models.Model):
    """A user's order of channels and own sections. A user without a row has the defaults, at revision 0."""

    class Sort(models.TextChoices):
        LATEST = "latest", "Latest first"
        NAME = "name", "By name"
        UNREAD = "unread", "Unread first"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="+")
    revision = models.PositiveBigIntegerField(default=0, db_default=0)
    """Grows with each change, so that no client overwrites one that it has not seen."""
    sort = models.CharField(max_length=8, choices=Sort.choices, default=Sort.LATEST, db_default=Sort.LATEST)
    """Of all channels but those in sections, which have an order of their own."""
    sections = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    """`[{"name", "channels"}]` and the ids in `channels` in their order. A channel is in one section at most."""

    def __str__(self) -> str:
        return str(self.pk)
