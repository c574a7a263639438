"""Checks due notifications by the present rights and wishes of their users, and makes their requests."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from accounts.selectors.authentication import authenticate_sessions
from chat.models import Message, PushNotification, PushSubscription
from chat.push import payload
from chat.push.audience import wanted_by
from chat.push.request import PushRequest, push_request
from chat.selectors.notifiable import is_disturbable, unread_of
from chat.selectors.readable import readable_anywhere
from delivery import log

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Prepared:
    """The decision about notifications: `requests` to send, those to `drop` or `defer`, and `ended` subscriptions."""

    requests: list[tuple[PushNotification, PushRequest]] = field(default_factory=list)
    drop: list[PushNotification] = field(default_factory=list)
    defer: list[PushNotification] = field(default_factory=list)
    ended: set[PushSubscription] = field(default_factory=set)


def prepare(rows: Sequence[PushNotification], active: Collection[int]) -> Prepared:
    """Decide about notifications with their subscriptions, devices and users. `active`: users who look at a page now.

    An active user is notified only if they do not read the message meanwhile and are inactive then.
    """
    sessions = authenticate_sessions({row.subscription.device.session_id or "" for row in rows})
    prepared = Prepared()
    valid = []
    for row in rows:
        session = sessions.get(row.subscription.device.session_id or "")
        if session is None or session.user.pk != row.subscription.user_id:
            prepared.ended.add(row.subscription)
        else:
            valid.append(row)
    messages = _wanted_messages([row for row in valid if row.message is not None])
    for row in valid:
        is_active = row.subscription.user_id in active
        is_wanted = row.message is None or (row.pk in messages and row.expires_at > log.now_ms())
        if not is_wanted or (is_active and row.is_deferred):
            prepared.drop.append(row)
        elif is_active and row.message is not None:
            prepared.defer.append(row)
        else:
            _add_request(prepared, row, messages.get(row.pk))
    return prepared


def _add_request(prepared: Prepared, row: PushNotification, message: Message | None) -> None:
    try:
        content = payload.test_notification(row) if message is None else payload.message_notification(row, message)
        prepared.requests.append((row, push_request(row, content)))
    except Exception:
        # A subscription that cannot be served must not stop the others.
        logger.exception("push_request_error", extra={"position": row.subscription_id})
        prepared.drop.append(row)


def _wanted_messages(rows: Sequence[PushNotification]) -> dict[int, Message]:
    """Return the messages, by notification, that their users may read, have not read, and want to hear of now."""
    # The channel may have been muted, or the browser's choices changed, since the notification was stored.
    wanted = wanted_by({row.subscription_id for row in rows}, [row.message for row in rows if row.message is not None])
    by_user: dict[int, list[PushNotification]] = {}
    for row in rows:
        if (row.subscription_id, row.message) not in wanted:
            continue
        by_user.setdefault(row.subscription.user_id, []).append(row)
    found: dict[int, Message] = {}
    for of_user in by_user.values():
        user = of_user[0].subscription.user
        if not is_disturbable(user):
            continue
        readable = readable_anywhere(user, app=None).filter(pk__in=[row.message for row in of_user], recalled_at=None)
        messages = {message.pk: message for message in readable.select_related("channel__app", "sender")}
        unread = unread_of(user, messages.values())
        found |= {row.pk: messages[row.message] for row in of_user if row.message in unread}
    return found
