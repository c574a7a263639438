"""Users join groups by links, within their limits; every link that cannot be used is refused alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.actions import user_deactivate
from accounts.models import User
from chat import reasons
from chat.actions.account_deletion import account_delete
from chat.actions.channel import channel_set_closed
from chat.actions.invites import invite_create, invite_revoke, invite_revoke_as_operator
from chat.actions.join_requests import invitation_of, invite_accept, join_request_decide
from chat.actions.member import member_remove
from chat.actions.moderation import member_restrict
from chat.errors import ChatError
from chat.models import Channel, InviteLink, JoinRequest, Membership
from chat.selectors import Access
from chat.selectors.invites import invites_of
from delivery import log
from tests.support.in_process import create_users
from tests.support.moderation import announced, roles
from tests.support.transactions import OpenTransaction, in_thread, wait_until_waiting
from tests.support.waiting import TIMEOUT_SECONDS


def refused(user: User, token: str) -> object:
    with pytest.raises(ChatError) as shown:
        invitation_of(user=user, token=token)
    with pytest.raises(ChatError) as refusal:
        invite_accept(user=user, token=token)
    assert shown.value.reason is refusal.value.reason
    return refusal.value.reason


@pytest.mark.django_db
def test_a_link_is_used_as_often_as_it_says(alice: User, trio: Channel) -> None:
    dave, erin = create_users("dave", "erin")
    _, token = invite_create(user=alice, channel_id=trio.pk, max_uses=1)
    assert invitation_of(user=dave, token=token).is_member is False
    for _ in range(2):
        assert isinstance(invite_accept(user=dave, token=token), Access)
    assert invitation_of(user=dave, token=token).is_member is True
    assert InviteLink.objects.get().uses == 1
    assert roles(trio)["dave"] == "member"
    assert refused(erin, token) is reasons.INVITE_INVALID
    assert invites_of(trio) == []


@pytest.mark.django_db
def test_unusable_links_are_refused_alike(alice: User, trio: Channel, operator: User) -> None:
    (dave,) = create_users("dave")
    link, token = invite_create(user=alice, channel_id=trio.pk)
    assert refused(dave, token + "x") is reasons.INVITE_INVALID
    InviteLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refused(dave, token) is reasons.INVITE_INVALID
    InviteLink.objects.update(expires_at=None)
    channel_set_closed(operator=operator, channel_id=trio.pk, closed=True)
    assert refused(dave, token) is reasons.INVITE_INVALID
    channel_set_closed(operator=operator, channel_id=trio.pk, closed=False)
    member_restrict(user=alice, channel_id=trio.pk, name="dave", kind="ban", until=None)
    assert refused(dave, token) is reasons.INVITE_INVALID
    invite_revoke(user=alice, channel_id=trio.pk, invite_id=link.pk)
    assert refused(create_users("erin")[0], token) is reasons.INVITE_INVALID
    assert "dave" not in roles(trio)


@pytest.mark.django_db
def test_a_manager_approves_or_declines_a_request(alice: User, trio: Channel) -> None:
    dave, erin = create_users("dave", "erin")
    _, token = invite_create(user=alice, channel_id=trio.pk, max_uses=2, needs_approval=True)
    before = log.head()
    for user in (dave, dave, erin):
        assert isinstance(invite_accept(user=user, token=token), Channel)
    assert [body["who"]["userId"] for _, body in announced(before, "join.requested")] == ["dave", "erin"]
    assert (InviteLink.objects.get().uses, invitation_of(user=erin, token=token).has_requested) == (2, True)
    join_request_decide(user=alice, channel_id=trio.pk, name="dave", approve=True)
    join_request_decide(user=alice, channel_id=trio.pk, name="erin", approve=False)
    decided = [(body["who"]["userId"], body["approved"]) for _, body in announced(before, "join.decided")]
    assert decided == [("dave", True), ("erin", False)]
    assert roles(trio) == {"alice": "owner", "bob": "member", "carol": "member", "dave": "member"}
    assert (JoinRequest.objects.count(), InviteLink.objects.get().uses) == (0, 1)
    with pytest.raises(ChatError) as refusal:
        join_request_decide(user=alice, channel_id=trio.pk, name="erin", approve=True)
    assert refusal.value.reason is reasons.JOIN_REQUEST_NOT_FOUND


@pytest.mark.django_db
def test_a_user_who_was_removed_or_banned_meanwhile(alice: User, bob: User, trio: Channel) -> None:
    _, token = invite_create(user=alice, channel_id=trio.pk, needs_approval=True)
    member_remove(user=alice, channel_id=trio.pk, name="bob")
    invite_accept(user=bob, token=token)
    member_restrict(user=alice, channel_id=trio.pk, name="bob", kind="ban", until=None)
    with pytest.raises(ChatError) as refusal:
        join_request_decide(user=alice, channel_id=trio.pk, name="bob", approve=True)
    assert refusal.value.reason is reasons.USER_BANNED
    assert refused(bob, token) is reasons.INVITE_INVALID
    account_delete(user_id=bob.pk)
    assert JoinRequest.objects.count() == 0
    account_delete(user_id=alice.pk)
    assert InviteLink.objects.count() == 0


@pytest.mark.django_db
def test_the_request_of_a_deactivated_user_can_be_declined(alice: User, trio: Channel) -> None:
    (dave,) = create_users("dave")
    _, token = invite_create(user=alice, channel_id=trio.pk, needs_approval=True)
    invite_accept(user=dave, token=token)
    user_deactivate(user_id=dave.pk)
    with pytest.raises(ChatError) as refusal:
        join_request_decide(user=alice, channel_id=trio.pk, name="dave", approve=True)
    assert refusal.value.reason is reasons.USER_NOT_FOUND
    join_request_decide(user=alice, channel_id=trio.pk, name="Dave", approve=False)
    assert JoinRequest.objects.count() == 0
    for name in ("dave", "a\0b"):
        with pytest.raises(ChatError) as refusal:
            join_request_decide(user=alice, channel_id=trio.pk, name=name, approve=False)
        assert refusal.value.reason is reasons.JOIN_REQUEST_NOT_FOUND


@pytest.mark.django_db
@pytest.mark.parametrize(("default", "longest", "days"), [(7, 3, 3), (0, 3, 3), (2, 3, 2), (0, 0, None)])
def test_a_link_without_a_lifetime_gets_one_that_is_allowed(
    alice: User, trio: Channel, settings: Settings, default: int, longest: int, days: int | None
) -> None:
    settings.IM_INVITE_DAYS, settings.IM_INVITE_MAX_DAYS = default, longest
    link, _ = invite_create(user=alice, channel_id=trio.pk)
    assert link.expires_at == (days and link.created_at + timedelta(days=days))


@pytest.mark.django_db
def test_the_site_limits_lifetime_and_number_of_links(alice: User, trio: Channel, settings: Settings) -> None:
    settings.IM_INVITE_MAX_DAYS, settings.IM_INVITES_PER_GROUP = 10, 1
    for seconds in (0, 11 * 86400):
        with pytest.raises(ChatError) as refusal:
            invite_create(user=alice, channel_id=trio.pk, seconds=seconds)
        assert refusal.value.reason is reasons.INVITE_LIFETIME
    link, token = invite_create(user=alice, channel_id=trio.pk, max_uses=1)
    assert link.expires_at is not None and link.expires_at - link.created_at == timedelta(days=7)
    assert token not in str(InviteLink.objects.values().get())
    with pytest.raises(ChatError) as refusal:
        invite_create(user=alice, channel_id=trio.pk)
    assert refusal.value.reason is reasons.INVITE_LIMIT_REACHED
    # A link that is used up makes room.
    invite_accept(user=create_users("dave")[0], token=token)
    invite_create(user=alice, channel_id=trio.pk)
    assert InviteLink.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_two_at_once_one_gets_the_last_use(alice: User, group: Channel) -> None:
    dave, erin = create_users("dave", "erin")
    _, token = invite_create(user=alice, channel_id=group.pk, max_uses=1)
    with OpenTransaction(lambda: invite_accept(user=dave, token=token)) as held:
        late = in_thread(lambda: invite_accept(user=erin, token=token))
        wait_until_waiting()
        held.commit()
        with pytest.raises(ChatError) as refusal:
            late.result(TIMEOUT_SECONDS)
    assert refusal.value.reason is reasons.INVITE_INVALID
    assert Membership.objects.filter(channel=group, user__in=[dave, erin]).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_a_link_is_revoked_by_an_operator_while_it_is_used(alice: User, group: Channel) -> None:
    (dave,) = create_users("dave")
    link, token = invite_create(user=alice, channel_id=group.pk, needs_approval=True)
    with OpenTransaction(lambda: invite_accept(user=dave, token=token)) as held:
        late = in_thread(lambda: invite_revoke_as_operator(invite_id=link.pk))
        wait_until_waiting()
        held.commit()
        late.result(TIMEOUT_SECONDS)
    assert InviteLink.objects.count() == 0
    assert JoinRequest.objects.get().link is None
