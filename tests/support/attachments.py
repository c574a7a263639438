"""Uploads that are ready to be sent, with and without their files."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile

from accounts.models import User
from chat.attachments import storage
from chat.models import Attachment


def ready_attachment(uploader: User, name: str = "photo.jpg", **fields: Any) -> Attachment:
    """Create the row of a complete upload."""
    values: dict[str, Any] = {
        "content_type": "image/jpeg",
        "kind": Attachment.Kind.IMAGE,
        "size": 5,
        "received": 5,
        "sha256": "00" * 32,
        "file": f"aa/{name}",
        "state": Attachment.State.READY,
        "created_at": 1,
    }
    return Attachment.objects.create(uploader=uploader, name=name, **values | fields)


def stored_attachment(
    uploader: User, content: bytes = b"0123456789", name: str = "photo.jpg", **fields: Any
) -> Attachment:
    """Store a file and create its row."""
    stored = storage.new_name()
    storage.save(stored, ContentFile(content))
    values = {"file": stored, "size": len(content), "received": len(content)}
    return ready_attachment(uploader, name, **values | fields)
