"""Threads: their summaries for a reader, their answers, and the threads that a user follows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from chat import reasons
from chat.errors import ChatError
from chat.models import Channel, Membership, Message, Thread, ThreadFollower
from chat.selectors.access import Access
from chat.selectors.messages import count_fitting_messages
from chat.selectors.readable import readable_anywhere, readable_in


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """A thread as one user sees it.

    `unread` counts the answers of others after `read_seq` that the user may read, if the user follows it.
    """

    thread: Thread
    follows: bool
    read_seq: int
    unread: int


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Answers in ascending order. `root` is None if it is deleted, or older than what the reader may read."""

    root: Message | None
    answers: list[Message]
    has_more: bool


def threads_of(message_ids: Sequence[int], reader: User) -> dict[int, ThreadSummary]:
    """Return the threads of these messages by message id. Takes one query if there are none, else three."""
    threads = list(Thread.objects.filter(pk__in=message_ids))
    return {summary.thread.pk: summary for summary in _summaries(threads, reader)} if threads else {}


def answer_counts(thread_ids: Collection[int]) -> dict[int, int]:
    """Return the numbers of answers of these threads. Takes a query only if there are any."""
    return dict(Thread.objects.filter(pk__in=thread_ids).values_list("pk", "count")) if thread_ids else {}


def thread_answers(
    user: User, access: Access, thread_id: int, *, before: int | None, after: int | None, limit: int
) -> ThreadPage:
    """Return a page of a thread's answers: the newest, or those beyond `before` or `after`, which are numbers.

    Raise ChatError THREAD_NOT_FOUND if the user may read neither its first message nor an answer.
    """
    readable = readable_in(user, access).select_related("sender", "recalled_by")
    root = readable.filter(pk=thread_id, thread=None).first()
    answers = readable.filter(thread=thread_id)
    if after is not None:
        rows = list(answers.filter(seq__gt=after).order_by("seq")[: limit + 1])
        page = rows[: count_fitting_messages(rows[:limit])]
    else:
        older = answers if before is None else answers.filter(seq__lt=before)
        rows = list(older.order_by("-seq")[: limit + 1])
        page = rows[: count_fitting_messages(rows[:limit])][::-1]
    if root is None and not answers.exists():
        raise ChatError(reasons.THREAD_NOT_FOUND)
    return ThreadPage(root, page, len(page) < len(rows))


def followed_threads(
    user: User, *, app: int | None, before: int | None, limit: int
) -> list[tuple[ThreadSummary, Message | None]]:
    """Return threads that the user follows in readable channels, with their first messages if these can be read.

    The thread with the newest event comes first. `before`: only threads with smaller positions.
    """
    followed = ThreadFollower.objects.filter(user=user, follows=True).values("thread")
    current = Membership.objects.filter(user=user, until_position=None).values("channel")
    in_app = Q(channel__kind=Channel.Kind.GLOBAL, channel__app__enabled=True)
    if app is not None:
        in_app &= Q(channel__app__number=app)
    threads = Thread.objects.filter(in_app | Q(channel__in=current), pk__in=followed).order_by("-position")
    if before is not None:
        threads = threads.filter(position__lt=before)
    summaries = _summaries(list(threads[:limit]), user)
    readable = readable_anywhere(user, app=app).select_related("sender", "recalled_by")
    roots = readable.in_bulk([summary.thread.pk for summary in summaries])
    return [(summary, roots.get(summary.thread.pk)) for summary in summaries]


def _summaries(threads: Sequence[Thread], reader: User) -> list[ThreadSummary]:
    followers = ThreadFollower.objects.filter(user=reader, thread__in=[thread.pk for thread in threads])
    counted = followers.annotate(unread=_unread(reader))
    found = {row.thread_id: (row.follows, row.read_seq, row.unread if row.follows else 0) for row in counted}
    return [ThreadSummary(thread, *found.get(thread.pk, (False, 0, 0))) for thread in threads]


def _unread(reader: User) -> Coalesce:
    """Return a subquery of the number of unread answers in the thread of the outer follower."""
    # A member who has returned may not read all answers that were sent meanwhile.
    answers: QuerySet[Message] = readable_anywhere(reader, app=None).filter(
        ~Q(sender=reader), thread=OuterRef("thread"), seq__gt=OuterRef("read_seq"), recalled_at=None
    )
    counts = answers.order_by().values("thread").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counts), 0)
