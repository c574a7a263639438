"""Mutes in a channel and on the whole site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Block, User
from chat import errors
from chat.actions.member import (
    member_leave,
    member_set_role,
)
from chat.actions.message import message_edit
from chat.actions.moderation import (
    member_restrict,
    member_unrestrict,
    user_mute,
    user_unmute,
)
from chat.models import Channel, Restriction
from delivery import log
from tests.support.in_process import say
from tests.support.moderation import announced, refusal

pytestmark = pytest.mark.django_db


def test_alice_mutes_bob_and_only_bob_is_notified(alice: User, bob: User, trio: Channel) -> None:
    before, until = log.head(), timezone.now() + timedelta(hours=1)
    member_restrict(user=alice, channel_id=trio.pk, name="bob", kind="mute", until=until, reason=" too \n loud ")
    ms = int(until.timestamp() * 1000)
    assert announced(before) == [
        ((bob.pk,), {"kind": "mute", "target": str(trio.pk), "until": ms, "reason": "too loud"})
    ]
    with pytest.raises(AssertionError):
        say(bob, trio)
    before = log.head()
    member_unrestrict(user=alice, channel_id=trio.pk, name="bob", kind="mute")
    member_unrestrict(user=alice, channel_id=trio.pk, name="bob", kind="mute")
    assert announced(before) == [((bob.pk,), {"kind": "unmute", "target": str(trio.pk)})]
    assert say(bob, trio).seq == 1 and not User.objects.get(pk=bob.pk).is_restricted


def test_a_muted_user_cannot_edit(bob: User, trio: Channel, operator: User) -> None:
    said = say(bob, trio)
    user_mute(operator=operator, user_id=bob.pk)

    def edit() -> object:
        return message_edit(user=bob, channel_id=trio.pk, message_id=said.id, text="again", app=None)

    assert refusal(edit) is errors.NOT_AUTHORISED
    user_unmute(operator=operator, user_id=bob.pk)
    edit()


def test_only_admins_can_mute_and_only_plain_members(alice: User, bob: User, carol: User, trio: Channel) -> None:
    def mute(user: User, name: str) -> Callable[[], object]:
        return lambda: member_restrict(user=user, channel_id=trio.pk, name=name, kind="mute", until=None)

    assert refusal(mute(bob, "carol")) is errors.NOT_AUTHORISED
    member_set_role(user=alice, channel_id=trio.pk, name="bob", role="admin")
    assert refusal(mute(bob, "alice")) is errors.NOT_AUTHORISED
    assert refusal(mute(bob, "bob")) is errors.ILLEGAL_PARAMETER
    mute(bob, "carol")()
    member_leave(user=carol, channel_id=trio.pk)
    assert refusal(mute(carol, "bob")) is errors.NO_DATA
    assert not Restriction.objects.exclude(user=carol).exists()


def test_an_unmuted_user_who_is_blocked_is_still_marked_as_restricted(
    alice: User, bob: User, trio: Channel, operator: User
) -> None:
    user_mute(operator=operator, user_id=bob.pk)
    Block.objects.create(blocker=alice, blocked=bob)
    user_unmute(operator=operator, user_id=bob.pk)
    assert User.objects.get(pk=bob.pk).is_restricted
