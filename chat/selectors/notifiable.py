"""The messages that a user may be notified of: those that they have not read, of users whom they do not block."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from accounts.models import Block, User
from chat.models import Message, ReadMark, ThreadFollower


def is_disturbable(user: User) -> bool:
    """Return whether the user may be notified now."""
    return user.do_not_disturb_until is None or user.do_not_disturb_until <= timezone.now()


def unread_of(user: User, messages: Iterable[Message]) -> set[int]:
    """Return the ids of those messages, loaded with their senders, that the user has not read.

    Those of senders whom the user blocks are left out.
    """
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
