"""Bans from a channel and from the whole site."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions import system_user
from accounts.models import User
from chat import errors
from chat.actions.channel import channel_create_private
from chat.actions.channel_settings import channel_update_settings
from chat.actions.member import (
    member_invite,
    member_join,
)
from chat.actions.moderation import (
    member_restrict,
    member_unrestrict,
    restrictions_lift_expired,
    user_ban,
    user_mute,
    user_unban,
    user_unmute,
)
from chat.models import Channel, Restriction
from chat.selectors import access_channel
from tests.support.in_process import create_global_channel, create_users
from tests.support.moderation import refusal, roles

pytestmark = pytest.mark.django_db


def test_a_ban_removes_bob_and_keeps_him_out(alice: User, bob: User, trio: Channel) -> None:
    channel_update_settings(user=alice, channel_id=trio.pk, join="open")
    member_restrict(user=alice, channel_id=trio.pk, name="bob", kind="ban", until=None)
    assert "bob" not in roles(trio)
    assert refusal(lambda: access_channel(bob, trio.pk)) is errors.NO_DATA
    assert refusal(lambda: member_join(user=bob, channel_id=trio.pk)) is errors.NO_DATA
    invite = lambda: member_invite(user=alice, channel_id=trio.pk, names=["bob"])  # noqa: E731
    assert refusal(invite) is errors.NOT_AUTHORISED
    member_unrestrict(user=alice, channel_id=trio.pk, name="bob", kind="ban")
    member_join(user=bob, channel_id=trio.pk)
    assert roles(trio)["bob"] == "member"


def test_a_user_who_is_not_a_member_can_be_banned(alice: User, trio: Channel) -> None:
    create_users("mallory")
    member_restrict(user=alice, channel_id=trio.pk, name="mallory", kind="ban", until=None)
    invite = lambda: member_invite(user=alice, channel_id=trio.pk, names=["mallory"])  # noqa: E731
    assert refusal(invite) is errors.NOT_AUTHORISED


def test_an_owner_banned_by_an_operator_loses_the_group_to_another_member(
    alice: User, trio: Channel, operator: User
) -> None:
    user_ban(operator=operator, user_id=alice.pk, channel_id=trio.pk)
    assert roles(trio) == {"bob": "owner", "carol": "member"}


def test_a_ban_from_the_site_expires(bob: User, carol: User, operator: User) -> None:
    for person in (bob, carol):
        user_ban(operator=operator, user_id=person.pk, until=timezone.now() + timedelta(days=1))
        assert not User.objects.get(pk=person.pk).is_active
    Restriction.objects.filter(user=bob).update(until=timezone.now() - timedelta(seconds=1))
    assert restrictions_lift_expired() == 1
    assert User.objects.get(pk=bob.pk).is_active and not User.objects.get(pk=carol.pk).is_active
    user_unban(operator=operator, user_id=carol.pk)
    assert User.objects.get(pk=carol.pk).is_active and not Restriction.objects.exists()


def test_the_end_of_a_ban_does_not_restore_a_deleted_account(bob: User, operator: User) -> None:
    user_ban(operator=operator, user_id=bob.pk)
    User.objects.filter(pk=bob.pk).update(deleted_at=timezone.now())
    user_unban(operator=operator, user_id=bob.pk)
    assert not User.objects.get(pk=bob.pk).is_active and not Restriction.objects.exists()


def test_bans_from_global_or_private_channels_are_refused(alice: User, bob: User, operator: User) -> None:
    for channel in (create_global_channel(), channel_create_private(creator=alice, other=bob)[0]):
        ban = lambda channel=channel: user_ban(operator=operator, user_id=bob.pk, channel_id=channel.pk)  # noqa: E731
        assert refusal(ban) is errors.ILLEGAL_PARAMETER


def test_only_superusers_and_the_system_user_mute_and_ban_staff(bob: User, carol: User, operator: User) -> None:
    """Otherwise a moderator could ban operators, or lift their own restrictions."""
    User.objects.filter(pk__in=[bob.pk, carol.pk]).update(is_staff=True)
    assert refusal(lambda: user_mute(operator=bob, user_id=carol.pk)) is errors.NOT_AUTHORISED
    assert refusal(lambda: user_ban(operator=bob, user_id=carol.pk)) is errors.NOT_AUTHORISED
    user_mute(operator=operator, user_id=bob.pk)
    assert refusal(lambda: user_unmute(operator=bob, user_id=bob.pk)) is errors.NOT_AUTHORISED
    user_unmute(operator=system_user(), user_id=bob.pk)
    user_mute(operator=system_user(), user_id=bob.pk)
    assert Restriction.objects.get().created_by == system_user()
