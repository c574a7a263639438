"""Set and remove the picture of a group, which is made of an uploaded file."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet

from accounts import avatars
from accounts.errors import BadPicture
from accounts.models import User
from chat import reasons
from chat.account_errors import chat_error
from chat.actions.channel import lock_managed_group, note_event
from chat.attachments import storage
from chat.errors import ChatError
from chat.models import Attachment, ChannelPicture
from chat.models.attachment import is_key
from chat.selectors import Access
from delivery import log, publish
from delivery.db.transactions import write


def channel_set_picture(*, user: User, channel_id: int, attachment: str | None) -> Access:
    """Make the caller's upload the picture of a group that they manage; None removes the picture.

    The upload is used up. Raise ChatError ATTACHMENT_NOT_FOUND for one that is not the caller's, not ready or sent, and
    a reason `avatar_…` for a file that is no picture, or too large.
    """
    # Checked first, so that no picture is decoded for others, and strangers learn nothing of the upload.
    with write():
        lock_managed_group(user, channel_id)
    upload = None if attachment is None else _own_upload(user, attachment)
    content = None if upload is None else _normalized(upload)
    with write():
        access = lock_managed_group(user, channel_id)
        channel = access.channel
        gone, _ = ChannelPicture.objects.filter(channel=channel).delete()
        if content is None and not gone:
            return access
        channel.picture_key = ""
        if upload is not None and content is not None:
            # It may have been sent in a message meanwhile.
            if not _unsent(user).filter(pk=upload.pk).update(state=Attachment.State.REMOVED):
                raise _not_found()
            channel.picture_key = ChannelPicture.objects.create(channel=channel, content=content).key
        channel.save(update_fields=["picture_key"])
        publish.after_commit(log.append([note_event(channel, "picture", by=user)]))
    return access


def _own_upload(user: User, key: str) -> Attachment:
    upload = _unsent(user).filter(key=key).first() if is_key(key) else None
    if upload is None:
        raise _not_found()
    return upload


def _unsent(user: User) -> QuerySet[Attachment]:
    return Attachment.objects.filter(uploader=user, message=None, scheduled=None, state=Attachment.State.READY)


def _not_found() -> ChatError:
    return ChatError(reasons.ATTACHMENT_NOT_FOUND, field="attachment")


def _normalized(upload: Attachment) -> bytes:
    try:
        if upload.size > settings.IM_AVATAR_MAX_BYTES:
            raise avatars.picture_too_large()
        with storage.open_file(upload.file) as file:
            return avatars.normalize_picture(file.read())
    except BadPicture as error:
        raise chat_error(error, field="attachment") from error
