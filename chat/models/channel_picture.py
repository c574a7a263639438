"""Pictures of groups. Written by `chat.actions.channel_picture`."""

from __future__ import annotations

from django.db import models

from chat.models.attachment import new_key
from chat.models.channel import Channel


class ChannelPicture(models.Model):
    """The picture of a group, a square WebP. The row holds it, so all nodes have it."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=32, unique=True, default=new_key)
    """A random part of its address. Nobody can guess it, and a new picture has another."""
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"of {self.channel_id}"
