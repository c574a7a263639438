"""Coming to a group, going from it, and rising in it."""

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
from tests.support.in_process import guest, people, say

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def persons() -> list[User]:
    return people("alice", "bob", "carol", "dave")


@pytest.fixture
def group(persons: list[User]) -> Channel:
    """Alice owns it, Bob is an admin, Carol a member, Dave a stranger."""
    made = channel_create_group(creator=persons[0], name="Painters", members=["bob", "carol"])
    member_set_role(user=persons[0], channel_id=made.pk, name="bob", role="admin")
    return made


def present(group: Channel) -> dict[str, str]:
    stays = Membership.objects.filter(channel=group, until_position=None)
    return dict(stays.values_list("user__username", "role"))


def refusal(act: Callable[[], object]) -> Code:
    before = log.head()
    with pytest.raises(ChatError) as refused:
        act()
    assert log.head() == before
    return refused.value.code


def test_a_stay_is_the_interval_from_its_join_to_its_leave(persons: list[User], group: Channel) -> None:
    alice, _, carol, _ = persons
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
def test_who_joins_by_themselves(persons: list[User], group: Channel, join: str, comes: bool) -> None:
    Channel.objects.filter(pk=group.pk).update(join=join)
    if comes:
        member_join(user=persons[3], channel_id=group.pk)
        before = log.head()
        member_join(user=persons[3], channel_id=group.pk)
        assert present(group)["dave"] == "member" and log.head() == before
    else:
        assert refusal(lambda: member_join(user=persons[3], channel_id=group.pk)) is errors.NO_DATA


def test_a_group_that_does_not_exist_or_is_closed_or_private_is_not_joined(persons: list[User]) -> None:
    alice, bob, *_, dave = persons
    private, _ = channel_create_private(creator=alice, other=bob)
    closed = channel_create_group(creator=alice, name="Closed", join="open")
    channel_set_closed(operator=alice, channel_id=closed.pk, closed=True)
    for channel_id in (10**9, private.pk, closed.pk):
        assert refusal(lambda channel_id=channel_id: member_join(user=dave, channel_id=channel_id)) is errors.NO_DATA


@pytest.mark.parametrize(
    ("join", "who", "code"),
    [
        ("open", 2, None), ("invite", 2, None), ("closed", 2, errors.NOT_AUTHORISED),
        ("closed", 1, None), ("open", 3, errors.NO_DATA),
    ],
)  # fmt: skip
def test_who_invites(persons: list[User], group: Channel, join: str, who: int, code: Code | None) -> None:
    people("erin")
    Channel.objects.filter(pk=group.pk).update(join=join)

    def invite() -> list[User]:
        return member_invite(user=persons[who], channel_id=group.pk, names=["erin", "alice"])

    if code is None:
        assert [user.username for user in invite()] == ["erin"]
        assert present(group)["erin"] == "member" and invite() == []
    else:
        assert refusal(invite) is code


def test_guests_neither_join_nor_are_invited(persons: list[User], group: Channel) -> None:
    visitor = guest("夏圭？")
    Channel.objects.filter(pk=group.pk).update(join="open")
    assert refusal(lambda: member_join(user=visitor, channel_id=group.pk)) is errors.NOT_AUTHORISED
    assert refusal(lambda: member_invite(user=persons[0], channel_id=group.pk, names=["夏圭？"])) is errors.NO_DATA


def test_a_full_group_takes_nobody(persons: list[User], group: Channel, settings: Settings) -> None:
    settings.IM_GROUP_MAX_MEMBERS = 3  # type: ignore[attr-defined]
    assert refusal(lambda: member_invite(user=persons[0], channel_id=group.pk, names=["dave"])) is errors.TOO_MUCH


@pytest.mark.parametrize(
    ("who", "whom", "code"),
    [
        (0, "bob", None), (0, "carol", None), (1, "carol", None),
        (1, "alice", errors.NOT_AUTHORISED), (1, "bob", errors.NOT_AUTHORISED), (2, "bob", errors.NOT_AUTHORISED),
        (3, "carol", errors.NO_DATA), (0, "dave", errors.NO_DATA), (0, "nobody", errors.NO_DATA),
    ],
)  # fmt: skip
def test_who_removes_whom(persons: list[User], group: Channel, who: int, whom: str, code: Code | None) -> None:
    def remove() -> None:
        member_remove(user=persons[who], channel_id=group.pk, name=whom)

    if code is None:
        remove()
        assert whom not in present(group)
    else:
        assert refusal(remove) is code


def test_a_leaving_owner_hands_over_to_the_admin_then_to_the_longest_standing(
    persons: list[User], group: Channel
) -> None:
    alice, bob, carol, _ = persons
    member_leave(user=alice, channel_id=group.pk)
    assert present(group) == {"bob": "owner", "carol": "member"}
    member_leave(user=bob, channel_id=group.pk)
    assert present(group) == {"carol": "owner"}
    member_leave(user=carol, channel_id=group.pk)
    assert present(group) == {}


def test_an_open_group_that_everybody_left_belongs_to_who_comes_first(persons: list[User], group: Channel) -> None:
    Channel.objects.filter(pk=group.pk).update(join="open")
    for user in persons[:3]:
        member_leave(user=user, channel_id=group.pk)
    member_join(user=persons[3], channel_id=group.pk)
    member_join(user=persons[0], channel_id=group.pk)
    assert present(group) == {"dave": "owner", "alice": "member"}


def test_roles_are_given_by_owners_and_one_owner_stays(persons: list[User], group: Channel) -> None:
    alice, bob, *_ = persons

    def give(user: User, name: str, role: str) -> None:
        member_set_role(user=user, channel_id=group.pk, name=name, role=role)

    assert refusal(lambda: give(bob, "carol", "admin")) is errors.NOT_AUTHORISED
    assert refusal(lambda: give(alice, "alice", "member")) is errors.OPERATION_FAILED
    give(alice, "bob", "owner")
    give(alice, "alice", "member")
    assert present(group) == {"alice": "member", "bob": "owner", "carol": "member"}


def test_a_private_channel_is_neither_left_nor_joined_by_others(persons: list[User]) -> None:
    alice, bob, carol, _ = persons
    private, _ = channel_create_private(creator=alice, other=bob)
    assert refusal(lambda: member_leave(user=alice, channel_id=private.pk)) is errors.NOT_AUTHORISED
    assert refusal(lambda: member_invite(user=alice, channel_id=private.pk, names=["carol"])) is errors.NOT_AUTHORISED
    assert refusal(lambda: member_join(user=carol, channel_id=private.pk)) is errors.NO_DATA
