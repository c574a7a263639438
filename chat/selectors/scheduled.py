"""The scheduled messages of a user."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from chat import reasons
from chat.errors import ChatError
from chat.models import Attachment, ScheduledMessage


def scheduled_messages(user: User, *, skip: int = 0, limit: int | None = None) -> Sequence[ScheduledMessage]:
    """Return the user's scheduled messages with their `files`, the next one first, those that have failed as well."""
    rows = with_files(ScheduledMessage.objects.filter(user=user)).order_by("due_at", "pk")
    return list(rows[skip : None if limit is None else skip + limit])


def scheduled_message(user: User, scheduled_id: int) -> ScheduledMessage:
    """Return one with its `files`. Raise ChatError SCHEDULED_NOT_FOUND if the user has no such message."""
    row = with_files(ScheduledMessage.objects.filter(user=user, pk=scheduled_id)).first()
    if row is None:
        raise ChatError(reasons.SCHEDULED_NOT_FOUND)
    return row


def with_files(rows: QuerySet[ScheduledMessage]) -> QuerySet[ScheduledMessage]:
    """Load the files of the messages with them, in their order."""
    return rows.prefetch_related(Prefetch("files", Attachment.objects.order_by("index")))
