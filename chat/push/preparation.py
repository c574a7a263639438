"""Checks due notifications by the present rights and wishes of their users, and makes their requests."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from accounts.models import Block, User
from accounts.selectors.authentication import authenticate_sessions
from chat.models import Message, PushNotification, PushSubscription, ReadMark, ThreadFollower
from chat.push import payload
from chat.push.audience import wanted_by
from chat.push.request import PushRequest, push_request
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
        if not _is_disturbable(user):
            continue
        readable = readable_anywhere(user, app=None).filter(pk__in=[row.message for row in of_user], recalled_at=None)
        messages = {message.pk: message for message in readable.select_related("channel__app", "sender")}
        unread = _unread(user, messages.values())
        found |= {row.pk: messages[row.message] for row in of_user if row.message in unread}
    return found


def _is_disturbable(user: User) -> bool:
    return user.do_not_disturb_until is None or user.do_not_disturb_until <= timezone.now()


def _unread(user: User, messages: Iterable[Message]) -> set[int]:
    """Return the ids of those messages that the user has not read, and whose senders they have not blocked."""
    messages = list(messages)
    read = dict(
        ReadMark.objects.filter(user=user, channel__in={message.channel_id for message in messages}).values_list(
            "channel", "seq"
        )
    )
    threads = {message.thread for message in messages if message.thread_only}
    read_in_threads = dict[int | None, int](
        ThreadFollower.objects.filter(user=user, thread__in=threads).values_list("thread", "read_seq")
        if threads
        else ()
    )
    senders = {message.sender_id for message in messages if message.sender.is_restricted}
    blocks = Block.objects.filter(blocker=user, blocked__in=senders)
    blocked = set(blocks.values_list("blocked", flat=True)) if senders else set()

    def is_read(message: Message) -> bool:
        if message.thread_only:
            return message.seq <= read_in_threads.get(message.thread, 0)
        return message.seq <= read.get(message.channel_id, 0)

    return {message.pk for message in messages if message.sender_id not in blocked and not is_read(message)}
