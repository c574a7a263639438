"""Files whose content ends: they are marked here, and deleted by the clean-up of the storage."""

from __future__ import annotations

from collections.abc import Collection

from chat.models import Attachment


def attachments_remove(message_ids: Collection[int]) -> None:
    """Mark the files of these messages as removed, in the open transaction. Nobody can download them after it."""
    Attachment.objects.filter(message__in=message_ids).update(state=Attachment.State.REMOVED)


def attachments_remove_unsent(user_id: int) -> None:
    """Mark the user's uploads that are in no message as removed, in the open transaction."""
    Attachment.objects.filter(uploader=user_id, message=None).update(state=Attachment.State.REMOVED)
