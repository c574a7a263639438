"""Answers in threads are counted, followed and read apart from the channel."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.actions import app_create
from accounts.models import User
from chat import reasons
from chat.actions.account_deletion import account_delete
from chat.actions.channel import channel_create_global, channel_create_group
from chat.actions.channel_settings import channel_update_settings
from chat.actions.member import member_invite, member_leave
from chat.actions.message import message_recall, read_mark
from chat.actions.retention import channel_delete_expired
from chat.actions.thread import thread_follow, thread_mark
from chat.errors import ChatError
from chat.models import Channel, Message, ReadMark, Thread, ThreadFollower
from chat.reasons import Reason
from chat.selectors import access_channel, channel_list
from chat.selectors.message_details import with_details
from chat.selectors.threads import ThreadSummary, followed_threads, thread_answers, threads_of
from chat.sending.drafts import StoredMessage
from chat.sending.writer import commit
from delivery import log
from tests.support.in_process import create_guest, draft, say

pytestmark = pytest.mark.django_db(transaction=True)


def answer(
    sender: User, channel: Channel, root: StoredMessage, text: str = "yes", *, only: bool = True, **fields: Any
) -> StoredMessage:
    return say(sender, channel, text, thread=root.id, thread_only=only, **fields)


def refusal(sender: User, channel: Channel, thread: int) -> Reason:
    (outcome,) = commit([draft(sender, channel, thread=thread, thread_only=True)])
    assert isinstance(outcome, ChatError), outcome
    return outcome.reason


def summary(user: User, root: StoredMessage) -> ThreadSummary:
    return threads_of([root.id], user)[root.id]


def unread(user: User, channel: Channel) -> int:
    return next(item.unread for item in channel_list(user, app=101) if item.channel == channel)


def test_answers_are_counted_and_announced(alice: User, bob: User, trio: Channel) -> None:
    root = say(alice, trio)
    answer(bob, trio, root)
    last = answer(alice, trio, root, only=False)
    bodies = [entry.body for entry in log.read(0, 99) if entry.kind == "msg"]
    assert [(body.get("threadId"), body.get("threadOnly"), body.get("threadCount")) for body in bodies] == [
        (None, None, None),
        (str(root.id), True, 1),
        (str(root.id), None, 2),
    ]
    thread = summary(alice, root).thread
    assert (thread.count, thread.last_seq, thread.position) == (2, last.seq, last.position)


def test_answers_of_one_commit_are_counted(alice: User, bob: User, trio: Channel) -> None:
    first, second = say(alice, trio), say(bob, trio)
    outcomes = commit(
        [draft(bob, trio, thread=pk, thread_only=True) for pk in (first.id, second.id, first.id)] + [draft(alice, trio)]
    )
    assert all(isinstance(outcome, StoredMessage) for outcome in outcomes)
    assert [Thread.objects.get(pk=pk).count for pk in (first.id, second.id)] == [2, 1]
    followers = ThreadFollower.objects.order_by("thread", "user").values_list("thread", "user__username", "read_seq")
    assert list(followers) == [(first.id, "alice", 0), (first.id, "bob", 5), (second.id, "bob", 4)]


def test_only_what_the_channel_shows_is_unread_there(alice: User, bob: User, trio: Channel) -> None:
    root = say(alice, trio)
    read_mark(user=bob, channel_id=trio.pk, seq=1, app=101)
    hidden = [answer(alice, trio, root) for _ in range(3)]
    assert unread(bob, trio) == 0
    answer(alice, trio, root, only=False)
    say(alice, trio)
    assert unread(bob, trio) == 2
    message_recall(user=alice, channel_id=trio.pk, message_id=hidden[0].id, app=None)
    assert unread(bob, trio) == 2


def test_an_answer_reads_the_thread_and_not_the_channel(alice: User, bob: User, trio: Channel) -> None:
    root = say(alice, trio)
    read_mark(user=bob, channel_id=trio.pk, seq=1, app=101)
    say(alice, trio)
    mine = answer(bob, trio, root)
    assert unread(bob, trio) == 1
    assert ReadMark.objects.get(channel=trio, user=bob).last_sent_at == mine.time
    assert (summary(bob, root).read_seq, summary(bob, root).unread) == (mine.seq, 0)
    assert (summary(alice, root).follows, summary(alice, root).unread) == (True, 1)


def test_slow_mode_counts_answers(alice: User, bob: User, group: Channel) -> None:
    root = say(alice, group)
    channel_update_settings(user=alice, channel_id=group.pk, slow_mode=60)
    answer(bob, group, root)
    assert refusal(bob, group, root.id) is reasons.SLOW_MODE


def test_strangers_to_the_message_cannot_answer(alice: User, bob: User, carol: User, trio: Channel) -> None:
    other = channel_create_group(creator=alice, name="other")
    elsewhere, root = say(alice, other), say(alice, trio)
    inner = answer(bob, trio, root)
    assert refusal(bob, trio, elsewhere.id) is refusal(bob, trio, 999_999) is reasons.THREAD_NOT_FOUND
    assert refusal(bob, trio, inner.id) is reasons.THREAD_NOT_FOUND
    assert refusal(bob, other, elsewhere.id) is reasons.CHANNEL_NOT_FOUND


def test_a_recalled_message_gets_no_first_answer_but_further_ones(alice: User, bob: User, trio: Channel) -> None:
    silent, root = say(alice, trio), say(alice, trio)
    answer(bob, trio, root)
    for message in (silent, root):
        message_recall(user=alice, channel_id=trio.pk, message_id=message.id, app=None)
    assert refusal(bob, trio, silent.id) is reasons.MESSAGE_RECALLED
    answer(bob, trio, root)
    assert summary(bob, root).thread.count == 2


def test_a_recalled_answer_no_longer_counts(alice: User, bob: User, trio: Channel) -> None:
    root = say(alice, trio)
    gone = answer(bob, trio, root)
    answer(bob, trio, root)
    message_recall(user=bob, channel_id=trio.pk, message_id=gone.id, app=None)
    event = next(entry for entry in log.read(0, 99) if entry.kind == "message.recalled")
    assert (event.body["threadId"], event.body["threadCount"]) == (str(root.id), 1)
    seen = summary(alice, root)
    assert (seen.thread.count, seen.thread.position, seen.unread) == (1, event.position, 1)


def test_pages_of_answers(alice: User, bob: User, trio: Channel) -> None:
    root = say(alice, trio)
    seqs = [answer(bob, trio, root).seq for _ in range(5)]
    say(alice, trio)
    access = access_channel(alice, trio.pk)

    def page(**how: Any) -> tuple[list[int], bool]:
        found = thread_answers(alice, access, root.id, **{"before": None, "after": None, "limit": 2} | how)
        assert found.root is not None and found.root.pk == root.id
        return [row.seq for row in found.answers], found.has_more

    assert page() == (seqs[3:], True)
    assert page(before=seqs[1]) == (seqs[:1], False)
    assert page(after=seqs[0]) == (seqs[1:3], True)
    assert page(after=seqs[3]) == (seqs[4:], False)


def test_a_page_of_long_answers_fits_into_the_outbox(alice: User, bob: User, trio: Channel, settings: Settings) -> None:
    root = say(alice, trio)
    seqs = [answer(bob, trio, root, "x" * 1500).seq for _ in range(3)]
    settings.IM_OUTBOX_MAX_BYTES = 4 * 3000
    access = access_channel(alice, trio.pk)
    for after, expected in ((None, seqs[2]), (seqs[0], seqs[1])):
        page = thread_answers(alice, access, root.id, before=None, after=after, limit=9)
        assert ([row.seq for row in page.answers], page.has_more) == ([expected], True)


def test_a_later_member_reads_later_answers_only(alice: User, bob: User, dave: User, group: Channel) -> None:
    channel_update_settings(user=alice, channel_id=group.pk, join="invite", history="joined")
    root = say(alice, group)
    answer(bob, group, root, "before")
    lonely = say(alice, group)
    member_invite(user=alice, channel_id=group.pk, names=["dave"])
    access = access_channel(dave, group.pk)
    with pytest.raises(ChatError):
        thread_answers(dave, access, root.id, before=None, after=None, limit=9)
    answer(bob, group, root, "after")
    page = thread_answers(dave, access, root.id, before=None, after=None, limit=9)
    assert (page.root, [row.text for row in page.answers]) == (None, ["after"])
    assert refusal(dave, group, root.id) is refusal(dave, group, lonely.id) is reasons.THREAD_NOT_FOUND


def test_users_follow_and_read(alice: User, bob: User, carol: User, trio: Channel) -> None:
    root = say(alice, trio)
    first = answer(bob, trio, root)
    assert not summary(carol, root).follows and followed_threads(carol, app=101, before=None, limit=9) == []
    where: dict[str, Any] = {"channel_id": trio.pk, "thread_id": root.id, "app": 101}
    assert thread_follow(user=carol, follows=True, **where).read_seq == first.seq
    later = answer(bob, trio, root)
    assert summary(carol, root).unread == 1
    assert thread_mark(user=carol, seq=10**9, **where).read_seq == later.seq
    assert thread_mark(user=carol, seq=0, **where).read_seq == later.seq
    ((seen, message),) = followed_threads(carol, app=101, before=None, limit=9)
    assert (seen.thread.pk, seen.unread, message and message.pk) == (root.id, 0, root.id)
    thread_follow(user=carol, follows=False, **where)
    answer(bob, trio, root)
    assert followed_threads(carol, app=101, before=None, limit=9) == [] and summary(carol, root).unread == 0


def test_threads_of_a_left_group_are_hidden(alice: User, bob: User, trio: Channel) -> None:
    root = say(bob, trio)
    answer(alice, trio, root)
    member_leave(user=bob, channel_id=trio.pk)
    assert followed_threads(bob, app=101, before=None, limit=9) == []
    with pytest.raises(ChatError):
        thread_mark(user=bob, channel_id=trio.pk, thread_id=root.id, seq=1, app=101)


def test_guests_answer_in_their_app(alice: User) -> None:
    room = channel_create_global(app=app_create(number=7, name="Seven"))
    guest = create_guest("Anna")
    root = say(alice, room, app=7)
    answer(guest, room, root, app=7)
    assert len(followed_threads(guest, app=7, before=None, limit=9)) == 1
    assert followed_threads(guest, app=8, before=None, limit=9) == []


def test_retention_deletes_a_thread_with_its_last_answer(alice: User, bob: User, trio: Channel) -> None:
    root = say(alice, trio)
    answer(bob, trio, root)
    Message.objects.update(time=0)
    kept = answer(bob, trio, root)
    assert channel_delete_expired(channel_id=trio.pk, before=1) == 2
    page = thread_answers(alice, access_channel(alice, trio.pk), root.id, before=None, after=None, limit=9)
    assert (page.root, [row.pk for row in page.answers]) == (None, [kept.id])
    assert summary(alice, root).thread.count == 1
    Message.objects.update(time=0)
    assert channel_delete_expired(channel_id=trio.pk, before=1) == 1
    assert not Thread.objects.exists() and not ThreadFollower.objects.exists()


def test_a_deleted_account_follows_no_thread(alice: User, bob: User, trio: Channel) -> None:
    answer(bob, trio, say(alice, trio))
    account_delete(user_id=bob.pk)
    assert list(ThreadFollower.objects.values_list("user", flat=True)) == [alice.pk]


def test_details_take_a_fixed_number_of_queries(alice: User, bob: User, trio: Channel) -> None:
    roots = [say(alice, trio) for _ in range(3)]
    rows = list(Message.objects.select_related("sender"))

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            with_details(rows, alice)
        return len(captured)

    assert queries() == 2
    counts = []
    for root in roots:
        answer(bob, trio, root)
        counts.append(queries())
    assert set(counts) == {3}


def test_the_unread_count_uses_its_index(alice: User, trio: Channel) -> None:
    with CaptureQueriesContext(connection) as captured:
        channel_list(alice, app=101)
    sql = next(query["sql"] for query in captured if "thread_only" in query["sql"] and "COUNT" in query["sql"])
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        else:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {sql}")
        plan = str(cursor.fetchall())
    assert "message_uncounted" in plan, plan
