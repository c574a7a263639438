"""Previews of linked pages, and the messages that show them. Written by `chat.actions.link_preview`."""

from __future__ import annotations

from django.db import models

from chat.models.attachment import new_key
from chat.models.message import Message


class LinkPreview(models.Model):
    """The description of a page when it was loaded. After IM_LINK_PREVIEW_HOURS it is loaded anew for new messages.

    Without a title the page had nothing to show, or could not be read; that is kept as long.
    """

    key = models.CharField(max_length=32, unique=True, default=new_key)
    address = models.TextField()
    address_hash = models.CharField(max_length=64)
    """SHA-256 of the address."""
    title = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    site_name = models.TextField(blank=True, default="")
    picture = models.CharField(max_length=200, blank=True, default="")
    """The name of its small WebP picture in the storage; empty if there is none."""
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    is_ready = models.BooleanField(default=False)
    """False until its picture is stored. The row names it before that, so that a crash leaves no unknown file."""
    loaded_at = models.BigIntegerField()
    """Unix milliseconds."""

    class Meta:
        indexes = (
            models.Index(fields=["address_hash", "-loaded_at"], name="link_preview_newest"),
            models.Index(fields=["loaded_at"], name="link_preview_age"),
        )

    def __str__(self) -> str:
        return self.address


class MessagePreview(models.Model):
    """A preview of a message. One that was removed stays, so that an edit of the text does not bring it back."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+", db_index=False)
    preview = models.ForeignKey(LinkPreview, on_delete=models.CASCADE, related_name="messages")
    is_removed = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["message", "preview"], name="message_preview_once"),)

    def __str__(self) -> str:
        return f"{self.message_id} {self.preview_id}"
