"""Groups and private channels are created, renamed, opened and closed."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import Settings

from accounts.actions import user_deactivate
from accounts.models import User
from chat import errors, reasons
from chat.actions.channel import (
    channel_create_group,
    channel_create_private,
    channel_rename,
    channel_set_closed,
)
from chat.actions.channel_settings import channel_close, channel_update_settings
from chat.errors import ChatError, Code
from chat.models import Channel, Membership
from delivery import log
from tests.support.in_process import create_guest, create_users

pytestmark = pytest.mark.django_db(transaction=True)


def last_note() -> tuple[str, str]:
    """Return kind and value of the newest event."""
    body = log.read(log.head() - 1, 1)[0].body
    return body["note"], body["value"]


def test_a_new_group_has_its_creator_as_owner_and_all_members_from_its_first_event(alice: User, group: Channel) -> None:
    stays = Membership.objects.filter(channel=group).order_by("user")
    assert [(membership.user.username, membership.role) for membership in stays] == [
        ("alice", "owner"),
        ("bob", "member"),
    ]
    (event,) = log.read(0, 9)
    assert {membership.from_position for membership in stays} == {event.position} and {
        membership.from_seq for membership in stays
    } == {1}
    assert sorted(event.header["join"]) == sorted(membership.user_id for membership in stays)


def test_repeated_members_and_the_creator_are_added_once(alice: User, bob: User) -> None:
    group = channel_create_group(creator=alice, members=["bob", "BOB", "alice"])
    assert Membership.objects.filter(channel=group).count() == 2


def test_the_private_channel_of_two_users_exists_once(alice: User, bob: User) -> None:
    made, new = channel_create_private(creator=alice, other=bob)
    assert new and channel_create_private(creator=bob, other=alice) == (made, False)
    assert Membership.objects.filter(channel=made).count() == 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": ""}, errors.ILLEGAL_PARAMETER),
        ({"name": "", "listed": True, "members": ["bob"]}, errors.ILLEGAL_PARAMETER),
        ({"name": "a\u202eb"}, errors.ILLEGAL_PARAMETER),
        ({"name": "x" * 65}, errors.ILLEGAL_PARAMETER),
        ({"name": "Painters", "members": ["nobody"]}, errors.NO_DATA),
        ({"name": "Painters", "members": ["夏圭？"]}, errors.NO_DATA),
        ({"name": "Painters", "members": ["gone"]}, errors.NO_DATA),
        ({"name": "Painters", "members": ["bob", "carol"]}, errors.TOO_MUCH),
    ],
)
def test_a_refused_group_stores_nothing(
    alice: User, bob: User, settings: Settings, fields: dict[str, Any], code: Code
) -> None:
    _, gone = create_users("carol", "gone")
    user_deactivate(user_id=gone.pk)
    create_guest("夏圭？")
    settings.IM_GROUP_MAX_MEMBERS = 2  # type: ignore[attr-defined]
    before = log.head()
    with pytest.raises(ChatError) as refusal:
        channel_create_group(creator=alice, **fields)
    assert refusal.value.code is code
    assert not Channel.objects.exists() and log.head() == before


def test_a_guest_cannot_create_channels(bob: User) -> None:
    visitor = create_guest("夏圭？")
    for make in (
        lambda: channel_create_group(creator=visitor, name="Painters"),
        lambda: channel_create_private(creator=visitor, other=bob),
    ):
        with pytest.raises(ChatError) as refusal:
            make()
        assert refusal.value.code is errors.NOT_AUTHORISED


def test_a_private_channel_with_oneself_or_a_deactivated_user_is_refused(alice: User, bob: User) -> None:
    user_deactivate(user_id=bob.pk)
    for other in (alice, bob):
        with pytest.raises(ChatError):
            channel_create_private(creator=alice, other=other)
    assert not Channel.objects.exists()


def test_the_owner_renames_and_the_same_name_again_causes_no_event(alice: User, group: Channel) -> None:
    channel_rename(user=alice, channel_id=group.pk, name="Sculptors")
    assert last_note() == ("renamed", "Sculptors")
    before = log.head()
    channel_rename(user=alice, channel_id=group.pk, name="Sculptors")
    assert log.head() == before


@pytest.mark.parametrize("who", ["bob", "carol"])
def test_a_member_and_a_stranger_cannot_change_a_group(alice: User, bob: User, group: Channel, who: str) -> None:
    user = bob if who == "bob" else create_users("carol")[0]
    before = log.head()
    for change in (
        lambda: channel_rename(user=user, channel_id=group.pk, name="Mine"),
        lambda: channel_update_settings(user=user, channel_id=group.pk, join="open"),
    ):
        with pytest.raises(ChatError) as refusal:
            change()
        assert refusal.value.code is (errors.NOT_AUTHORISED if who == "bob" else errors.NO_DATA)
    assert log.head() == before


def test_a_private_channel_has_no_name_and_no_policy(alice: User, bob: User) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    with pytest.raises(ChatError):
        channel_rename(user=alice, channel_id=private.pk, name="Us")
    with pytest.raises(ChatError):
        channel_update_settings(user=alice, channel_id=private.pk, join="open")


def test_the_owner_sets_the_policy(alice: User, group: Channel) -> None:
    channel_update_settings(user=alice, channel_id=group.pk, join="open", listed=True)
    group.refresh_from_db()
    assert (group.join, group.listed) == ("open", True) and last_note() == ("policy", "open")
    with pytest.raises(ChatError):
        channel_rename(user=alice, channel_id=group.pk, name="")


def test_closing_and_reopening_a_channel_cause_one_event_each(alice: User, group: Channel) -> None:
    for closed, note in ((True, "closed"), (False, "reopened")):
        channel_set_closed(operator=alice, channel_id=group.pk, closed=closed)
        assert last_note() == (note, "")
        before = log.head()
        channel_set_closed(operator=alice, channel_id=group.pk, closed=closed)
        assert log.head() == before


def test_an_operator_closes_a_group_that_its_owner_has_closed(alice: User, bob: User, group: Channel) -> None:
    channel_close(user=alice, channel_id=group.pk)
    before = log.head()
    channel_set_closed(operator=bob, channel_id=group.pk, closed=True)
    channel_close(user=alice, channel_id=group.pk)
    with pytest.raises(ChatError) as refusal:
        channel_close(user=alice, channel_id=group.pk, closed=False)
    assert refusal.value.reason is reasons.CLOSED_BY_OPERATOR
    assert log.head() == before
    channel_set_closed(operator=bob, channel_id=group.pk, closed=False)
    channel_close(user=alice, channel_id=group.pk)
    channel_close(user=alice, channel_id=group.pk, closed=False)
    assert last_note() == ("reopened", "")
