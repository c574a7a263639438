"""Files that are removed from messages. The messages stay and still name them, and open pages are told."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from accounts.models import User
from chat import payloads, reasons, rules
from chat.actions.message import message_event
from chat.actions.redaction import messages_redact
from chat.actions.service_access import access_for_service
from chat.errors import ChatError
from chat.models import Attachment, Channel, Message
from chat.selectors import Access, access_message
from chat.wire.schema.events import ATTACHMENT_REMOVED
from delivery import log, publish
from delivery.db.transactions import write


def attachment_remove(
    *, user: User, channel_id: int, message_id: int, key: str, app: int | None, origin: str = ""
) -> tuple[Message, int | None]:
    """Remove a file from the user's own message, or from any message of a group that the user manages.

    Return the message and the position of the event; None if it was removed before. Raise ChatError
    ATTACHMENT_NOT_FOUND if the message has no such file.
    """
    with write():
        access = access_for_service(user, channel_id, app=app, lock=True)
        message = access_message(user, access, message_id)
        if message.sender_id != user.pk:
            rules.require_manager(access.role)
        if key not in {item["id"] for item in message.attachments or ()}:
            raise ChatError(reasons.ATTACHMENT_NOT_FOUND)
        removed = _mark_removed(Q(key=key, message=message))
        return message, _tell(message, access, removed, origin) if removed else None


def attachment_remove_as_operator(*, attachment_id: int) -> None:
    """Remove a file from all messages that share its content.

    For operators and scripts. Raises ChatError ATTACHMENT_NOT_FOUND.
    """
    with write():
        row = Attachment.objects.filter(pk=attachment_id).exclude(state=Attachment.State.REMOVED).first()
        if row is None:
            raise ChatError(reasons.ATTACHMENT_NOT_FOUND)
        same = Q(pk=row.pk) | Q(file=row.file) if row.file else Q(pk=row.pk)
        sent = Attachment.objects.filter(same, message__isnull=False).values("message__channel")
        # Their locks let edits and recalls of the messages come before or after.
        channels = Channel.objects.select_for_update(no_key=True).filter(pk__in=sent).order_by("pk").in_bulk()
        removed = _mark_removed(same)
        messages = Message.objects.filter(files__in=removed).select_related("sender").distinct().order_by("pk")
        for message in messages:
            if message.channel_id in channels:
                _tell(message, Access(channels[message.channel_id], None), removed, "")


def _mark_removed(which: Q) -> list[Attachment]:
    """Mark the files as removed, so that nobody can download them; return those that were not yet."""
    rows = Attachment.objects.exclude(state=Attachment.State.REMOVED).filter(which)
    # Locked in one order, as wherever several of them are.
    found = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    Attachment.objects.filter(pk__in=[row.pk for row in found]).update(state=Attachment.State.REMOVED)
    return found


def _tell(message: Message, access: Access, removed: Collection[Attachment], origin: str) -> int:
    """Change the message and its stored events, and append the event of the removal; return its position."""
    keys = {row.key for row in removed if row.message_id == message.pk}
    message.attachments = [
        payloads.removed_attachment(item) if item["id"] in keys else item for item in message.attachments or ()
    ]
    message.save(update_fields=["attachments"])
    messages_redact({message.pk: {"attachments": message.attachments}})
    body = payloads.attachments_removed(message, sorted(keys))
    entries = log.append([message_event(message, ATTACHMENT_REMOVED, access, origin, body)])
    publish.after_commit(entries)
    return entries[0].position
