"""Custom emoji of the site. Written only by `chat.actions.custom_emoji`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

NAME_LIMIT = 30
"""Characters of a name. With its colons it fits into `Reaction.emoji`."""


class CustomEmoji(models.Model):
    """A small picture with a name, which users write as `:name:`. The row holds the picture, so all nodes have it."""

    name = models.CharField(max_length=NAME_LIMIT, unique=True)
    """Without its colons, in lower case."""
    picture = models.BinaryField()
    """WebP."""
    sha256 = models.CharField(max_length=64, db_index=True)
    """The digest of the picture, which is its address. Two emoji may share it."""
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.BigIntegerField()
    """Unix milliseconds."""

    class Meta:
        verbose_name = verbose_name_plural = "custom emoji"

    def __str__(self) -> str:
        return f":{self.name}:"
