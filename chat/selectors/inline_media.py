"""Loads what clients of `/ws` get in place of a file, for messages that were read from the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chat.models import Attachment, InlineMedia
from chat.wire.schema.events import MESSAGE
from delivery.log import Entry


def load_inline_media(entries: Sequence[Entry]) -> None:
    """Set the media of those messages that clients of `/ws` get as a picture or voice message.

    Takes two queries if there is a message that consists of one file, else none.
    """
    messages = {key: entry for entry in entries if entry.kind == MESSAGE.name and (key := only_file(entry.body))}
    if not messages:
        return
    ready = Attachment.objects.filter(key__in=list(messages), state=Attachment.State.READY)
    files = dict(ready.values_list("key", "file"))
    found = InlineMedia.objects.in_bulk(set(files.values()))
    for key, entry in messages.items():
        if (media := found.get(files.get(key, ""))) is not None:
            entry.media_type, entry.media = media.type, bytes(media.content)


def only_file(body: Mapping[str, Any]) -> str | None:
    """Return the key of the file of which a message consists; None if it has a text, several files or none."""
    attachments = body.get("attachments")
    if not attachments or len(attachments) > 1 or body.get("content"):
        return None
    key: str = attachments[0]["id"]
    return key
