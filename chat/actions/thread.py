"""Follow threads, and mark how far a user has read them. Answers are sent like other messages."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count, F

from accounts.models import User
from chat import payloads, reasons
from chat.errors import ChatError
from chat.models import Message, Thread, ThreadFollower
from chat.selectors import Access, access_channel
from chat.selectors.readable import readable_in
from chat.wire.schema.events import THREAD_MARK
from delivery import publish
from delivery.db.transactions import write
from delivery.hub.connection import Connection
from delivery.log import Entry


def thread_follow(
    *, user: User, channel_id: int, thread_id: int, follows: bool, app: int | None, connection: Connection | None = None
) -> ThreadFollower:
    """Follow a thread, or stop following it. A user who follows it anew has read what is there.

    Raise ChatError THREAD_NOT_FOUND if it has no answers.
    """
    access = access_channel(user, channel_id, app=app)
    with write():
        thread = _require_thread(user, access, thread_id)
        follower, is_new = ThreadFollower.objects.select_for_update(no_key=True).get_or_create(
            thread=thread, user=user, defaults={"follows": False}
        )
        if follows and not follower.follows:
            follower.read_seq = thread.last_seq
        if is_new or follower.follows != follows:
            follower.follows = follows
            follower.save(update_fields=["follows", "read_seq"])
    _push(follower, access, connection)
    return follower


def thread_mark(
    *, user: User, channel_id: int, thread_id: int, seq: int, app: int | None, connection: Connection | None = None
) -> ThreadFollower:
    """Move the user's read position in a thread up to `seq`, never down or past its last answer.

    A user who does not follow the thread has no position there; nothing changes.
    """
    access = access_channel(user, channel_id, app=app)
    with write():
        thread = _require_thread(user, access, thread_id)
        followers = ThreadFollower.objects.filter(thread=thread, user=user)
        seq = min(seq, thread.last_seq)
        moved = followers.filter(read_seq__lt=seq).update(read_seq=seq)
        follower = followers.first() or ThreadFollower(thread=thread, user=user, follows=False)
    if moved:
        _push(follower, access, connection)
    return follower


def thread_forget_recalled(message: Message) -> Thread | None:
    """Return the thread of a recalled answer with its new count, not saved; None if the message is no answer.

    The channel is locked, so nothing else changes the thread.
    """
    thread = Thread.objects.filter(pk=message.thread).first() if message.thread is not None else None
    if thread is not None:
        thread.count -= 1
    return thread


def threads_forget_deleted(message_ids: Collection[int]) -> None:
    """Count the answers among these messages no longer, before they are deleted. The channel is locked."""
    answers = Message.objects.filter(pk__in=message_ids, thread__isnull=False, recalled_at=None).order_by()
    for thread, number in answers.values_list("thread").annotate(Count("pk")):
        Thread.objects.filter(pk=thread).update(count=F("count") - number)


def _require_thread(user: User, access: Access, thread_id: int) -> Thread:
    readable = readable_in(user, access)
    thread = Thread.objects.filter(pk=thread_id, channel=access.channel).first()
    if thread is None or not (readable.filter(pk=thread_id) | readable.filter(thread=thread_id)).exists():
        raise ChatError(reasons.THREAD_NOT_FOUND)
    return thread


def _push(follower: ThreadFollower, access: Access, connection: Connection | None) -> None:
    """Tell the user's other connections."""
    body = payloads.thread_mark(access.channel.pk, follower)
    publish.push_transient(Entry(kind=THREAD_MARK.name, user_ids=(follower.user_id,), body=body), connection)
