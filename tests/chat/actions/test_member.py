"""Users join and leave groups, are invited and removed, and get roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import Settings

from accounts.models import User
from chat import errors
from chat.actions.channel import channel_create_group, channel_create_private, channel_set_closed
from chat.actions.member import member_invite, member_join, member_leave, member_remove, member_set_role
from chat.errors import ChatError, Code
from chat.models import Channel, Membership
from delivery import log
from tests.support.in_process import create_guest, create_users, say

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def group(alice: User, trio: Channel) -> Channel:
    """Return Alice's group, in which Bob is an admin and Carol a member."""
    member_set_role(user=alice, channel_id=trio.pk, name="bob", role="admin")
    return trio


def roles_by_name(group: Channel) -> dict[str, str]:
    stays = Membership.objects.filter(channel=group, until_position=None)
    return dict(stays.values_list("user__username", "role"))


def refusal(act: Callable[[], object]) -> Code:
    before = log.head()
    with pytest.raises(ChatError) as refused:
        act()
    assert log.head() == before
    return refused.value.code


def test_a_membership_is_the_interval_from_its_join_to_its_leave(alice: User, carol: User, group: Channel) -> None:
    say(alice, group)
    member_leave(user=carol, channel_id=group.pk)
    left = log.head()
    say(alice, group)
    member_invite(user=alice, channel_id=group.pk, names=["carol"])
    back = log.head()
    say(alice, group)
    rows = Membership.objects.filter(user=carol).order_by("from_position")
    stays = list(rows.values_list("from_position", "until_position", "from_seq", "until_seq"))
    assert stays == [(1, left, 1, 1), (back, None, 3, None)]
    assert log.read(left - 1, 1)[0].header == {"leave": [carol.pk]}
    assert log.read(back - 1, 1)[0].header == {"join": [carol.pk]}


@pytest.mark.parametrize(("join", "comes"), [("open", True), ("invite", False), ("closed", False)])
def test_the_join_policy_decides_whether_a_user_can_join(dave: User, group: Channel, join: str, comes: bool) -> None:
    Channel.objects.filter(pk=group.pk).update(join=join)
    if comes:
        member_join(user=dave, channel_id=group.pk)
        before = log.head()
        member_join(user=dave, channel_id=group.pk)
        assert roles_by_name(group)["dave"] == "member" and log.head() == before
    else:
        assert refusal(lambda: member_join(user=dave, channel_id=group.pk)) is errors.NO_DATA


def test_missing_closed_and_private_channels_cannot_be_joined(alice: User, bob: User, dave: User) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    closed = channel_create_group(creator=alice, name="Closed", join="open")
    channel_set_closed(operator=alice, channel_id=closed.pk, closed=True)
    for channel_id in (10**9, private.pk, closed.pk):
        assert refusal(lambda channel_id=channel_id: member_join(user=dave, channel_id=channel_id)) is errors.NO_DATA


@pytest.mark.usefixtures("dave")
@pytest.mark.parametrize(
    ("join", "who", "code"),
    [
        ("open", "carol", None), ("invite", "carol", None), ("closed", "carol", errors.NOT_AUTHORISED),
        ("closed", "bob", None), ("open", "dave", errors.NO_DATA),
    ],
)  # fmt: skip
def test_the_join_policy_and_role_decide_who_can_invite(group: Channel, join: str, who: str, code: Code | None) -> None:
    create_users("erin")
    Channel.objects.filter(pk=group.pk).update(join=join)

    def invite() -> list[User]:
        return member_invite(user=User.objects.get(username=who), channel_id=group.pk, names=["erin", "alice"])

    if code is None:
        assert [user.username for user in invite()] == ["erin"]
        assert roles_by_name(group)["erin"] == "member" and invite() == []
    else:
        assert refusal(invite) is code


def test_guests_cannot_join_or_be_invited(alice: User, group: Channel) -> None:
    visitor = create_guest("夏圭？")
    Channel.objects.filter(pk=group.pk).update(join="open")
    assert refusal(lambda: member_join(user=visitor, channel_id=group.pk)) is errors.NOT_AUTHORISED
    assert refusal(lambda: member_invite(user=alice, channel_id=group.pk, names=["夏圭？"])) is errors.NO_DATA


@pytest.mark.usefixtures("dave")
def test_a_full_group_accepts_no_members(alice: User, group: Channel, settings: Settings) -> None:
    settings.IM_GROUP_MAX_MEMBERS = 3  # type: ignore[attr-defined]
    assert refusal(lambda: member_invite(user=alice, channel_id=group.pk, names=["dave"])) is errors.TOO_MUCH


@pytest.mark.usefixtures("dave")
@pytest.mark.parametrize(
    ("who", "whom", "code"),
    [
        ("alice", "bob", None), ("alice", "carol", None), ("bob", "carol", None),
        ("bob", "alice", errors.NOT_AUTHORISED), ("bob", "bob", errors.NOT_AUTHORISED),
        ("carol", "bob", errors.NOT_AUTHORISED),
        ("dave", "carol", errors.NO_DATA), ("alice", "dave", errors.NO_DATA), ("alice", "nobody", errors.NO_DATA),
    ],
)  # fmt: skip
def test_members_can_remove_members_of_lower_rank_only(group: Channel, who: str, whom: str, code: Code | None) -> None:
    def remove() -> None:
        member_remove(user=User.objects.get(username=who), channel_id=group.pk, name=whom)

    if code is None:
        remove()
        assert whom not in roles_by_name(group)
    else:
        assert refusal(remove) is code


def test_a_leaving_owner_is_succeeded_by_the_admin_then_by_the_oldest_member(
    alice: User, bob: User, carol: User, group: Channel
) -> None:
    member_leave(user=alice, channel_id=group.pk)
    assert roles_by_name(group) == {"bob": "owner", "carol": "member"}
    member_leave(user=bob, channel_id=group.pk)
    assert roles_by_name(group) == {"carol": "owner"}
    member_leave(user=carol, channel_id=group.pk)
    assert roles_by_name(group) == {}


def test_the_first_user_to_join_an_empty_open_group_becomes_its_owner(
    alice: User, bob: User, carol: User, dave: User, group: Channel
) -> None:
    Channel.objects.filter(pk=group.pk).update(join="open")
    for user in (alice, bob, carol):
        member_leave(user=user, channel_id=group.pk)
    member_join(user=dave, channel_id=group.pk)
    member_join(user=alice, channel_id=group.pk)
    assert roles_by_name(group) == {"dave": "owner", "alice": "member"}


def test_only_owners_set_roles_and_the_last_owner_remains(alice: User, bob: User, group: Channel) -> None:
    def give(user: User, name: str, role: str) -> None:
        member_set_role(user=user, channel_id=group.pk, name=name, role=role)

    assert refusal(lambda: give(bob, "carol", "admin")) is errors.NOT_AUTHORISED
    assert refusal(lambda: give(alice, "alice", "member")) is errors.OPERATION_FAILED
    give(alice, "bob", "owner")
    give(alice, "alice", "member")
    assert roles_by_name(group) == {"alice": "member", "bob": "owner", "carol": "member"}


def test_a_private_channel_cannot_be_left_or_joined(alice: User, bob: User, carol: User) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    assert refusal(lambda: member_leave(user=alice, channel_id=private.pk)) is errors.NOT_AUTHORISED
    assert refusal(lambda: member_invite(user=alice, channel_id=private.pk, names=["carol"])) is errors.NOT_AUTHORISED
    assert refusal(lambda: member_join(user=carol, channel_id=private.pk)) is errors.NO_DATA
