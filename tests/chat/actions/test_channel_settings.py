"""Channel policies, roles and the transfer of a channel."""

from __future__ import annotations

import pytest

from accounts.models import User
from chat import errors
from chat.actions.channel import channel_create_private
from chat.actions.channel_settings import (
    channel_transfer,
    channel_transfer_as_operator,
    channel_update_settings,
    channel_update_settings_as_operator,
)
from chat.actions.member import (
    member_invite,
    member_leave,
    member_set_role,
    member_set_role_as_operator,
)
from chat.models import Channel
from chat.selectors import access_channel, access_message, history
from delivery import log
from tests.support.in_process import create_global_channel, create_users, say
from tests.support.moderation import announced, refusal, roles

pytestmark = pytest.mark.django_db


def test_an_owner_opens_the_history_to_new_members_and_closes_it_again(bob: User, alice: User, trio: Channel) -> None:
    said = say(alice, trio, "long ago")
    (dave,) = create_users("dave")
    member_invite(user=alice, channel_id=trio.pk, names=["dave"])

    def read() -> list[str]:
        page = history(dave, access_channel(dave, trio.pk), before=None, after=None, limit=9)
        return [message.text for message in page.messages]

    assert read() == []
    member_set_role(user=alice, channel_id=trio.pk, name="bob", role="admin")
    opening = lambda: channel_update_settings(user=bob, channel_id=trio.pk, history="all")  # noqa: E731
    assert refusal(opening) is errors.NOT_AUTHORISED
    channel_update_settings(user=alice, channel_id=trio.pk, history="all")
    assert read() == ["long ago"]
    assert access_message(dave, access_channel(dave, trio.pk), said.id).text == "long ago"
    member_leave(user=dave, channel_id=trio.pk)
    assert refusal(lambda: access_channel(dave, trio.pk)) is errors.NO_DATA
    member_invite(user=alice, channel_id=trio.pk, names=["dave"])
    channel_update_settings(user=alice, channel_id=trio.pk, history="joined")
    assert read() == []


def test_a_policy_change_causes_one_event(alice: User, trio: Channel) -> None:
    before = log.head()
    for _ in range(2):
        channel_update_settings(user=alice, channel_id=trio.pk, slow_mode=30, announcements_only=True)
    assert [body["note"] for _, body in announced(before, "channel.note")] == ["policy"]
    trio.refresh_from_db()
    assert (trio.slow_mode, trio.announcements_only) == (30, True)


def test_operators_set_slow_mode_in_a_global_channel_but_cannot_close_it(operator: User) -> None:
    here = create_global_channel()
    channel_update_settings_as_operator(operator=operator, channel_id=here.pk, slow_mode=5)
    closing = lambda: channel_update_settings_as_operator(operator=operator, channel_id=here.pk, join="closed")  # noqa: E731
    assert refusal(closing) is errors.ILLEGAL_PARAMETER
    assert Channel.objects.get(pk=here.pk).slow_mode == 5


def test_alice_transfers_the_group_to_bob(alice: User, bob: User, trio: Channel) -> None:
    assert refusal(lambda: channel_transfer(user=bob, channel_id=trio.pk, name="carol")) is errors.NOT_AUTHORISED
    create_users("dave")
    assert refusal(lambda: channel_transfer(user=alice, channel_id=trio.pk, name="dave")) is errors.NO_DATA
    channel_transfer(user=alice, channel_id=trio.pk, name="bob")
    assert roles(trio) == {"alice": "admin", "bob": "owner", "carol": "member"}


def test_an_operator_transfers_the_group_to_carol(carol: User, trio: Channel, operator: User) -> None:
    channel_transfer_as_operator(operator=operator, channel_id=trio.pk, user_id=carol.pk)
    assert roles(trio) == {"alice": "admin", "bob": "member", "carol": "owner"}


def test_an_operator_gives_roles_to_members_only(alice: User, bob: User, trio: Channel, operator: User) -> None:
    def give(person: User, role: str, channel: Channel = trio) -> None:
        member_set_role_as_operator(operator=operator, channel_id=channel.pk, user_id=person.pk, role=role)

    before = log.head()
    for _ in range(2):
        give(bob, "admin")
    assert roles(trio) == {"alice": "owner", "bob": "admin", "carol": "member"}
    assert [body["value"] for _, body in announced(before, "channel.note")] == ["admin"]
    assert refusal(lambda: give(alice, "member")) is errors.OPERATION_FAILED
    assert refusal(lambda: give(operator, "admin")) is errors.NO_DATA
    private, _ = channel_create_private(creator=alice, other=bob)
    assert refusal(lambda: give(bob, "admin", private)) is errors.NO_DATA
