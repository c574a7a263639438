"""Announcements: messages from an operator in the global channel of one app or of all, at once or scheduled."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from accounts.actions import system_user
from accounts.models import App, User
from chat import reasons, rules
from chat.errors import ChatError
from chat.models import Announcement
from chat.selectors import global_channels
from chat.sending.drafts import Draft
from chat.sending.writer import commit
from delivery.db.transactions import write

logger = logging.getLogger(__name__)

SCOPE = "announcement"
ANNOUNCEMENTS_PER_RUN = 20
"""Announcements sent in one call of `announcements_send_due`."""


def announcement_create(*, by: User, text: str, app: App | None = None, due_at: datetime | None = None) -> Announcement:
    """Schedule an announcement for `due_at` (None: now). `announcements_send_due` sends it."""
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    return Announcement.objects.create(created_by=by, text=text, app=app, due_at=due_at or timezone.now())


def announcement_edit(
    *, announcement_id: int, text: str, app: App | None = None, due_at: datetime | None = None
) -> Announcement:
    """Change an announcement that has not been sent."""
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    with write():
        announcement = _lock_unsent(announcement_id)
        announcement.text, announcement.app, announcement.due_at = text, app, due_at or timezone.now()
        announcement.save(update_fields=["text", "app", "due_at"])
    return announcement


def announcement_cancel(*, announcement_id: int) -> Announcement:
    """Cancel an announcement that has not been sent."""
    with write():
        announcement = _lock_unsent(announcement_id)
        announcement.cancelled = True
        announcement.save(update_fields=["cancelled"])
    return announcement


def _lock_unsent(announcement_id: int) -> Announcement:
    announcement = Announcement.objects.select_for_update(no_key=True).filter(pk=announcement_id).first()
    if announcement is None:
        raise ChatError(reasons.ANNOUNCEMENT_NOT_FOUND)
    if announcement.sent_at is not None:
        raise ChatError(reasons.ANNOUNCEMENT_SENT)
    return announcement


def announcements_send_due() -> int:
    """Send the announcements that are due; return how many.

    Each is sent once, even if several nodes run this or one dies halfway: the messages carry idempotency keys, and an
    announcement counts as sent only when all its messages are stored.
    """
    due = Announcement.objects.filter(sent_at=None, cancelled=False, due_at__lte=timezone.now())
    sent = 0
    for announcement in due.order_by("due_at", "pk")[:ANNOUNCEMENTS_PER_RUN]:
        if _send(announcement):
            sent += due.filter(pk=announcement.pk).update(sent_at=timezone.now())
    return sent


def _send(announcement: Announcement) -> bool:
    """Store the announcement in all its global channels; return whether it is complete."""
    speaker = system_user()
    channels = [channel for channel in global_channels() if announcement.app_id in (None, channel.app_id)]
    drafts = [
        Draft(speaker.pk, channel.pk, announcement.text, scoped_key=(SCOPE, f"{announcement.pk}:{channel.pk}"))
        for channel in channels
    ]
    for channel, outcome in zip(channels, commit(drafts), strict=True):
        if isinstance(outcome, ChatError):
            # A closed channel refuses the message; a retry would not help.
            logger.warning("announcement_refused", extra={"kind": str(channel), "error": str(outcome)})
        elif isinstance(outcome, Exception):
            return False
    return True
