"""Pictures and voice messages of `/ws`: their bytes become an upload of the sender, which the message then has.

Other clients of `/ws` get the same bytes again. All others get the file, a picture without its metadata.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Collection
from typing import Any

from django.utils import timezone

from accounts.models import User
from chat import rules
from chat.actions.upload import storage_errors, upload_cancel, upload_create
from chat.actions.upload_completion import upload_store
from chat.attachments.content_types import HEAD_BYTES, UNKNOWN, content_type
from chat.attachments.inspection import Inline, inline_max_bytes
from chat.attachments.spool import Spool
from chat.models import Attachment, InlineMedia, MessageKey
from chat.sending.drafts import Draft

_DECLARED = {InlineMedia.Type.PICTURE.value: UNKNOWN, InlineMedia.Type.VOICE.value: "audio/*"}
_ENDINGS = {
    "image/jpeg": ".jpg",
    "audio/mp4": ".m4a",
    "audio/webm": ".webm",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/aac": ".aac",
    "audio/flac": ".flac",
    UNKNOWN: "",
}
"""Endings of names where `mimetypes` has none, or another one than users expect."""


def inline_media_draft(*, sender: int, channel: int, content: bytes, client_id: str, **fields: Any) -> Draft:
    """Return a draft of a picture or voice message, still without its file.

    Raise ChatError if the content or the client id is not valid.
    """
    rules.check_content(content, limit=inline_max_bytes())
    return Draft(
        sender=sender, channel=channel, text="", type="file", client_id=rules.check_client_id(client_id), **fields
    )


def inline_media_upload(*, user: User, type: str, content: bytes, client_id: str | None) -> tuple[str, ...]:
    """Store the content as an upload of the user; return its key, for the draft. `type` is that of `InlineMedia`.

    Store nothing for a retry: a message with this client id exists. Raises ChatError as `upload_create` and
    `upload_store` do, but stores a picture that cannot be read as a plain file.
    """
    if client_id is not None and MessageKey.objects.filter(sender=user, client_id=client_id).exists():
        return ()
    upload = upload_create(user=user, size=len(content), declared=_DECLARED[type])
    return (inline_media_store(upload=upload, inline=Inline(type, content)).key,)


def inline_media_store(*, upload: Attachment, inline: Inline) -> Attachment:
    """Store the content as the file of this upload, and name it after its type and the time of the upload."""
    found = content_type(inline.content[:HEAD_BYTES], declared=_DECLARED[inline.type])
    ending = _ENDINGS.get(found, mimetypes.guess_extension(found) or "")
    if inline.type == InlineMedia.Type.VOICE:
        # The page shows a sound of such a name as a voice message.
        upload.name = f"voice-message-{timezone.localtime():%Y%m%d-%H%M%S}{ending}"
    else:
        upload.name = f"picture{ending}"
    with storage_errors():
        received = Spool()
    try:
        with storage_errors():
            received.write(inline.content)
        return upload_store(upload=upload, received=received, inline=inline)
    finally:
        received.discard()


def inline_media_discard(keys: Collection[str]) -> None:
    """Delete uploads whose message was refused, or had been stored before."""
    for row in Attachment.objects.filter(key__in=keys):
        upload_cancel(upload=row)
