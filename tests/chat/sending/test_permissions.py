"""Permissions are decided as a message is stored: restrictions, slow mode, channels, accounts, replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actions import app_update, user_deactivate
from accounts.models import User
from chat import errors
from chat.actions.channel import channel_create_group, channel_create_private, channel_set_closed
from chat.actions.member import member_join, member_leave, member_set_role
from chat.errors import ChatError, Code
from chat.models import Channel, Message, ReadMark
from chat.selectors import global_channels
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.writer import commit
from delivery import log
from tests.support.in_process import create_global_channel, create_guest, create_users, draft, say
from tests.support.outcomes import results, seqs
from tests.support.restrictions import block, restrict, set_channel

pytestmark = pytest.mark.django_db(transaction=True)


def refusal(sender: User, channel: Channel, **fields: Any) -> ChatError:
    (outcome,) = commit([draft(sender, channel, **fields)])
    assert isinstance(outcome, ChatError), outcome
    return outcome


def code(sender: User, channel: Channel, **fields: Any) -> Code:
    return refusal(sender, channel, **fields).code


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets the clock to seconds after the start of the test."""
    began = log.now_ms()

    def go(seconds: float) -> None:
        monkeypatch.setattr(log, "now_ms", lambda: began + round(seconds * 1000))

    go(0)
    return go


# -- mutes and bans ---------------------------------------------------------------------------------------------------


def test_bob_muted_in_a_group_sends_elsewhere_only(alice: User, bob: User, group: Channel, private: Channel) -> None:
    restrict(bob, alice, channel=group)
    refused = refusal(bob, group)
    assert refused.code is errors.NOT_AUTHORISED and refused.data is not None
    assert refused.data["until"] > log.now_ms()
    assert say(bob, private).seq == 1 and say(alice, group).seq == 1


def test_bob_muted_everywhere_sends_nowhere(alice: User, bob: User, group: Channel, private: Channel) -> None:
    restrict(bob, alice, hours=None)
    here = create_global_channel()
    for channel in (group, private, here):
        refused = refusal(bob, channel, app=101)
        assert refused.code is errors.NOT_AUTHORISED and refused.data is not None and refused.data["until"] is None
    assert say(alice, group).seq == 1


def test_an_expired_mute_has_no_effect(alice: User, bob: User, group: Channel) -> None:
    restrict(bob, alice, hours=-1, channel=group)
    assert say(bob, group).seq == 1


def test_a_retry_of_muted_bob_gets_the_result_from_before_the_mute(alice: User, bob: User, group: Channel) -> None:
    first = say(bob, group, client_id="k")
    restrict(bob, alice, channel=group)
    again = say(bob, group, client_id="k")
    assert again.repeated and again.id == first.id


def test_bob_banned_from_a_group_is_told_it_does_not_exist(alice: User, bob: User, group: Channel) -> None:
    restrict(bob, alice, kind="ban", channel=group)
    assert code(bob, group) is errors.NO_DATA


def test_a_muted_former_member_is_answered_like_any_stranger(alice: User, bob: User, group: Channel) -> None:
    member_leave(user=bob, channel_id=group.pk)
    restrict(bob, alice, channel=group)
    assert code(bob, group) is errors.NO_DATA


def test_a_refusal_of_muted_bob_does_not_affect_his_batch(alice: User, bob: User, group: Channel) -> None:
    restrict(bob, alice, channel=group)
    outcomes = commit([draft(alice, group), draft(bob, group), draft(alice, group)])
    assert [type(outcome) for outcome in outcomes] == [StoredMessage, ChatError, StoredMessage]


# -- blocks -----------------------------------------------------------------------------------------------------------


def test_blocked_bob_cannot_write_to_alice_in_private(alice: User, bob: User, group: Channel, private: Channel) -> None:
    (carol,) = create_users("carol")
    block(alice, bob)
    with_carol, _ = channel_create_private(creator=bob, other=carol)
    assert code(bob, private) is errors.NOT_AUTHORISED
    assert say(bob, with_carol).seq == 1 and say(bob, group).seq == 1


# -- slow mode and announcements only ---------------------------------------------------------------------------------


def test_slow_mode_lets_bob_send_once_in_each_interval(
    bob: User, alice: User, group: Channel, at: Callable[[float], None]
) -> None:
    say(bob, group)
    set_channel(group, slow_mode=30)
    at(10)
    refused = refusal(bob, group)
    assert refused.code is errors.TOO_MUCH and refused.data is not None and refused.data["retryAfter"] == 20
    assert say(alice, group).seq == 2, "its owner does not wait"
    at(30)
    assert say(bob, group).seq == 3
    assert code(bob, group) is errors.TOO_MUCH


def test_slow_mode_holds_within_a_batch_too(bob: User, group: Channel) -> None:
    set_channel(group, slow_mode=30)
    outcomes = commit([draft(bob, group), draft(bob, group), draft(bob, group)])
    assert [type(outcome) for outcome in outcomes] == [StoredMessage, ChatError, ChatError]


