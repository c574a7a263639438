"""The files of a widget: those of its channel's messages, and its own uploads, which it can send there only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer

from accounts.models import User
from chat import reasons
from chat.actions.attachment_access import access_attachment
from chat.errors import ChatError
from chat.models import Attachment
from chat.widgets.callers import WidgetCaller
from delivery.hub.connection import Connection

_SALT = "imsite.widget.upload"
_MAX_REFERENCE_LENGTH = 200


def max_upload_bytes(user: User) -> int:
    """Return the size of the largest file that the user may upload by a widget; 0 if none."""
    if user.is_guest and not settings.IM_GUEST_UPLOADS:
        return 0
    return int(min(settings.IM_WIDGET_UPLOAD_MAX_BYTES, settings.IM_ATTACHMENT_MAX_BYTES))


def readable_file(caller: WidgetCaller, key: str) -> Attachment:
    """Return the file of a message in the widget's channel. Raise ChatError ATTACHMENT_NOT_FOUND for any other."""
    row = access_attachment(caller.user, key)
    if row.message is None or row.message.channel_id != caller.channel:
        raise ChatError(reasons.ATTACHMENT_NOT_FOUND)
    return row


def upload_reference(upload: Attachment, *, channel: int) -> str:
    """Return the name by which a widget sends its upload. Other files of the user have none."""
    return _signer(upload.uploader_id, channel).sign(upload.key)


def resolve_references(connection: Connection, data: Any) -> None:
    """Replace the references in a request of a widget by the ids of its uploads.

    Raise ChatError ATTACHMENT_NOT_FOUND for anything else than an upload for this user and channel by a widget.
    """
    references = getattr(data, "attachments", None)
    if not references or connection.user_id is None or connection.only_channel is None:
        return
    signer = _signer(connection.user_id, connection.only_channel)
    try:
        data.attachments = [signer.unsign(text[:_MAX_REFERENCE_LENGTH]) for text in references]
    except BadSignature:
        raise ChatError(reasons.ATTACHMENT_NOT_FOUND) from None


def _signer(user_id: int, channel: int) -> Signer:
    return Signer(sep=".", salt=f"{_SALT}.{user_id}.{channel}")
