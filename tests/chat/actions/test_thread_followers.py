"""Mentions make users follow threads, and what a returned member may not read is not unread."""

from __future__ import annotations

import pytest

from accounts.models import Block, User
from chat import payloads
from chat.actions.member import member_invite, member_leave
from chat.actions.thread import thread_follow
from chat.models import Channel
from chat.selectors.message_details import with_details
from chat.selectors.threads import threads_of
from chat.sending.drafts import StoredMessage
from chat.sending.writer import commit
from tests.support.in_process import draft, say

pytestmark = pytest.mark.django_db(transaction=True)


def answer(sender: User, channel: Channel, root: StoredMessage, text: str = "yes", **fields: bool) -> StoredMessage:
    return say(sender, channel, text, thread=root.id, **{"thread_only": True} | fields)


def state(user: User, root: StoredMessage) -> tuple[bool, int, int]:
    """Return whether the user follows the thread, how far they have read it, and what is unread."""
    summary = threads_of([root.id], user)[root.id]
    return summary.follows, summary.read_seq, summary.unread


@pytest.mark.parametrize("thread_only", [True, False])
def test_a_mention_makes_the_user_follow_from_that_answer_on(
    alice: User, bob: User, carol: User, trio: Channel, *, thread_only: bool
) -> None:
    root = say(alice, trio)
    answer(bob, trio, root)
    asked = answer(bob, trio, root, "@carol what do you think?", thread_only=thread_only)
    assert state(carol, root) == (True, asked.seq - 1, 1)
    answer(bob, trio, root, "@carol?")
    assert state(carol, root) == (True, asked.seq - 1, 2)


def test_mentions_and_answers_of_one_commit(alice: User, bob: User, carol: User, trio: Channel) -> None:
    root = say(alice, trio)
    texts = [(bob, "@carol @alice"), (carol, "here"), (bob, "@carol thanks")]
    commit([draft(sender, trio, text, thread=root.id, thread_only=True) for sender, text in texts])
    assert [state(user, root) for user in (alice, bob, carol)] == [(True, 0, 3), (True, 4, 0), (True, 3, 1)]


def test_a_user_who_stopped_following_is_brought_back(alice: User, bob: User, trio: Channel) -> None:
    root = say(alice, trio)
    answer(bob, trio, root)
    thread_follow(user=alice, channel_id=trio.pk, thread_id=root.id, follows=False, app=None)
    asked = answer(bob, trio, root, "@alice?")
    assert state(alice, root) == (True, asked.seq - 1, 1)


def test_mentions_of_all_and_by_a_blocked_user_change_nothing(
    alice: User, bob: User, carol: User, trio: Channel
) -> None:
    root = say(bob, trio)
    Block.objects.create(blocker=carol, blocked=bob)
    User.objects.filter(pk=bob.pk).update(is_restricted=True)
    answer(alice, trio, root, "@all look")
    answer(bob, trio, root, "@carol look")
    assert state(carol, root) == (False, 0, 0)


def test_answers_from_before_a_return_are_not_unread(alice: User, bob: User, trio: Channel) -> None:
    root = say(bob, trio)
    answer(alice, trio, root)
    member_leave(user=bob, channel_id=trio.pk)
    answer(alice, trio, root)
    member_invite(user=alice, channel_id=trio.pk, names=["bob"])
    answer(alice, trio, root)
    assert state(bob, root) == (True, 0, 2)


def test_answers_in_histories_have_the_count_of_their_thread(alice: User, bob: User, trio: Channel) -> None:
    root = say(alice, trio)
    one = answer(bob, trio, root, thread_only=False)
    answer(bob, trio, root)
    rows = trio.messages.filter(pk__in=[root.id, one.id]).order_by("seq")
    shown = [payloads.message_with_details(found) for found in with_details(list(rows), alice)]
    assert [(data.get("threadCount"), data.get("thread", {}).get("count")) for data in shown] == [(None, 2), (2, None)]
