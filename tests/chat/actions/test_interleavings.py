"""Actions whose transactions meet on PostgreSQL. Each order is forced."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from accounts.actions.anonymization import ANONYMIZED_NICKNAME
from accounts.models import User
from chat import errors
from chat.actions.account_deletion import anonymize_events
from chat.actions.channel import channel_create_group, channel_create_private
from chat.actions.member import member_invite, member_join, member_leave, member_remove
from chat.actions.message import message_edit, message_recall, read_mark
from chat.errors import ChatError
from chat.models import Channel, Membership, ReadMark
from delivery import log
from tests.support.expected_events import assert_gap_free
from tests.support.in_process import create_global_channel, say
from tests.support.transactions import OpenTransaction, in_thread, wait_until_waiting
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture(autouse=True)
def gap_free() -> Iterator[None]:
    """Check after the test that positions and sequence numbers are 1, 2, 3, … without a gap."""
    yield
    assert_gap_free()


def test_bob_s_edit_that_waits_for_his_removal_is_refused(alice: User, bob: User, group: Channel) -> None:
    said = say(bob, group)
    with OpenTransaction(lambda: member_remove(user=alice, channel_id=group.pk, name="bob")) as held:
        editing = in_thread(lambda: message_edit(user=bob, channel_id=group.pk, message_id=said.id, text="x", app=101))
        wait_until_waiting()
        held.commit()
        with pytest.raises(ChatError) as refusal:
            editing.result(TIMEOUT_SECONDS)
    assert refusal.value.code is errors.NO_DATA


def test_bob_joins_twice_and_is_invited_at_once_and_has_one_membership(alice: User, bob: User) -> None:
    open_group = channel_create_group(creator=alice, name="Open", join="open")
    with OpenTransaction(lambda: member_join(user=bob, channel_id=open_group.pk)) as held:
        again = in_thread(lambda: member_join(user=bob, channel_id=open_group.pk))
        invited = in_thread(lambda: member_invite(user=alice, channel_id=open_group.pk, names=["bob"]))
        wait_until_waiting(2)
        held.commit()
        again.result(TIMEOUT_SECONDS)
        assert invited.result(TIMEOUT_SECONDS) == []
    assert Membership.objects.filter(channel=open_group, user=bob).count() == 1


def test_the_last_two_members_leave_at_once(alice: User, bob: User, group: Channel) -> None:
    with OpenTransaction(lambda: member_leave(user=alice, channel_id=group.pk)) as held:
        last = in_thread(lambda: member_leave(user=bob, channel_id=group.pk))
        wait_until_waiting()
        held.commit()
        last.result(TIMEOUT_SECONDS)
    assert not Membership.objects.filter(channel=group, until_position=None).exists()


def test_alice_and_bob_create_their_private_channel_at_once(alice: User, bob: User) -> None:
    with OpenTransaction(lambda: channel_create_private(creator=alice, other=bob)) as held:
        crossing = in_thread(lambda: channel_create_private(creator=bob, other=alice))
        wait_until_waiting()
        made, _ = held.commit()
        assert crossing.result(TIMEOUT_SECONDS) == (made, False)


def test_the_greater_of_two_concurrent_first_read_marks_is_kept(alice: User, bob: User) -> None:
    channel = create_global_channel()
    for _ in range(9):
        say(alice, channel)
    with OpenTransaction(lambda: read_mark(user=bob, channel_id=channel.pk, seq=5, app=101)) as held:
        greater = in_thread(lambda: read_mark(user=bob, channel_id=channel.pk, seq=9, app=101))
        wait_until_waiting()
        held.commit()
        assert greater.result(TIMEOUT_SECONDS) == 9
    assert ReadMark.objects.get(user=bob).seq == 9


def test_a_text_recalled_during_the_deletion_of_an_account_stays_erased(alice: User, group: Channel) -> None:
    said = say(alice, group, "secret")
    recall = partial(message_recall, user=alice, channel_id=group.pk, message_id=said.id, app=101)
    with OpenTransaction(recall) as held:
        rewriting = in_thread(lambda: anonymize_events(alice.pk, "alice"))
        wait_until_waiting()
        held.commit()
        rewriting.result(TIMEOUT_SECONDS)
    (body,) = [entry.body for entry in log.read(0, 99) if entry.kind == "msg"]
    assert (body["msg"], body["name"]) == ("", ANONYMIZED_NICKNAME)
