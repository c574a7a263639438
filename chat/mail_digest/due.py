"""The mails that may be due, claimed before they are sent so that no restart and no other node sends one twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from accounts.models import User
from chat.mail_digest.audience import HOUR_MS, next_mail_at
from chat.mail_digest.mail import digest_mail
from chat.mail_digest.missed import Missed, missed_messages
from chat.models import MailDigest
from chat.selectors.notifiable import is_disturbable
from delivery import log
from delivery.db.transactions import write


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail to be sent now, and the row as it was before the claim."""

    row: MailDigest
    message: EmailMultiAlternatives


def due_digests(*, limit: int) -> Sequence[int]:
    """Return the ids of users whose mail may be due, the longest waiting first."""
    due = MailDigest.objects.filter(due_at__lte=log.now_ms()).order_by("due_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def digest_claim(user_id: int, *, active: Collection[int]) -> ClaimedMail | None:
    """Return the user's mail, which counts as sent from now on; None if none is due.

    `active`: users who look at a page now; they wait. The mail of a process that ends before it has sent is lost: its
    messages stay unread on the site, and a second mail would annoy.
    """
    now, delay = log.now_ms(), settings.IM_MAIL_DIGEST_DELAY_SECONDS * 1000
    # Read anew: while the mails before this one were sent, the user may have changed or left.
    row = MailDigest.objects.filter(pk=user_id, due_at__lte=now).select_related("user").first()
    if row is None:
        return None
    user = row.user
    if not _gets_mail(user) or row.failure:
        _settle(row, due_at=None)
        return None
    if (next_at := next_mail_at(row)) > now:
        _settle(row, due_at=next_at)
        return None
    if not is_disturbable(user) and user.do_not_disturb_until is not None:
        _settle(row, due_at=round(user.do_not_disturb_until.timestamp() * 1000))
        return None
    if user.pk in active:
        _settle(row, due_at=now + delay)
        return None
    missed = missed_messages(row)
    unread_since = min((message.time for message in missed.messages), default=None)
    if unread_since is None:
        _settle(row, due_at=None)
        return None
    if unread_since + delay > now:
        _settle(row, due_at=unread_since + delay)
        return None
    message = digest_mail(user, missed)
    return ClaimedMail(row, message) if _claim(row, missed, now) else None


def digest_postpone(user_id: int) -> None:
    """Look at the user again in an hour, because their mail could not be written."""
    with write():
        MailDigest.objects.filter(pk=user_id).update(due_at=log.now_ms() + HOUR_MS)


def _gets_mail(user: User) -> bool:
    return user.is_active and user.deleted_at is None and bool(user.email)


def _settle(row: MailDigest, *, due_at: int | None) -> None:
    """Look at the user again then. A message that was noted meanwhile keeps its time."""
    with write():
        MailDigest.objects.filter(pk=row.pk, due_at=row.due_at, newest=row.newest).update(due_at=due_at)


def _claim(row: MailDigest, missed: Missed, now: int) -> bool:
    # Messages that were sent since are mailed after the user's hours.
    due_at = now + row.hours * HOUR_MS if row.newest > missed.position else None
    unchanged = MailDigest.objects.filter(pk=row.pk, due_at=row.due_at, newest=row.newest, position=row.position)
    with write():
        return bool(unchanged.update(position=missed.position, sent_at=now, due_at=due_at))
