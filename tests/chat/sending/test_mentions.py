"""A message mentions users who can read its channel; edits, recalls and deletions keep that right."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.actions.blocks import user_block
from accounts.models import User
from chat.actions.account_deletion import account_delete
from chat.actions.channel import channel_create_group
from chat.actions.member import member_leave
from chat.actions.message import message_edit, message_recall, read_mark
from chat.actions.retention import channel_delete_expired
from chat.models import Channel, Message, MessageMention
from chat.selectors import access_channel, channel_summary
from chat.selectors.mentions import mention_list
from chat.selectors.readable import readable_anywhere
from chat.sending.drafts import Draft
from chat.sending.writer import commit
from delivery import log
from tests.support.in_process import create_global_channel, create_users, say

pytestmark = pytest.mark.django_db(transaction=True)


def shown(message_id: int) -> list[str]:
    """Return the mentions of the message, which its event has as well: `name=id`."""
    mentions = Message.objects.values_list("mentions", flat=True).get(pk=message_id)
    (body,) = [entry.body for entry in log.read(0, 1000) if entry.ref == message_id and entry.kind == "msg"]
    assert body.get("mentions") == mentions
    return [f"{mention['name']}={mention.get('id', 'all')}" for mention in mentions or []]


def unread_mentions(user: User, channel: Channel) -> int:
    return channel_summary(user, access_channel(user, channel.pk)).mentions


def listed(user: User, **how: Any) -> list[str]:
    found = mention_list(user, readable_anywhere(user, app=None), **{"before": None, "limit": 20, **how})
    return [row.text for row in found[0]]


def test_members_are_mentioned_by_user_name_and_display_name(
    alice: User, bob: User, carol: User, trio: Channel
) -> None:
    create_users("dave")
    carol.nickname = "马远"
    carol.save()
    said = say(alice, trio, "@BOB and @马远你好, @bob, @dave, `@carol` and @alice")
    assert shown(said.id) == [f"BOB={bob.pk}", f"马远={carol.pk}", f"bob={bob.pk}", f"alice={alice.pk}"]
    assert [unread_mentions(user, trio) for user in (alice, bob, carol)] == [0, 1, 1]
    assert [len(listed(user)) for user in (alice, bob, carol)] == [0, 1, 1]


def test_the_longest_name_of_a_member_is_mentioned(alice: User, bob: User, trio: Channel) -> None:
    (longer,) = create_users("bob.smith")
    said = say(alice, trio, "@bob.smith @bob.")
    assert shown(said.id) == [f"bob={bob.pk}"]
    group = channel_create_group(creator=alice, name="two", members=["bob", "bob.smith"])
    assert shown(say(alice, group, "@bob.smith @bob.").id) == [f"bob.smith={longer.pk}", f"bob={bob.pk}"]


def test_a_mention_is_unread_until_it_is_read(alice: User, bob: User, trio: Channel) -> None:
    first, _ = say(alice, trio, "@bob one"), say(alice, trio, "nobody")
    last = say(alice, trio, "@bob @Bob two")
    assert unread_mentions(bob, trio) == 2
    read_mark(user=bob, channel_id=trio.pk, seq=first.seq, app=None)
    assert unread_mentions(bob, trio) == 1
    read_mark(user=bob, channel_id=trio.pk, seq=last.seq, app=None)
    assert (unread_mentions(bob, trio), listed(bob)) == (0, ["@bob @Bob two", "@bob one"])


@pytest.mark.parametrize(
    ("allowed", "expected"), [("managers", [True, False]), ("members", [True, True]), ("nobody", [False, False])]
)
def test_all_are_mentioned_by_those_who_may(
    alice: User, bob: User, carol: User, settings: Settings, allowed: str, expected: list[bool]
) -> None:
    settings.IM_MENTION_ALL = allowed
    group = channel_create_group(creator=alice, name="three", members=["bob", "carol"])
    found = [shown(say(user, group, "@all @所有人 come").id) for user in (alice, bob)]
    assert found == [["all=all", "所有人=all"] if may else [] for may in expected]
    assert unread_mentions(carol, group) == len(listed(carol)) == sum(expected)
    assert MessageMention.objects.filter(user=None).count() == sum(expected)


def test_all_are_not_mentioned_outside_of_groups(alice: User, bob: User, private: Channel) -> None:
    app_channel = create_global_channel()
    assert shown(say(alice, private, "@all @bob").id) == [f"bob={bob.pk}"]
    assert shown(say(alice, app_channel, "@all").id) == []


def test_accounts_and_guests_are_mentioned_in_an_apps_channel(alice: User, bob: User) -> None:
    guests = [
        User.objects.create_user(f"~{number}", nickname="Quiet Cedar", kind=User.Kind.GUEST) for number in range(2)
    ]
    channel = create_global_channel()
    said = say(alice, channel, "@Quiet Cedar, ask @bob")
    newest_first = [f"Quiet Cedar={guest.pk}" for guest in reversed(guests)]
    assert shown(said.id) == [*newest_first, f"bob={bob.pk}"]


def test_a_user_does_not_hear_of_mentions_by_those_they_block(alice: User, bob: User, trio: Channel) -> None:
    user_block(user=bob, other_id=alice.pk)
    said = say(alice, trio, "@bob")
    # The block is a secret: others see the mention.
    assert shown(said.id) == [f"bob={bob.pk}"]
    assert (unread_mentions(bob, trio), listed(bob)) == (0, [])
    # A connection keeps the user whom it has read at its log-in, before the block.
    assert not alice.is_restricted
    message_edit(user=alice, channel_id=trio.pk, message_id=said.id, text="@bob!", app=None)
    assert (unread_mentions(bob, trio), listed(bob)) == (0, [])


def test_the_limit_holds_for_members_with_one_display_name(
    alice: User, bob: User, carol: User, trio: Channel, settings: Settings
) -> None:
    settings.IM_MENTIONS_PER_MESSAGE = 1
    User.objects.filter(pk__in=(bob.pk, carol.pk)).update(nickname_key="twin")
    assert len(shown(say(alice, trio, "@twin @alice").id)) == 1


def test_nobody_mentions_themselves_in_a_thread_with_all(alice: User, bob: User, carol: User) -> None:
    group = channel_create_group(creator=alice, name="three", members=["bob", "carol"])
    say(alice, group, "@all come", thread=say(bob, group, "when?").id, thread_only=True)
    assert [unread_mentions(user, group) for user in (alice, bob)] == [0, 1]


def test_an_edit_mentions_others(alice: User, bob: User, carol: User, trio: Channel) -> None:
    said = say(alice, trio, "@bob look")
    message_edit(user=alice, channel_id=trio.pk, message_id=said.id, text="@carol look", app=None)
    assert [shown(said.id), unread_mentions(bob, trio), unread_mentions(carol, trio)] == [[f"carol={carol.pk}"], 0, 1]
    message_edit(user=alice, channel_id=trio.pk, message_id=said.id, text="look", app=None)
    assert (shown(said.id), unread_mentions(carol, trio)) == ([], 0)
    edited = [entry.body["mentions"] for entry in log.read(0, 100) if entry.kind == "message.edited"]
    assert edited == [[], []]
    other = say(alice, trio, "no one")
    message_edit(user=alice, channel_id=trio.pk, message_id=other.id, text="still no one", app=None)
    assert "mentions" not in log.read(0, 100)[-1].body


def test_a_recalled_message_mentions_nobody(alice: User, bob: User, trio: Channel) -> None:
    said = say(alice, trio, "@bob look")
    message_recall(user=alice, channel_id=trio.pk, message_id=said.id, app=None)
    assert (unread_mentions(bob, trio), listed(bob), MessageMention.objects.count()) == (0, [], 0)
    assert [body.get("mentions") for body in (e.body for e in log.read(0, 100) if e.kind == "msg")] == [[]]


def test_mentions_end_with_the_membership_and_with_the_message(
    alice: User, bob: User, trio: Channel, settings: Settings
) -> None:
    say(alice, trio, "@bob look")
    member_leave(user=bob, channel_id=trio.pk)
    assert listed(bob) == []
    assert shown(say(alice, trio, "@bob gone").id) == []
    channel_delete_expired(channel_id=trio.pk, before=log.now_ms() + 1000)
    assert MessageMention.objects.count() == 0


def test_a_deleted_account_is_no_longer_linked_to_its_name(alice: User, bob: User, carol: User, trio: Channel) -> None:
    said = say(alice, trio, "@bob and @carol")
    account_delete(user_id=bob.pk)
    assert shown(said.id) == [f"carol={carol.pk}"]
    assert MessageMention.objects.filter(user=bob).count() == 0


def test_pages_of_mentions_join_without_gaps(alice: User, bob: User, trio: Channel) -> None:
    texts = [f"@bob {number}" for number in range(5)]
    for text in texts:
        say(alice, trio, text)
    found: list[str] = []
    before = None
    while True:
        rows, before = mention_list(bob, readable_anywhere(bob, app=None), before=before, limit=2)
        found += [row.text for row in rows]
        if before is None:
            break
    assert found == texts[::-1]


def test_a_message_without_a_name_costs_no_statement(alice: User, trio: Channel) -> None:
    def statements(text: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            commit([Draft(sender=alice.pk, channel=trio.pk, text=text)])
        return sum(query["sql"].count(";") + 1 for query in queries.captured_queries)

    plain = statements("hello")
    assert statements("a @ b, mail a@b.example") == plain
    assert statements("@nobody") > plain
