"""Files whose content ends: they are marked here, and deleted by the clean-up of the storage."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from chat import reasons
from chat.errors import ChatError
from chat.models import Attachment
from delivery.db.transactions import write


def attachments_remove(message_ids: Collection[int]) -> None:
    """Mark the files of these messages as removed, in the open transaction. Nobody can download them after it."""
    Attachment.objects.filter(message__in=message_ids).update(state=Attachment.State.REMOVED)


def attachments_remove_unsent(user_id: int) -> None:
    """Mark the user's uploads that are in no message as removed, in the open transaction."""
    Attachment.objects.filter(uploader=user_id, message=None).update(state=Attachment.State.REMOVED)


def attachment_remove(*, attachment_id: int) -> None:
    """Mark a file as removed, with all rows that share its content. The messages remain and still name it.

    For operators and scripts. Raises ChatError ATTACHMENT_NOT_FOUND.
    """
    with write():
        row = Attachment.objects.filter(pk=attachment_id).exclude(state=Attachment.State.REMOVED).first()
        if row is None:
            raise ChatError(reasons.ATTACHMENT_NOT_FOUND)
        same = Q(pk=row.pk) | Q(file=row.file) if row.file else Q(pk=row.pk)
        # Locked in one order, as wherever several of them are.
        keys = [one.pk for one in Attachment.objects.select_for_update(no_key=True).filter(same).order_by("pk")]
        Attachment.objects.filter(pk__in=keys).update(state=Attachment.State.REMOVED)