def test_a_refused_message_does_not_make_bob_wait(bob: User, group: Channel, at: Callable[[float], None]) -> None:
    set_channel(group, slow_mode=30)
    say(bob, group)
    at(20)
    assert code(bob, group) is errors.TOO_MUCH
    at(31)
    assert say(bob, group).seq == 2


def test_reading_does_not_reset_bob_s_slow_mode(bob: User, group: Channel) -> None:
    set_channel(group, slow_mode=30)
    say(bob, group)
    ReadMark.objects.filter(user=bob).update(seq=1)
    assert code(bob, group) is errors.TOO_MUCH


def test_slow_mode_of_an_app_s_channel_delays_users_and_not_services(bob: User) -> None:
    here = create_global_channel()
    set_channel(here, slow_mode=30)
    bot = User.objects.create_user("bot", kind=User.Kind.SERVICE)
    outcomes = commit([draft(bob, here), draft(bot, here), draft(bob, here), draft(bot, here)])
    assert [type(outcome) for outcome in outcomes] == [StoredMessage, StoredMessage, ChatError, StoredMessage]


def test_members_do_not_write_in_an_announcements_only_group(alice: User, bob: User, group: Channel) -> None:
    set_channel(group, announcements_only=True)
    assert code(bob, group) is errors.NOT_AUTHORISED
    assert say(alice, group).seq == 1
    member_set_role(user=alice, channel_id=group.pk, name="bob", role="admin")
    assert say(bob, group).seq == 2


# -- channels, accounts and replies ------------------------------------------------------------------------------------

Refusal = Callable[[User, Channel], Draft]


def of_a_stranger(alice: User, group: Channel) -> Draft:
    return draft(create_users("carol")[0], group)


def of_a_former_member(alice: User, group: Channel) -> Draft:
    member_leave(user=alice, channel_id=group.pk)
    return draft(alice, group)


def of_a_deactivated_user(alice: User, group: Channel) -> Draft:
    user_deactivate(user_id=alice.pk)
    return draft(alice, group)


def of_a_guest(alice: User, group: Channel) -> Draft:
    return draft(create_guest("夏圭？"), group, app=101)


def to_a_closed_channel(alice: User, group: Channel) -> Draft:
    other = channel_create_group(creator=alice, name="Closed")
    channel_set_closed(operator=alice, channel_id=other.pk, closed=True)
    return draft(alice, other)


def to_an_unknown_channel(alice: User, group: Channel) -> Draft:
    return draft(alice, 10**9)


def to_another_app_s_channel(alice: User, group: Channel) -> Draft:
    return draft(alice, create_global_channel(102), app=101)


def to_a_disabled_app_s_channel(alice: User, group: Channel) -> Draft:
    here = create_global_channel(102)
    app_update(number=102, name="Old", guests_allowed=True, enabled=False)
    return draft(alice, here, app=102)


def of_an_unknown_user(alice: User, group: Channel) -> Draft:
    return Draft(sender=10**9, channel=group.pk, text="boo")


def in_reply_to_another_channel(alice: User, group: Channel) -> Draft:
    other = channel_create_group(creator=alice, name="Other")
    return draft(alice, group, reply_to=say(alice, other).id)


def in_reply_to_a_message_from_before_joining(alice: User, group: Channel) -> Draft:
    closed = channel_create_group(creator=alice, name="Closed", join="open")
    (carol,) = create_users("carol")
    said = say(alice, closed)
    member_join(user=carol, channel_id=closed.pk)
    Channel.objects.filter(pk=closed.pk).update(join="closed")
    return draft(carol, closed, reply_to=said.id)


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (of_a_stranger, errors.NO_DATA),
        (of_a_former_member, errors.NO_DATA),
        (of_a_deactivated_user, errors.NOT_AUTHORISED),
        (of_a_guest, errors.NO_DATA),
        (to_a_closed_channel, errors.OPERATION_FAILED),
        (to_an_unknown_channel, errors.NO_DATA),
        (to_another_app_s_channel, errors.NO_DATA),
        (to_a_disabled_app_s_channel, errors.NO_DATA),
        (of_an_unknown_user, errors.NOT_AUTHORISED),
        (in_reply_to_another_channel, errors.NO_DATA),
        (in_reply_to_a_message_from_before_joining, errors.NO_DATA),
    ],
)
def test_a_refused_draft_does_not_affect_others(
    alice: User, bob: User, group: Channel, refused: Refusal, code: Code
) -> None:
    bad = refused(alice, group)
    before = log.head()
    assert results(commit([draft(bob, group, "before"), bad, draft(bob, group, "after")])) == [1, code, 2]
    assert log.head() == before + 2 and seqs(group) == [1, 2]


def test_a_guest_and_an_account_write_in_their_app_s_channel(alice: User) -> None:
    here = create_global_channel(101)
    assert results(commit([draft(alice, here, app=101), draft(create_guest("夏圭？"), here, app=101)])) == [1, 2]
    assert [channel.pk for channel in global_channels()] == [here.pk]


def test_a_reply_carries_the_number_it_replies_to(alice: User, bob: User, group: Channel) -> None:
    said = say(alice, group)
    reply = say(bob, group, reply_to=said.id)
    row = Message.objects.get(pk=reply.id)
    assert (row.reply_to, row.reply_seq) == (said.id, 1)
