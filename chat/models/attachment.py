"""Files that users upload and send with messages. Written by `chat.actions` and `chat.sending.store`."""

from __future__ import annotations

import re
import secrets

from django.conf import settings
from django.db import models

from chat.models.message import Message
from chat.models.scheduled import ScheduledMessage

KEY_BYTES = 16
_KEY = re.compile(r"[A-Za-z0-9_-]{1,32}")


def new_key() -> str:
    """Return a random key of 22 characters, which cannot be guessed."""
    return secrets.token_urlsafe(KEY_BYTES)


def is_key(text: str) -> bool:
    """Return whether the text can be a key. PostgreSQL refuses to look for others, such as one with NUL."""
    return _KEY.fullmatch(text) is not None


class Attachment(models.Model):
    """A file of one user: being uploaded, ready to be sent, or sent with a message. Times are in Unix milliseconds."""

    class Kind(models.TextChoices):
        """The way in which a client shows the file."""

        IMAGE = "image"
        VIDEO = "video"
        AUDIO = "audio"
        FILE = "file"

    class State(models.TextChoices):
        """The steps of a file. Only a ready file can be sent or downloaded. A held one waits for the virus scanner."""

        UPLOADING = "uploading"
        HELD = "held"
        READY = "ready"
        REMOVED = "removed"

    key = models.CharField(max_length=32, unique=True, default=new_key)
    """The id that clients know, also part of its address."""
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="files", db_index=False
    )
    """The message it was sent with. None before, and again once the message is gone."""
    scheduled = models.ForeignKey(
        ScheduledMessage, on_delete=models.SET_NULL, null=True, blank=True, related_name="files", db_index=False
    )
    """The scheduled message that it waits for. No other message can have it."""
    index = models.PositiveSmallIntegerField(default=0)
    """Its place among the files of its message."""
    name = models.CharField(max_length=255)
    """The name to show, without a path."""
    content_type = models.CharField(max_length=127, default="application/octet-stream")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.FILE)
    size = models.BigIntegerField()
    """Bytes, as announced at the start of the upload."""
    received = models.BigIntegerField(default=0)
    """Bytes stored so far."""
    sha256 = models.CharField(max_length=64, blank=True, default="")
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    duration = models.PositiveIntegerField(null=True, blank=True)
    """Milliseconds."""
    preview = models.TextField(blank=True, default="")
    """A tiny WebP picture in Base64, to be shown blurred until the file is loaded."""
    file = models.CharField(max_length=200, blank=True, default="")
    """Its name in the storage. Several rows may share a stored file, which goes with the last of them."""
    is_copy = models.BooleanField(default=False, db_default=False)
    """True for a file of a forwarded message: its uploader has forwarded it, and it takes no further storage."""
    thumbnail = models.CharField(max_length=200, blank=True, default="")
    """The name of its smaller picture in the storage; empty if there is none."""
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADING)
    threat = models.CharField(max_length=200, blank=True, default="", db_default="")
    """The name of the virus for which it was removed."""
    created_at = models.BigIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=["message", "index"], name="attachment_message"),
            models.Index(fields=["file"], name="attachment_file"),
            models.Index(
                fields=["scheduled", "index"], name="attachment_scheduled", condition=models.Q(scheduled__isnull=False)
            ),
            models.Index(fields=["uploader", "created_at"], name="attachment_uploader"),
            # The clean-up looks for files without a message, and most have one.
            models.Index(fields=["created_at"], name="attachment_unsent", condition=models.Q(message__isnull=True)),
            models.Index(fields=["state"], name="attachment_removed", condition=models.Q(state="removed")),
        )

    def __str__(self) -> str:
        return self.name


INCOMPLETE = (Attachment.State.UPLOADING, Attachment.State.HELD)
"""States of an upload whose parts are still needed."""


class InlineMedia(models.Model):
    """The content that clients of `/ws` get in place of a file's address: the sent bytes, or a smaller copy."""

    class Type(models.TextChoices):
        """The type of a message of `/ws` that has such content."""

        PICTURE = "picture"
        VOICE = "voice"

    file = models.CharField(max_length=200, primary_key=True)
    """The name of the file in the storage. All attachments that share the file have it."""
    type = models.CharField(max_length=8, choices=Type)
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.file


class UploadPart(models.Model):
    """A stored part of an unfinished resumable upload. The parts of an upload have no gaps between them."""

    attachment = models.ForeignKey(Attachment, on_delete=models.CASCADE, related_name="parts", db_index=False)
    offset = models.BigIntegerField()
    """The place of its first byte in the upload."""
    file = models.CharField(max_length=200)
    """Its name in the storage."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["attachment", "offset"], name="upload_part_once"),)

    def __str__(self) -> str:
        return self.file
