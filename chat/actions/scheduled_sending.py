"""Send scheduled messages when they are due, or at once when their user asks for it.

A node claims a message in a transaction, stores it through the write path under its client message id, and deletes the
row. If the node dies between these steps, another one claims it again after CLAIM_MS; its id makes it one message.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from accounts.models import User
from chat.actions.scheduled import lock_scheduled, scheduled_announce
from chat.errors import ChatError
from chat.models import ScheduledMessage
from chat.selectors.scheduled import with_files
from chat.sending.drafts import Draft, Outcome, StoredMessage
from chat.sending.queue_bridge import QUEUE_TIMEOUT_SECONDS, commit_in_queue
from delivery import log
from delivery.db.transactions import write

logger = logging.getLogger(__name__)

CLAIM_MS = int(2 * QUEUE_TIMEOUT_SECONDS * 1000)
"""Time after which another node may send a claimed message: longer than the first one waits for its commit."""
BATCH_SIZE = 50
_State = ScheduledMessage.State


def scheduled_send_due() -> int:
    """Send a batch of the messages that are due; return how many were claimed.

    A refused one is kept with the reason. Raise ChatError SITE_BUSY or TimeoutError; the batch is then tried again
    after CLAIM_MS.
    """
    rows = _claim_due()
    outcomes = commit_in_queue([scheduled_draft(row) for row in rows])
    for row, outcome in zip(rows, outcomes, strict=True):
        _settle(row, outcome)
    return len(rows)


def scheduled_send(*, user: User, scheduled_id: int, origin: str = "") -> StoredMessage:
    """Send a scheduled message now. `origin`: as in `Draft`.

    Raise its refusal; the message then stays as it was. Raise ChatError SCHEDULED_NOT_FOUND if the user has no such
    message, or it is being sent.
    """
    with write():
        row = lock_scheduled(user, scheduled_id)
        _claim([row])
    (row,) = with_files(ScheduledMessage.objects.filter(pk=row.pk))
    try:
        (outcome,) = commit_in_queue([scheduled_draft(row, origin=origin)])
        if isinstance(outcome, Exception):
            raise outcome
    except Exception:
        state = _State.WAITING if row.refusal is None else _State.FAILED
        _claimed(row).update(state=state, claimed_at=None)
        raise
    _settle(row, outcome)
    return outcome


def scheduled_draft(row: ScheduledMessage, *, origin: str = "") -> Draft:
    """Return the draft of a scheduled message with its `files`."""
    files = tuple(file.key for file in row.files.all())
    return Draft(
        sender=row.user_id,
        channel=row.channel_id,
        text=row.text,
        type="file" if files else "text",
        client_id=row.client_id,
        reply_to=row.reply_to,
        attachments=files,
        scheduled=row.pk,
        thread=row.thread,
        thread_only=row.thread_only,
        app=row.app,
        origin=origin,
    )


def _claim_due() -> list[ScheduledMessage]:
    now = log.now_ms()
    abandoned = Q(state=_State.SENDING, claimed_at__lt=now - CLAIM_MS)
    due = ScheduledMessage.objects.filter(Q(state=_State.WAITING, due_at__lte=now) | abandoned)
    if not due.exists():
        return []
    with write():
        rows = list(due.select_for_update(no_key=True, skip_locked=True).order_by("due_at", "pk")[:BATCH_SIZE])
        _claim(rows)
    return list(with_files(ScheduledMessage.objects.filter(pk__in=[row.pk for row in rows])).order_by("due_at", "pk"))


def _claim(rows: Sequence[ScheduledMessage]) -> None:
    ids = [row.pk for row in rows]
    ScheduledMessage.objects.filter(pk__in=ids).update(state=_State.SENDING, claimed_at=log.now_ms())


def _settle(row: ScheduledMessage, outcome: Outcome) -> None:
    """Delete the row of a stored message, or keep the reason of its refusal. After a fault, the claim runs out."""
    if isinstance(outcome, StoredMessage):
        with write():
            _claimed(row).delete()
        scheduled_announce(row.user_id, row.pk, None)
    elif isinstance(outcome, ChatError):
        row.state, row.claimed_at = _State.FAILED, None
        row.refusal = {"code": outcome.code.number, "reason": outcome.reason.key, "data": outcome.data}
        with write():
            # It may have been claimed again after this node was slow.
            _claimed(row).update(state=row.state, refusal=row.refusal, claimed_at=None)
        scheduled_announce(row.user_id, row.pk, row)
    else:
        logger.warning("scheduled_message_failed", extra={"scheduled": row.pk, "error": repr(outcome)})


def _claimed(row: ScheduledMessage) -> QuerySet[ScheduledMessage]:
    return ScheduledMessage.objects.filter(pk=row.pk, state=_State.SENDING)
