"""Announcements: what an operator says, in the site's own name, in the rooms of one app or of all, now or at a time."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from accounts.actions import system_user
from accounts.models import App, User
from chat import errors, rules
from chat.errors import ChatError
from chat.models import Announcement
from chat.selectors import global_channels
from chat.sending.drafts import Draft
from chat.sending.writer import commit
from delivery.db.transactions import write

logger = logging.getLogger(__name__)

SCOPE = "announcement"
ANNOUNCEMENTS_PER_RUN = 20
"""Announcements that are sent at a time."""


def announcement_create(*, by: User, text: str, app: App | None = None, due_at: datetime | None = None) -> Announcement:
    """Say something at `due_at` (None: as soon as may be). `announcements_send_due` sends it."""
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    return Announcement.objects.create(created_by=by, text=text, app=app, due_at=due_at or timezone.now())


def announcement_edit(
    *, announcement_id: int, text: str, app: App | None = None, due_at: datetime | None = None
) -> Announcement:
    """Change what has not been sent."""
    text = rules.check_text(text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    with write():
        announcement = _lock_unsent(announcement_id)
        announcement.text, announcement.app, announcement.due_at = text, app, due_at or timezone.now()
        announcement.save(update_fields=["text", "app", "due_at"])
    return announcement


def announcement_cancel(*, announcement_id: int) -> Announcement:
    """Do not send it."""
    with write():
        announcement = _lock_unsent(announcement_id)
        announcement.cancelled = True
        announcement.save(update_fields=["cancelled"])
    return announcement


def _lock_unsent(announcement_id: int) -> Announcement:
    announcement = Announcement.objects.select_for_update(no_key=True).filter(pk=announcement_id).first()
    if announcement is None:
        raise ChatError(errors.NO_DATA, "There is no such announcement.")
    if announcement.sent_at is not None:
        raise ChatError(errors.OPERATION_FAILED, "This announcement has been sent.")
    return announcement


def announcements_send_due() -> int:
    """Send what is due; returns how many. Once each, on however many nodes this runs, and if one of them dies over it:
    the messages carry claimed keys, and only when all are stored the announcement counts as sent.
    """
    due = Announcement.objects.filter(sent_at=None, cancelled=False, due_at__lte=timezone.now()).order_by("due_at")
    sent = 0
    for announcement in due[:ANNOUNCEMENTS_PER_RUN]:
        if _send(announcement):
            sent += due.filter(pk=announcement.pk).update(sent_at=timezone.now())
    return sent


def _send(announcement: Announcement) -> bool:
    """Whether it stands in all its rooms now: who is not there at the moment reads it there later."""
    speaker = system_user()
    rooms = [room for room in global_channels() if announcement.app_id in (None, room.app_id)]
    drafts = [
        Draft(speaker.pk, room.pk, announcement.text, scoped_key=(SCOPE, f"{announcement.pk}:{room.pk}"))
        for room in rooms
    ]
    for room, outcome in zip(rooms, commit(drafts), strict=True):
        if isinstance(outcome, ChatError):
            # A room that is closed does not hear it; to try again would not help.
            logger.warning("announcement_refused", extra={"kind": str(room), "error": str(outcome)})
        elif isinstance(outcome, Exception):
            return False
    return True
