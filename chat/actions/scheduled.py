"""Schedule messages, and change and cancel those that are not sent yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from accounts.models import User
from chat import payloads, reasons, rules
from chat.actions.message import message_draft
from chat.errors import ChatError
from chat.models import Attachment, ScheduledMessage
from chat.models.attachment import new_key
from chat.selectors import Access, access_channel
from chat.selectors.readable import readable_in
from chat.selectors.scheduled import scheduled_message
from chat.wire.schema.events import SCHEDULED_CHANGED
from delivery import log, publish
from delivery.db.transactions import write
from delivery.hub.connection import Connection
from delivery.log import Entry

DAY_MS = 86_400_000


def message_schedule(
    *,
    user: User,
    channel_id: int,
    text: str,
    due_at: int,
    attachments: Sequence[str] = (),
    client_id: str | None = None,
    reply_to: int | None = None,
    thread: int | None = None,
    thread_only: bool = False,
    app: int | None = None,
    connection: Connection | None = None,
) -> ScheduledMessage:
    """Keep a message that is sent at `due_at` (Unix ms). The same `client_id` again returns the first one.

    The right to send is checked when it is sent. Raise ChatError for a channel that they may not read, for a
    text or file that cannot be sent, SCHEDULE_TIME, or SCHEDULED_LIMIT_REACHED.
    """
    draft = message_draft(sender=user.pk, channel=channel_id, text=text, attachments=attachments, client_id=client_id)
    _require_time(due_at)
    with write():
        access = access_channel(user, channel_id, app=app, lock=True)
        own = ScheduledMessage.objects.filter(user=user)
        if draft.client_id is not None and (known := own.filter(client_id=draft.client_id).first()) is not None:
            return scheduled_message(user, known.pk)
        rules.require_open_channel(access.channel.closed)
        _require_messages(user, access, reply_to, thread)
        limit = settings.IM_SCHEDULED_PER_USER
        if own.count() >= limit:
            raise ChatError(reasons.SCHEDULED_LIMIT_REACHED, limit=limit)
        row = ScheduledMessage.objects.create(
            user=user,
            channel=access.channel,
            text=draft.text,
            reply_to=reply_to,
            thread=thread,
            thread_only=thread_only,
            app=app,
            due_at=due_at,
            client_id=draft.client_id or f"scheduled-{new_key()}",
            created_at=log.now_ms(),
        )
        _reserve_files(row, draft.attachments)
    row = scheduled_message(user, row.pk)
    scheduled_announce(user.pk, row.pk, row, connection)
    return row


def scheduled_edit(
    *,
    user: User,
    scheduled_id: int,
    text: str | None = None,
    due_at: int | None = None,
    connection: Connection | None = None,
) -> ScheduledMessage:
    """Replace the text, the time, or both. A message that has failed waits again if it gets a time.

    Raise ChatError SCHEDULED_NOT_FOUND, also for one that is being sent.
    """
    if due_at is not None:
        _require_time(due_at)
    with write():
        row = lock_scheduled(user, scheduled_id)
        if text is not None:
            check = rules.check_caption if row.files.exists() else rules.check_text
            row.text = check(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
        if due_at is not None:
            row.due_at, row.state, row.refusal = due_at, ScheduledMessage.State.WAITING, None
        row.save(update_fields=["text", "due_at", "state", "refusal"])
    row = scheduled_message(user, scheduled_id)
    scheduled_announce(user.pk, row.pk, row, connection)
    return row


def scheduled_cancel(*, user: User, scheduled_id: int, connection: Connection | None = None) -> None:
    """Delete a scheduled message with its files.

    Raise ChatError SCHEDULED_NOT_FOUND, also for one that is being sent.
    """
    with write():
        row = lock_scheduled(user, scheduled_id)
        row.files.filter(message=None).update(state=Attachment.State.REMOVED)
        row.delete()
    scheduled_announce(user.pk, scheduled_id, None, connection)


def scheduled_delete_all(user_id: int) -> None:
    """Delete all scheduled messages of a user, in the open transaction. Their files are unsent uploads then."""
    ScheduledMessage.objects.filter(user=user_id).delete()


def lock_scheduled(user: User, scheduled_id: int) -> ScheduledMessage:
    """Return the user's message, locked. Raise ChatError SCHEDULED_NOT_FOUND, also for one that is being sent."""
    rows = ScheduledMessage.objects.select_for_update(no_key=True).filter(user=user, pk=scheduled_id)
    row = rows.exclude(state=ScheduledMessage.State.SENDING).first()
    if row is None:
        raise ChatError(reasons.SCHEDULED_NOT_FOUND)
    return row


def scheduled_announce(
    user_id: int, scheduled_id: int, row: ScheduledMessage | None, connection: Connection | None = None
) -> None:
    """Tell the user's other connections of a change. `row`: None if the message is no longer scheduled."""
    body = {"id": str(scheduled_id)} | ({} if row is None else {"message": scheduled_payload(row)})
    publish.push_transient(Entry(kind=SCHEDULED_CHANGED.name, user_ids=(user_id,), body=body), connection)


def scheduled_payload(row: ScheduledMessage) -> dict[str, Any]:
    """Return a `ScheduledMessage`. Its `files` are loaded in their order."""
    data: dict[str, Any] = {
        "id": str(row.pk),
        "target": str(row.channel_id),
        "msg": row.text,
        "at": row.due_at,
        "attachments": [payloads.attachment(file) for file in row.files.all()],
    }
    if row.reply_to is not None:
        data["replyTo"] = str(row.reply_to)
    if row.thread is not None:
        data["threadId"] = str(row.thread)
        if row.thread_only:
            data["threadOnly"] = True
    return data if row.refusal is None else data | {"refusal": row.refusal}


def _require_time(due_at: int) -> None:
    now, days = log.now_ms(), settings.IM_SCHEDULE_MAX_DAYS
    if not now < due_at <= now + days * DAY_MS:
        raise ChatError(reasons.SCHEDULE_TIME, limit=days, field="at")


def _require_messages(user: User, access: Access, reply_to: int | None, thread: int | None) -> None:
    """Raise ChatError REPLY_NOT_FOUND or THREAD_NOT_FOUND for messages that the user may not read."""
    readable = readable_in(user, access)
    if reply_to is not None and not readable.filter(pk=reply_to).exists():
        raise ChatError(reasons.REPLY_NOT_FOUND)
    if thread is not None and not readable.filter(pk=thread).exists():
        raise ChatError(reasons.THREAD_NOT_FOUND)


def _reserve_files(row: ScheduledMessage, keys: Sequence[str]) -> None:
    """Keep the files for this message alone.

    Raise ChatError ATTACHMENT_NOT_FOUND if one cannot be sent, and ATTACHMENTS_TOO_LARGE.
    """
    ready = Attachment.objects.select_for_update(no_key=True).filter(
        key__in=keys, uploader=row.user_id, state=Attachment.State.READY, message=None, scheduled=None
    )
    found = {file.key: file for file in ready.order_by("pk")}
    rules.check_files_size((file.size for file in found.values()), limit=settings.IM_ATTACHMENT_BYTES_PER_MESSAGE)
    for index, key in enumerate(keys):
        if key not in found:
            raise ChatError(reasons.ATTACHMENT_NOT_FOUND, attachment=key)
        Attachment.objects.filter(pk=found[key].pk).update(scheduled=row, index=index)
