"""What a sender may do at the moment their message is stored: mutes, bans, blocks, slow mode, announcements only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Block, User
from chat import errors
from chat.actions.channel import channel_create_private
from chat.actions.member import member_leave, member_set_role
from chat.errors import ChatError, Code
from chat.models import Channel, ReadMark, Restriction
from chat.sending import writer
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.writer import commit
from tests.support.in_process import draft, people, room, say

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def private(alice: User, bob: User) -> Channel:
    return channel_create_private(creator=alice, other=bob)[0]


def restrict(user: User, by: User, *, hours: int | None = 1, kind: str = "mute", **where: Any) -> None:
    until = None if hours is None else timezone.now() + timedelta(hours=hours)
    Restriction.objects.create(user=user, created_by=by, kind=kind, until=until, **where)
    User.objects.filter(pk=user.pk).update(is_restricted=True)


def block(by: User, blocked: User) -> None:
    Block.objects.create(blocker=by, blocked=blocked)
    User.objects.filter(pk=blocked.pk).update(is_restricted=True)


def setting(channel: Channel, **values: Any) -> None:
    Channel.objects.filter(pk=channel.pk).update(**values)


def refusal(sender: User, channel: Channel, **fields: Any) -> ChatError:
    (outcome,) = commit([draft(sender, channel, **fields)])
    assert isinstance(outcome, ChatError), outcome
    return outcome


def code(sender: User, channel: Channel, **fields: Any) -> Code:
    return refusal(sender, channel, **fields).code


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock to so many seconds after the test began."""
    began = writer.log.now_ms()

    def go(seconds: float) -> None:
        monkeypatch.setattr(writer.log, "now_ms", lambda: began + round(seconds * 1000))

    go(0)
    return go


# -- mutes and bans ---------------------------------------------------------------------------------------------------


def test_bob_muted_in_a_group_speaks_elsewhere_only(alice: User, bob: User, group: Channel, private: Channel) -> None:
    restrict(bob, alice, channel=group)
    refused = refusal(bob, group)
    assert refused.code is errors.NOT_AUTHORISED and refused.data is not None
    assert refused.data["until"] > writer.log.now_ms()
    assert say(bob, private).seq == 1 and say(alice, group).seq == 1


def test_bob_muted_everywhere_speaks_nowhere(alice: User, bob: User, group: Channel, private: Channel) -> None:
    restrict(bob, alice, hours=None)
    here = room()
    for channel in (group, private, here):
        refused = refusal(bob, channel, app=101)
        assert refused.code is errors.NOT_AUTHORISED and refused.data is not None and refused.data["until"] is None
    assert say(alice, group).seq == 1


def test_a_mute_that_has_run_out_is_none(alice: User, bob: User, group: Channel) -> None:
    restrict(bob, alice, hours=-1, channel=group)
    assert say(bob, group).seq == 1


def test_a_retry_of_what_was_said_before_the_mute_gets_the_first_result(alice: User, bob: User, group: Channel) -> None:
    first = say(bob, group, client_id="k")
    restrict(bob, alice, channel=group)
    again = say(bob, group, client_id="k")
    assert again.repeated and again.id == first.id


def test_for_the_banned_there_is_no_such_channel(alice: User, bob: User, group: Channel) -> None:
    restrict(bob, alice, kind="ban", channel=group)
    assert code(bob, group) is errors.NO_DATA


def test_a_muted_stranger_is_answered_like_any_stranger(alice: User, bob: User, group: Channel) -> None:
    member_leave(user=bob, channel_id=group.pk)
    restrict(bob, alice, channel=group)
    assert code(bob, group) is errors.NO_DATA


def test_the_muted_harm_nobody_in_their_batch(alice: User, bob: User, group: Channel) -> None:
    restrict(bob, alice, channel=group)
    outcomes = commit([draft(alice, group), draft(bob, group), draft(alice, group)])
    assert [type(outcome) for outcome in outcomes] == [StoredMessage, ChatError, StoredMessage]


# -- blocks -----------------------------------------------------------------------------------------------------------


def test_the_blocked_do_not_write_to_who_blocked_them(alice: User, bob: User, group: Channel, private: Channel) -> None:
    (carol,) = people("carol")
    block(alice, bob)
    with_carol, _ = channel_create_private(creator=bob, other=carol)
    assert code(bob, private) is errors.NOT_AUTHORISED
    assert say(bob, with_carol).seq == 1 and say(bob, group).seq == 1


# -- slow mode and announcements only ---------------------------------------------------------------------------------


def test_slow_mode_lets_bob_speak_once_in_a_while(
    bob: User, alice: User, group: Channel, at: Callable[[float], None]
) -> None:
    say(bob, group)
    setting(group, slow_mode=30)
    at(10)
    refused = refusal(bob, group)
    assert refused.code is errors.TOO_MUCH and refused.data is not None and refused.data["retryAfter"] == 20
    assert say(alice, group).seq == 2, "its owner need not wait"
    at(30)
    assert say(bob, group).seq == 3
    assert code(bob, group) is errors.TOO_MUCH


def test_slow_mode_holds_within_a_batch_too(bob: User, group: Channel) -> None:
    setting(group, slow_mode=30)
    outcomes = commit([draft(bob, group), draft(bob, group), draft(bob, group)])
    assert [type(outcome) for outcome in outcomes] == [StoredMessage, ChatError, ChatError]


def test_what_was_refused_does_not_make_bob_wait(bob: User, group: Channel, at: Callable[[float], None]) -> None:
    setting(group, slow_mode=30)
    say(bob, group)
    at(20)
    assert code(bob, group) is errors.TOO_MUCH
    at(31)
    assert say(bob, group).seq == 2


def test_reading_does_not_forget_when_bob_spoke(bob: User, group: Channel) -> None:
    setting(group, slow_mode=30)
    say(bob, group)
    ReadMark.objects.filter(user=bob).update(seq=1)
    assert code(bob, group) is errors.TOO_MUCH


def test_slow_mode_of_an_app_s_room_is_for_people_and_not_for_services(bob: User) -> None:
    here = room()
    setting(here, slow_mode=30)
    bot = User.objects.create_user("bot", kind=User.Kind.SERVICE)
    outcomes = commit([draft(bob, here), draft(bot, here), draft(bob, here), draft(bot, here)])
    assert [type(outcome) for outcome in outcomes] == [StoredMessage, StoredMessage, ChatError, StoredMessage]


def test_where_only_announcements_are_made_members_do_not_write(alice: User, bob: User, group: Channel) -> None:
    setting(group, announcements_only=True)
    assert code(bob, group) is errors.NOT_AUTHORISED
    assert say(alice, group).seq == 1
    member_set_role(user=alice, channel_id=group.pk, name="bob", role="admin")
    assert say(bob, group).seq == 2


# -- cost -------------------------------------------------------------------------------------------------------------


def queries(drafts: list[Draft]) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert all(isinstance(outcome, StoredMessage) for outcome in commit(drafts))
    return len(seen)


def test_the_many_pay_nothing_for_the_few(alice: User, bob: User, group: Channel, private: Channel) -> None:
    plain = queries([draft(alice, group), draft(bob, group), draft(alice, private)])
    restrict(bob, alice, hours=-1, channel=group)
    setting(group, slow_mode=1)
    ReadMark.objects.update(last_sent_at=None)
    few = queries([draft(alice, group), draft(bob, group), draft(alice, private)])
    assert few == plain + 3, "restrictions, blocks, and when they last spoke"
    setting(group, slow_mode=0)
    User.objects.update(is_restricted=False)
    assert queries([draft(alice, group), draft(bob, group), draft(alice, private)]) == plain
