"""The guard of files: a file is readable for those who may read its message, before that for its uploader only.

Operators who may view all messages in the admin may read the files of all messages.
"""

from __future__ import annotations

from accounts.models import User
from chat import reasons
from chat.actions.service_access import access_for_service
from chat.errors import ChatError
from chat.models import Attachment
from chat.models.attachment import is_key
from chat.selectors import access_message

VIEW_MESSAGES = "chat.view_message"
"""Operators view messages in the admin by it. Services have it for their own messages only."""


def access_attachment(user: User, key: str) -> Attachment:
    """Return the file if the user may read it now.

    Raise ChatError otherwise, always with a code for absent data. The file of a recalled or deleted message is absent.
    """
    rows = Attachment.objects.filter(key=key, state=Attachment.State.READY).select_related("message")
    row = rows.first() if is_key(key) else None
    if row is None:
        raise ChatError(reasons.ATTACHMENT_NOT_FOUND)
    if row.message is None:
        if row.uploader_id != user.pk:
            raise ChatError(reasons.ATTACHMENT_NOT_FOUND)
        return row
    message = row.message
    if not views_all_messages(user):
        message = access_message(user, access_for_service(user, message.channel_id), message.pk)
    if message.recalled_at is not None:
        raise ChatError(reasons.ATTACHMENT_NOT_FOUND)
    return row


def views_all_messages(user: User) -> bool:
    """Return whether the user is an operator who may view all messages in the admin."""
    return user.is_staff and user.is_active and user.kind == User.Kind.PERSON and user.has_perm(VIEW_MESSAGES)
