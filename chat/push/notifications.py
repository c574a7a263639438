"""The notifications that wait to be sent, and the lease of the node that sends them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Min, Q, QuerySet, Value
from django.db.models.functions import Greatest, Now

from chat.mail_digest.actions import is_offered
from chat.mail_digest.audience import digest_positions, digests_note
from chat.models import MailDigest, PushNotification, PushState, PushSubscription
from chat.push.audience import notices_of
from chat.push.keys import STATE_ID
from chat.wire.schema.events import MESSAGE
from delivery import log
from delivery.db.transactions import write

MAX_MESSAGES_PER_BATCH = 500
"""Messages looked at together. Notifications are stored with the position in one transaction."""


def first_position() -> int | None:
    """Return the position from which on a subscription or a user with mails is notified; None without any of them."""
    found = [
        PushSubscription.objects.aggregate(first=Min("from_position"))["first"] if settings.IM_PUSH else None,
        MailDigest.objects.aggregate(first=Min("position"))["first"] if is_offered() else None,
    ]
    return min((first for first in found if first is not None), default=None)


def push_lease(*, node: str) -> int | None:
    """Take or renew the lease for this node; return the position up to which messages were looked at.

    Return None while another node has the lease.
    """
    lasting = timedelta(seconds=settings.IM_PUSH_LEASE_SECONDS)
    with write():
        free = Q(leased_until=None) | Q(leased_until__lt=Now()) | Q(leased_by=node)
        if not PushState.objects.filter(free, pk=STATE_ID).update(leased_by=node, leased_until=Now() + lasting):
            return None
        return PushState.objects.values_list("position", flat=True).get(pk=STATE_ID)


def push_release(*, node: str, position: int | None) -> None:
    """Give up the lease, if this node has it. `position`: everything up to it was looked at; None: unknown."""
    with write():
        held = _held(node)
        if position is not None:
            held.filter(position__lt=position).update(position=position)
        held.update(leased_by="", leased_until=None)


def notifications_store(*, node: str, after: int, upto: int) -> tuple[int, bool] | None:
    """Store the notifications of a batch of messages in (`after`, `upto`], and note them for mails.

    Return the position up to which all are stored, and whether there was any. Nothing is written without any. Return
    None if another node has taken the lease.
    """
    refs = log.read_refs([MESSAGE.name], after=after, upto=upto, limit=MAX_MESSAGES_PER_BATCH)
    reached = refs[-1][0] if len(refs) == MAX_MESSAGES_PER_BATCH else upto
    message_ids = [message for _, message in refs]
    notices = notices_of(message_ids) if refs and settings.IM_PUSH else []
    mailed = digest_positions(message_ids) if refs and is_offered() else {}
    if not notices and not mailed:
        return reached, False
    now = log.now_ms()
    with write():
        if not _held(node).filter(position__lte=reached).update(position=reached):
            return None
        digests_note(mailed)
        existing = PushSubscription.objects.select_for_update(no_key=True).order_by("pk")
        known = set(existing.filter(pk__in={notice.subscription for notice in notices}).values_list("pk", flat=True))
        waiting = PushNotification.objects.filter(subscription__in=known)
        by_place = {(row.subscription_id, row.channel): row for row in waiting}
        expires_at = now + settings.IM_PUSH_TTL_SECONDS * 1000
        fresh, changed = [], []
        for notice in notices:
            if notice.subscription not in known:
                continue
            row = by_place.get((notice.subscription, notice.channel))
            if row is None:
                fresh.append(
                    PushNotification(
                        subscription_id=notice.subscription, channel=notice.channel, message=notice.message,
                        count=notice.count, created_at=now, due_at=now, expires_at=expires_at,
                    )
                )  # fmt: skip
            elif row.message is None or row.message < notice.message:
                row.message, row.count, row.expires_at = notice.message, row.count + notice.count, expires_at
                row.is_deferred = False
                changed.append(row)
        PushNotification.objects.bulk_create(fresh)
        PushNotification.objects.bulk_update(changed, ["message", "count", "expires_at", "is_deferred"])
    return reached, True


def position_store(*, node: str, position: int) -> bool:
    """Store that nothing up to this position is to be notified of. Return False if the lease is another node's."""
    with write():
        return bool(_held(node).update(position=position))


def due_notifications(*, limit: int, without: Collection[int]) -> Sequence[PushNotification]:
    """Return notifications that are due, the oldest first, with their subscriptions, devices and users.

    Those of the subscriptions in `without` are left out.
    """
    due = PushNotification.objects.filter(due_at__lte=log.now_ms()).exclude(subscription__in=without)
    related = due.select_related("subscription__user", "subscription__device")
    return list(related.order_by("due_at", "pk")[:limit])


def notifications_defer(*, rows: Collection[PushNotification]) -> None:
    """Let these notifications wait while their users are active: until those would count as inactive."""
    due_at = log.now_ms() + settings.IM_PUSH_ACTIVE_SECONDS * 1000
    with write():
        _of(rows).update(due_at=due_at, is_deferred=True)


def notifications_drop(*, rows: Collection[PushNotification]) -> None:
    """Delete notifications that are not to be sent. One whose message has been replaced meanwhile stays."""
    with write():
        for row in rows:
            _unchanged(row).delete()


def notification_sent(*, row: PushNotification) -> None:
    """Delete a notification that was sent, or keep it for the message that has replaced its own meanwhile.

    Those that have waited since a failure of its push service are due again.
    """
    fresh = {"attempts": 0, "is_deferred": False, "due_at": log.now_ms()}
    with write():
        PushSubscription.objects.filter(pk=row.subscription_id).update(succeeded_at=Now())
        if not _unchanged(row).delete()[0]:
            _of([row]).update(count=F("count") - row.count, **fresh)
        PushNotification.objects.filter(subscription=row.subscription_id, attempts__gt=0).update(**fresh)


def notifications_retry(*, row: PushNotification, seconds: float) -> None:
    """Send a notification again after these seconds, and all others of its subscription not before that."""
    due_at = log.now_ms() + round(seconds * 1000)
    with write():
        # Locked first, as wherever several notifications of a subscription change.
        list(PushSubscription.objects.select_for_update(no_key=True).filter(pk=row.subscription_id))
        of_subscription = PushNotification.objects.filter(subscription=row.subscription_id)
        of_subscription.update(due_at=Greatest("due_at", Value(due_at)), attempts=F("attempts") + 1)


def subscription_delete(*, subscription: PushSubscription) -> None:
    """Delete a subscription that has ended, with its notifications.

    One that its browser has replaced meanwhile stays; its notifications are due still, and go to the new endpoint.
    """
    with write():
        PushSubscription.objects.filter(pk=subscription.pk, endpoint_digest=subscription.endpoint_digest).delete()


def _held(node: str) -> QuerySet[PushState]:
    return PushState.objects.filter(pk=STATE_ID, leased_by=node)


def _of(rows: Collection[PushNotification]) -> QuerySet[PushNotification]:
    return PushNotification.objects.filter(pk__in=[row.pk for row in rows])


def _unchanged(row: PushNotification) -> QuerySet[PushNotification]:
    return PushNotification.objects.filter(pk=row.pk, message=row.message)
