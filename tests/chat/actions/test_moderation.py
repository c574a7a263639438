"""Mutes, bans, pins, reports, handing over, policies: who may, what follows, who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import system_user
from accounts.models import Block, User
from chat import errors
from chat.actions.channel import channel_create_group, channel_create_private
from chat.actions.member import (
    member_invite,
    member_join,
    member_leave,
    member_set_role,
    member_set_role_as_operator,
)
from chat.actions.message import message_edit, message_recall
from chat.actions.moderation import (
    member_restrict,
    member_unrestrict,
    restrictions_lift_expired,
    user_ban,
    user_mute,
    user_unban,
    user_unmute,
)
from chat.actions.pin import message_pin, message_pin_as_operator, message_unpin
from chat.actions.policy import (
    channel_set_policy,
    channel_set_policy_as_operator,
    channel_transfer,
    channel_transfer_as_operator,
)
from chat.actions.report import message_report, report_handle
from chat.errors import ChatError, Code
from chat.models import Channel, Message, Pin, Report, Restriction
from chat.selectors import access_channel, access_message, current_members, history
from chat.selectors.pins import pins_of
from delivery import log
from tests.support.in_process import people, room, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def persons() -> tuple[User, User, User]:
    alice, bob, carol = people("alice", "bob", "carol")
    return alice, bob, carol


@pytest.fixture
def group(persons: tuple[User, User, User]) -> Channel:
    return channel_create_group(creator=persons[0], name="Painters", members=["bob", "carol"])


@pytest.fixture
def operator() -> User:
    return User.objects.create_superuser("olga")


def refusal(work: Callable[[], object]) -> Code:
    with pytest.raises(ChatError) as refused:
        work()
    return refused.value.code


def told(after: int, kind: str = "restriction") -> list[tuple[tuple[int, ...], dict[str, Any]]]:
    return [(entry.persons, entry.body) for entry in log.read(after, 99) if entry.kind == kind]


def roles(group: Channel) -> dict[str, str]:
    return {stay.user.username: stay.role for stay in current_members(group)}


# -- mutes ------------------------------------------------------------------------------------------------------------


def test_alice_mutes_bob_and_he_alone_is_told(persons: tuple[User, User, User], group: Channel) -> None:
    alice, bob, _ = persons
    before, until = log.head(), timezone.now() + timedelta(hours=1)
    member_restrict(user=alice, channel_id=group.pk, name="bob", kind="mute", until=until, reason=" too \n loud ")
    ms = int(until.timestamp() * 1000)
    assert told(before) == [((bob.pk,), {"kind": "mute", "target": str(group.pk), "until": ms, "reason": "too loud"})]
    with pytest.raises(AssertionError):
        say(bob, group)
    before = log.head()
    member_unrestrict(user=alice, channel_id=group.pk, name="bob", kind="mute")
    member_unrestrict(user=alice, channel_id=group.pk, name="bob", kind="mute")
    assert told(before) == [((bob.pk,), {"kind": "unmute", "target": str(group.pk)})]
    assert say(bob, group).seq == 1 and not User.objects.get(pk=bob.pk).restricted


def test_a_muted_person_does_not_edit_either(persons: tuple[User, User, User], group: Channel, operator: User) -> None:
    _, bob, _ = persons
    said = say(bob, group)
    user_mute(operator=operator, person_id=bob.pk)

    def edit() -> object:
        return message_edit(user=bob, channel_id=group.pk, message_id=said.id, text="again", app=None)

    assert refusal(edit) is errors.NOT_AUTHORISED
    user_unmute(operator=operator, person_id=bob.pk)
    edit()


def test_members_mute_nobody_and_admins_only_members(persons: tuple[User, User, User], group: Channel) -> None:
    alice, bob, carol = persons

    def mute(user: User, name: str) -> Callable[[], object]:
        return lambda: member_restrict(user=user, channel_id=group.pk, name=name, kind="mute", until=None)

    assert refusal(mute(bob, "carol")) is errors.NOT_AUTHORISED
    member_set_role(user=alice, channel_id=group.pk, name="bob", role="admin")
    assert refusal(mute(bob, "alice")) is errors.NOT_AUTHORISED
    assert refusal(mute(bob, "bob")) is errors.ILLEGAL_PARAMETER
    mute(bob, "carol")()
    member_leave(user=carol, channel_id=group.pk)
    assert refusal(mute(carol, "bob")) is errors.NO_DATA
    assert not Restriction.objects.exclude(user=carol).exists()


def test_who_is_blocked_as_well_stays_marked(persons: tuple[User, User, User], group: Channel, operator: User) -> None:
    alice, bob, _ = persons
    user_mute(operator=operator, person_id=bob.pk)
    Block.objects.create(by=alice, blocked=bob)
    user_unmute(operator=operator, person_id=bob.pk)
    assert User.objects.get(pk=bob.pk).restricted


# -- bans -------------------------------------------------------------------------------------------------------------


def test_a_ban_removes_bob_and_keeps_him_out(persons: tuple[User, User, User], group: Channel) -> None:
    alice, bob, _ = persons
    channel_set_policy(user=alice, channel_id=group.pk, join="open")
    member_restrict(user=alice, channel_id=group.pk, name="bob", kind="ban", until=None)
    assert "bob" not in roles(group)
    assert refusal(lambda: access_channel(bob, group.pk)) is errors.NO_DATA
    assert refusal(lambda: member_join(user=bob, channel_id=group.pk)) is errors.NO_DATA
    invite = lambda: member_invite(user=alice, channel_id=group.pk, names=["bob"])  # noqa: E731
    assert refusal(invite) is errors.NOT_AUTHORISED
    member_unrestrict(user=alice, channel_id=group.pk, name="bob", kind="ban")
    member_join(user=bob, channel_id=group.pk)
    assert roles(group)["bob"] == "member"


def test_one_who_is_no_member_can_be_banned_ahead(persons: tuple[User, User, User], group: Channel) -> None:
    alice, _, _ = persons
    people("mallory")
    member_restrict(user=alice, channel_id=group.pk, name="mallory", kind="ban", until=None)
    invite = lambda: member_invite(user=alice, channel_id=group.pk, names=["mallory"])  # noqa: E731
    assert refusal(invite) is errors.NOT_AUTHORISED


def test_the_owner_banned_by_an_operator_hands_over(
    persons: tuple[User, User, User], group: Channel, operator: User
) -> None:
    user_ban(operator=operator, person_id=persons[0].pk, channel_id=group.pk)
    assert roles(group) == {"bob": "owner", "carol": "member"}


def test_a_ban_from_the_site_ends_by_itself(persons: tuple[User, User, User], operator: User) -> None:
    _, bob, carol = persons
    for person in (bob, carol):
        user_ban(operator=operator, person_id=person.pk, until=timezone.now() + timedelta(days=1))
        assert not User.objects.get(pk=person.pk).is_active
    Restriction.objects.filter(user=bob).update(until=timezone.now() - timedelta(seconds=1))
    assert restrictions_lift_expired() == 1
    assert User.objects.get(pk=bob.pk).is_active and not User.objects.get(pk=carol.pk).is_active
    user_unban(operator=operator, person_id=carol.pk)
    assert User.objects.get(pk=carol.pk).is_active and not Restriction.objects.exists()


def test_the_end_of_a_ban_brings_no_deleted_account_back(persons: tuple[User, User, User], operator: User) -> None:
    bob = persons[1]
    user_ban(operator=operator, person_id=bob.pk)
    User.objects.filter(pk=bob.pk).update(deleted_at=timezone.now())
    user_unban(operator=operator, person_id=bob.pk)
    assert not User.objects.get(pk=bob.pk).is_active and not Restriction.objects.exists()


def test_nobody_is_banned_from_a_room_or_a_private_channel(persons: tuple[User, User, User], operator: User) -> None:
    alice, bob, _ = persons
    for channel in (room(), channel_create_private(creator=alice, other=bob)[0]):
        ban = lambda channel=channel: user_ban(operator=operator, person_id=bob.pk, channel_id=channel.pk)  # noqa: E731
        assert refusal(ban) is errors.ILLEGAL_PARAMETER


def test_only_superusers_and_scripts_mute_and_ban_staff(persons: tuple[User, User, User], operator: User) -> None:
    """Else a moderator shuts out the operators, or takes off what is laid on themselves."""
    mona, otto, _ = persons
    User.objects.filter(pk__in=[mona.pk, otto.pk]).update(is_staff=True)
    assert refusal(lambda: user_mute(operator=mona, person_id=otto.pk)) is errors.NOT_AUTHORISED
    assert refusal(lambda: user_ban(operator=mona, person_id=otto.pk)) is errors.NOT_AUTHORISED
    user_mute(operator=operator, person_id=mona.pk)
    assert refusal(lambda: user_unmute(operator=mona, person_id=mona.pk)) is errors.NOT_AUTHORISED
    user_unmute(operator=system_user(), person_id=mona.pk)
    user_mute(operator=system_user(), person_id=mona.pk)
    assert Restriction.objects.get().by == system_user()


# -- pins -------------------------------------------------------------------------------------------------------------


def test_alice_pins_and_unpins(persons: tuple[User, User, User], group: Channel) -> None:
    alice, bob, _ = persons
    said = say(bob, group)
    before = log.head()
    for act in (message_pin, message_pin, message_unpin, message_unpin):
        act(user=alice, channel_id=group.pk, message_id=said.id)
    events = log.read(before, 99)
    assert [(event.kind, event.channel, event.subject) for event in events] == [
        ("message.pinned", group.pk, said.position),
        ("message.unpinned", group.pk, said.position),
    ]
    assert events[0].body["id"] == str(said.id) and events[0].body["by"]["userId"] == "alice"


def test_members_pin_in_private_only_and_operators_everywhere(
    persons: tuple[User, User, User], group: Channel, operator: User
) -> None:
    alice, bob, _ = persons
    private, _ = channel_create_private(creator=alice, other=bob)
    here = room()
    pin = lambda channel, said: message_pin(user=bob, channel_id=channel.pk, message_id=said.id)  # noqa: E731
    assert refusal(lambda: pin(group, say(alice, group))) is errors.NOT_AUTHORISED
    assert refusal(lambda: pin(here, say(alice, here))) is errors.NOT_AUTHORISED
    pin(private, say(alice, private))
    message_pin_as_operator(operator=operator, message_id=say(alice, here).id)
    assert len(pins_of(bob, access_channel(bob, here.pk))) == 1


def test_who_came_later_does_not_see_what_was_pinned_before(persons: tuple[User, User, User], group: Channel) -> None:
    alice, _, carol = persons
    member_leave(user=carol, channel_id=group.pk)
    old = say(alice, group)
    member_invite(user=alice, channel_id=group.pk, names=["carol"])
    new = say(alice, group)
    for said in (old, new):
        message_pin(user=alice, channel_id=group.pk, message_id=said.id)
    seen = pins_of(carol, access_channel(carol, group.pk))
    assert [pin.message_id for pin in seen] == [new.id]
    assert [pin.message_id for pin in pins_of(alice, access_channel(alice, group.pk))] == [new.id, old.id]


def test_a_recall_takes_the_pin_along(persons: tuple[User, User, User], group: Channel) -> None:
    alice = persons[0]
    said = say(alice, group)
    message_pin(user=alice, channel_id=group.pk, message_id=said.id)
    message_recall(user=alice, channel_id=group.pk, message_id=said.id, app=None)
    assert not Pin.objects.exists()
    again = lambda: message_pin(user=alice, channel_id=group.pk, message_id=said.id)  # noqa: E731
    assert refusal(again) is errors.OPERATION_FAILED


def test_pins_have_a_limit(persons: tuple[User, User, User], group: Channel, settings: Any) -> None:
    settings.IM_MAX_PINS_PER_CHANNEL = 1
    alice = persons[0]
    first, second = say(alice, group), say(alice, group)
    message_pin(user=alice, channel_id=group.pk, message_id=first.id)
    assert refusal(lambda: message_pin(user=alice, channel_id=group.pk, message_id=second.id)) is errors.TOO_MUCH


# -- reports ----------------------------------------------------------------------------------------------------------


def report(user: User, channel: Channel, message_id: int) -> Report:
    return message_report(user=user, channel_id=channel.pk, message_id=message_id, reason="rude", app=None)


def test_a_report_keeps_what_was_said_and_is_made_once(persons: tuple[User, User, User], group: Channel) -> None:
    alice, bob, _ = persons
    said = say(bob, group, "something rude")
    made = report(alice, group, said.id)
    message_recall(user=bob, channel_id=group.pk, message_id=said.id, app=None)
    assert (made.text, made.reason, made.state) == ("something rude", "rude", "open")
    other = say(bob, group)
    assert report(alice, group, other.id) == report(alice, group, other.id)


def test_nobody_reports_what_they_cannot_read_or_wrote_themselves(
    persons: tuple[User, User, User], group: Channel
) -> None:
    bob = persons[1]
    (dave,) = people("dave")
    said = say(bob, group)
    assert refusal(lambda: report(dave, group, said.id)) is errors.NO_DATA
    assert refusal(lambda: report(bob, group, said.id)) is errors.OPERATION_FAILED


def test_who_reports_everything_is_stopped(persons: tuple[User, User, User], group: Channel, settings: Any) -> None:
    settings.IM_MAX_REPORTS_PER_DAY = 2
    alice, bob, _ = persons
    for _ in range(2):
        report(alice, group, say(bob, group).id)
    assert refusal(lambda: report(alice, group, say(bob, group).id)) is errors.TOO_MUCH


def test_one_click_recalls_mutes_and_closes_all_reports_of_the_message(
    persons: tuple[User, User, User], group: Channel, operator: User
) -> None:
    alice, bob, carol = persons
    said = say(bob, group)
    first, second = report(alice, group, said.id), report(carol, group, said.id)
    report_handle(operator=operator, report_id=first.pk, verdict="recall_mute")
    second.refresh_from_db()
    assert (second.state, second.handled_by) == ("acted", operator)
    assert Message.objects.get(pk=said.id).recalled_by == operator
    assert Restriction.objects.get().channel == group
    assert report_handle(operator=operator, report_id=first.pk, verdict="dismiss").state == "acted"


def test_a_report_is_dismissed_without_any_effect(
    persons: tuple[User, User, User], group: Channel, operator: User
) -> None:
    alice, bob, _ = persons
    said = say(bob, group)
    made = report(alice, group, said.id)
    before = log.head()
    assert report_handle(operator=operator, report_id=made.pk, verdict="dismiss").state == "dismissed"
    assert log.head() == before


# -- policies ---------------------------------------------------------------------------------------------------------


def test_an_owner_opens_the_past_to_newcomers_and_closes_it_again(
    persons: tuple[User, User, User], group: Channel
) -> None:
    alice, bob, _ = persons
    said = say(alice, group, "long ago")
    (dave,) = people("dave")
    member_invite(user=alice, channel_id=group.pk, names=["dave"])

    def read() -> list[str]:
        page = history(dave, access_channel(dave, group.pk), before=None, after=None, limit=9)
        return [message.text for message in page.messages]

    assert read() == []
    member_set_role(user=alice, channel_id=group.pk, name="bob", role="admin")
    opening = lambda: channel_set_policy(user=bob, channel_id=group.pk, history="all")  # noqa: E731
    assert refusal(opening) is errors.NOT_AUTHORISED
    channel_set_policy(user=alice, channel_id=group.pk, history="all")
    assert read() == ["long ago"]
    assert access_message(dave, access_channel(dave, group.pk), said.id).text == "long ago"
    member_leave(user=dave, channel_id=group.pk)
    assert refusal(lambda: access_channel(dave, group.pk)) is errors.NO_DATA
    member_invite(user=alice, channel_id=group.pk, names=["dave"])
    channel_set_policy(user=alice, channel_id=group.pk, history="joined")
    assert read() == []


def test_a_change_is_told_once_and_no_change_not_at_all(persons: tuple[User, User, User], group: Channel) -> None:
    alice = persons[0]
    before = log.head()
    for _ in range(2):
        channel_set_policy(user=alice, channel_id=group.pk, slow_mode=30, announcements_only=True)
    assert [body["note"] for _, body in told(before, "channel.note")] == ["policy"]
    group.refresh_from_db()
    assert (group.slow_mode, group.announcements_only) == (30, True)


def test_operators_slow_a_room_but_do_not_close_it_to_people(operator: User) -> None:
    here = room()
    channel_set_policy_as_operator(operator=operator, channel_id=here.pk, slow_mode=5)
    closing = lambda: channel_set_policy_as_operator(operator=operator, channel_id=here.pk, join="closed")  # noqa: E731
    assert refusal(closing) is errors.ILLEGAL_PARAMETER
    assert Channel.objects.get(pk=here.pk).slow_mode == 5


def test_alice_gives_the_group_to_bob(persons: tuple[User, User, User], group: Channel) -> None:
    alice, bob, _ = persons
    assert refusal(lambda: channel_transfer(user=bob, channel_id=group.pk, name="carol")) is errors.NOT_AUTHORISED
    people("dave")
    assert refusal(lambda: channel_transfer(user=alice, channel_id=group.pk, name="dave")) is errors.NO_DATA
    channel_transfer(user=alice, channel_id=group.pk, name="bob")
    assert roles(group) == {"alice": "admin", "bob": "owner", "carol": "member"}


def test_an_operator_gives_the_group_to_carol(persons: tuple[User, User, User], group: Channel, operator: User) -> None:
    channel_transfer_as_operator(operator=operator, channel_id=group.pk, person_id=persons[2].pk)
    assert roles(group) == {"alice": "admin", "bob": "member", "carol": "owner"}


def test_an_operator_gives_roles_to_members_only(
    persons: tuple[User, User, User], group: Channel, operator: User
) -> None:
    alice, bob, _ = persons

    def give(person: User, role: str, channel: Channel = group) -> None:
        member_set_role_as_operator(operator=operator, channel_id=channel.pk, person_id=person.pk, role=role)

    before = log.head()
    for _ in range(2):
        give(bob, "admin")
    assert roles(group) == {"alice": "owner", "bob": "admin", "carol": "member"}
    assert [body["value"] for _, body in told(before, "channel.note")] == ["admin"]
    assert refusal(lambda: give(alice, "member")) is errors.OPERATION_FAILED
    assert refusal(lambda: give(operator, "admin")) is errors.NO_DATA
    private, _ = channel_create_private(creator=alice, other=bob)
    assert refusal(lambda: give(bob, "admin", private)) is errors.NO_DATA
