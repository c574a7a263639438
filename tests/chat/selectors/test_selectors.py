"""Users read channels and messages in pages; an unreadable object is answered like a missing one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import errors, selectors
from chat.actions.channel import (
    channel_create_group,
    channel_create_private,
    channel_rename,
    channel_set_closed,
)
from chat.actions.channel_settings import channel_update_settings
from chat.actions.member import member_invite, member_join, member_leave
from chat.actions.message import message_recall, read_mark
from chat.errors import ChatError
from chat.models import Channel, Message, ReadMark
from chat.selectors import ChannelSummary, History, access_channel, access_message, channel_list, history
from tests.support.in_process import create_global_channel, create_guest, create_users, say

pytestmark = pytest.mark.django_db(transaction=True)


def page(user: User, channel: Channel, limit: int = 100, **where: int) -> History:
    where_all = {"before": None, "after": None, **where}
    return history(user, access_channel(user, channel.pk), limit=limit, **where_all)  # type: ignore[arg-type]


def seqs(found: History) -> list[int]:
    return [message.seq for message in found.messages]


def notes(found: History) -> list[str]:
    return [note.body["note"] for note in found.notes]


# -- the guard --------------------------------------------------------------------------------------------------------


def test_outsiders_cannot_distinguish_a_group_from_a_missing_one(alice: User, bob: User, group: Channel) -> None:
    (carol,) = create_users("carol")
    member_leave(user=bob, channel_id=group.pk)
    answers = set()
    for user, channel_id in [(carol, group.pk), (bob, group.pk), (create_guest("夏圭？"), group.pk), (alice, 10**9)]:
        with pytest.raises(ChatError) as refusal:
            access_channel(user, channel_id)
        answers.add((refusal.value.code, str(refusal.value)))
    assert len(answers) == 1 and answers.pop()[0] is errors.NO_DATA


def test_a_global_channel_is_open_to_everyone_on_its_app_only() -> None:
    web, ios = create_global_channel(101), create_global_channel(102)
    visitor = create_guest("夏圭？")
    assert access_channel(visitor, web.pk, app=101).channel == web
    with pytest.raises(ChatError):
        access_channel(visitor, ios.pk, app=101)


def test_a_message_is_fetched_through_its_own_channel_only(alice: User, bob: User, group: Channel) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    said = say(alice, private)
    with pytest.raises(ChatError):
        access_message(alice, access_channel(alice, group.pk), said.id)
    assert access_message(bob, access_channel(bob, private.pk), said.id).pk == said.id


# -- history ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("join", "shown"), [("open", [1, 2, 3, 4]), ("invite", [3, 4]), ("closed", [3, 4])])
def test_the_policy_decides_where_the_history_begins(alice: User, join: str, shown: list[int]) -> None:
    (carol,) = create_users("carol")
    group = channel_create_group(creator=alice, name="Painters", join=join)
    say(alice, group)
    say(alice, group)
    member_invite(user=alice, channel_id=group.pk, names=["carol"])
    say(alice, group)
    say(carol, group)
    assert seqs(page(carol, group)) == shown


def test_a_returning_member_reads_both_intervals_and_not_the_time_between(
    alice: User, bob: User, group: Channel
) -> None:
    say(alice, group)
    member_leave(user=bob, channel_id=group.pk)
    channel_rename(user=alice, channel_id=group.pk, name="Between")
    say(alice, group)
    member_invite(user=alice, channel_id=group.pk, names=["bob"])
    say(alice, group)
    assert seqs(page(bob, group)) == [1, 3]
    assert notes(page(bob, group)) == ["created", "left", "invited"]
    assert notes(page(alice, group)) == ["created", "left", "renamed", "invited"]


def test_a_closed_policy_hides_messages_from_before_the_join(alice: User, bob: User) -> None:
    group = channel_create_group(creator=alice, name="Painters", join="open", listed=True)
    said = say(alice, group)
    member_join(user=bob, channel_id=group.pk)
    assert seqs(page(bob, group)) == [1]
    channel_update_settings(user=alice, channel_id=group.pk, join="invite")
    assert seqs(page(bob, group)) == []
    with pytest.raises(ChatError):
        access_message(bob, access_channel(bob, group.pk), said.id)


@pytest.mark.parametrize("forward", [True, False])
def test_pages_follow_without_gap_or_repeat_and_so_do_their_notes(alice: User, group: Channel, forward: bool) -> None:
    for number in range(7):
        channel_rename(user=alice, channel_id=group.pk, name=f"name {number}")
        say(alice, group)
    channel_rename(user=alice, channel_id=group.pk, name="last")
    found: list[int] = []
    positions: list[int] = []
    at = page(alice, group, 3, **({"after": 0} if forward else {}))
    while True:
        found = found + seqs(at) if forward else seqs(at) + found
        positions += [note.position for note in at.notes]
        if not at.has_more:
            break
        at = page(alice, group, 3, **({"after": at.messages[-1].seq} if forward else {"before": at.messages[0].seq}))
    assert found == [1, 2, 3, 4, 5, 6, 7]
    assert len(positions) == len(set(positions)) == 9


def test_a_recalled_message_has_no_text_and_keeps_its_place(alice: User, bob: User, group: Channel) -> None:
    said = say(alice, group, "oops")
    message_recall(user=alice, channel_id=group.pk, message_id=said.id, app=None)
    (message,) = page(bob, group).messages
    assert (message.seq, message.text) == (1, "") and message.recalled_at is not None


# -- lists ------------------------------------------------------------------------------------------------------------


def listed(user: User) -> dict[str, ChannelSummary]:
    return {item.name: item for item in channel_list(user, 101)}


def test_the_list_has_names_counts_and_an_order(alice: User, bob: User, group: Channel) -> None:
    web = create_global_channel(101)
    create_global_channel(102)
    unnamed = channel_create_group(creator=alice, members=["bob"])
    private, _ = channel_create_private(creator=alice, other=bob)
    for channel in (group, unnamed, private, group):
        say(bob, channel)
    items = channel_list(alice, 101)
    assert items[0].channel == web
    assert {item.name for item in items} == {"App 101", "Painters", "Alice, Bob", "Bob"}
    by_name = listed(alice)
    assert (by_name["Painters"].unread, by_name["Painters"].role, by_name["Painters"].members) == (2, "owner", 2)
    assert by_name["Bob"].peer == bob and listed(bob)["Alice"].peer == alice
    assert listed(bob)["Painters"].unread == 0


def test_unread_counts_start_at_the_read_mark_or_the_join(alice: User, bob: User, group: Channel) -> None:
    for _ in range(3):
        say(alice, group)
    assert listed(bob)["Painters"].unread == 3
    assert read_mark(user=bob, channel_id=group.pk, seq=2, app=None) == 2
    assert read_mark(user=bob, channel_id=group.pk, seq=1, app=None) == 2
    assert listed(bob)["Painters"].unread == 1
    assert read_mark(user=bob, channel_id=group.pk, seq=99, app=None) == 3
    member_leave(user=bob, channel_id=group.pk)
    say(alice, group)
    member_invite(user=alice, channel_id=group.pk, names=["bob"])
    assert listed(bob)["Painters"].unread == 0
    say(alice, group)
    assert listed(bob)["Painters"].unread == 1


def test_recalled_messages_are_not_unread(alice: User, bob: User, group: Channel) -> None:
    web = create_global_channel(101)
    private, _ = channel_create_private(creator=alice, other=bob)
    read_mark(user=bob, channel_id=web.pk, seq=0, app=101)
    for channel in (web, group, private):
        sent = [say(alice, channel, app=101).id for _ in range(4)]
        for message in sent[1:3]:
            message_recall(user=alice, channel_id=channel.pk, message_id=message, app=101)
    assert unread_counts(bob) == [2, 2, 2]
    for seq, unread in ((1, 1), (2, 1), (3, 1), (4, 0)):
        for channel in (web, group, private):
            read_mark(user=bob, channel_id=channel.pk, seq=seq, app=101)
        assert unread_counts(bob) == [unread] * 3


def unread_counts(user: User) -> list[int]:
    return [item.unread for item in channel_list(user, 101)]


def test_unread_counts_take_the_same_queries_for_any_number_of_channels(alice: User, bob: User, group: Channel) -> None:
    counts = []
    for _ in range(2):
        say(alice, group)
        with CaptureQueriesContext(connection) as queries:
            unread_counts(bob)
        counts.append(len(queries))
        for number in range(3):
            message = say(alice, channel_create_group(creator=alice, name=f"Group {number}", members=["bob"]))
            message_recall(user=alice, channel_id=message.channel, message_id=message.id, app=None)
    assert counts[0] == counts[1]


def test_messages_recalled_before_a_member_joined_are_not_subtracted(alice: User, bob: User, group: Channel) -> None:
    sent = [say(alice, group).id for _ in range(3)]
    member_leave(user=bob, channel_id=group.pk)
    member_invite(user=alice, channel_id=group.pk, names=["bob"])
    message_recall(user=alice, channel_id=group.pk, message_id=sent[1], app=None)
    say(alice, group)
    assert listed(bob)["Painters"].unread == 1
    ReadMark.objects.all().delete()
    assert listed(bob)["Painters"].unread == 1


def test_a_guest_lists_its_global_channel_only(alice: User, group: Channel) -> None:
    create_global_channel(101)
    assert [item.name for item in channel_list(create_guest("夏圭？"), 101)] == ["App 101"]


def test_strangers_find_listed_open_groups_only(alice: User) -> None:
    for name, join, shown in [("Open", "open", True), ("Hidden", "open", False), ("By invitation", "invite", True)]:
        channel_create_group(creator=alice, name=name, join=join, listed=shown)
    closed = channel_create_group(creator=alice, name="Closed", join="open", listed=True)
    channel_set_closed(operator=alice, channel_id=closed.pk, closed=True)
    assert [(channel.name, count) for channel, count in selectors.channel_search("", 50)] == [("Open", 1)]
    assert selectors.channel_search("pE", 50) and not selectors.channel_search("nothing", 50)


@pytest.mark.parametrize("content", [{"previews": [{"description": "x" * 2000}]}, {"forwarded": {"name": "x" * 2000}}])
def test_a_page_of_previews_and_origins_fits_into_the_outbox(
    alice: User, group: Channel, settings: Settings, content: dict[str, Any]
) -> None:
    for _ in range(3):
        say(alice, group)
    Message.objects.update(**content)
    settings.IM_OUTBOX_MAX_BYTES = 4 * 3000
    found = page(alice, group)
    assert (seqs(found), found.has_more) == ([3], True)
