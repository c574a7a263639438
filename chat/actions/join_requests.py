"""Join a group by a link, at once or after a manager has approved it.

The group's row is locked while a link is used, so the uses of a link are counted exactly. Every link that cannot be
used is answered alike: unknown, revoked, expired, used up, of a closed group, or used by a banned user.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F

from accounts.models import User
from accounts.names import is_storable, name_key
from chat import payloads, reasons
from chat.actions.channel import lock_managed_group, lock_users, require_not_guest, users_named
from chat.actions.invites import delete_links, token_digest
from chat.actions.member import banned_user, start_memberships
from chat.errors import ChatError
from chat.models import Channel, InviteLink, JoinRequest, Membership
from chat.models.invites import usable_links
from chat.selectors import Access, current_members
from chat.wire.schema.events import JOIN_DECIDED, JOIN_REQUESTED
from delivery import log, publish
from delivery.db.transactions import write
from delivery.log import Entry


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link as an invited user sees it."""

    link: InviteLink
    is_member: bool
    has_requested: bool


def invitation_of(*, user: User, token: str) -> Invitation:
    """Return the invitation with this token. Raise ChatError INVITE_INVALID if the user cannot use it.

    Members, and users who have asked already and are not banned, see it as long as the link exists.
    """
    require_not_guest(user)
    link = InviteLink.objects.filter(token_digest=token_digest(token)).select_related("channel", "created_by").first()
    if link is None:
        raise ChatError(reasons.INVITE_INVALID)
    is_member = current_members(link.channel).filter(user=user).exists()
    has_requested = JoinRequest.objects.filter(channel=link.channel, user=user).exists()
    if not is_member:
        _require_not_banned(link.channel, user)
        if not has_requested:
            _require_usable(link)
    return Invitation(link, is_member, has_requested)


def invite_accept(*, user: User, token: str) -> Access | Channel:
    """Join the group of a link; return the membership's access, or the group if a manager has to approve it.

    Does nothing for a member, and for a user who has asked already. Raise ChatError INVITE_INVALID, GROUP_FULL or
    GROUP_LIMIT_REACHED.
    """
    require_not_guest(user)
    with write():
        lock_users([user])
        link = InviteLink.objects.filter(token_digest=token_digest(token)).first()
        channel = _locked(link.channel_id) if link is not None else None
        # The link may have been revoked or used meanwhile.
        link = InviteLink.objects.filter(pk=link.pk).first() if link is not None else None
        if channel is None or link is None:
            raise ChatError(reasons.INVITE_INVALID)
        if (membership := current_members(channel).filter(user=user).first()) is not None:
            return Access(channel, membership)
        _require_not_banned(channel, user)
        if JoinRequest.objects.filter(channel=channel, user=user).exists():
            return channel
        link.channel = channel
        _require_usable(link)
        InviteLink.objects.filter(pk=link.pk).update(uses=F("uses") + 1)
        if not link.needs_approval:
            return Access(channel, start_memberships(channel, [user], by=user, note="joined")[0])
        JoinRequest.objects.create(channel=channel, user=user, link=link)
        body = {"target": str(channel.pk), "who": payloads.person(user)}
        publish.after_commit(log.append([Entry(JOIN_REQUESTED.name, user_ids=_manager_ids(channel), body=body)]))
        return channel


def join_request_decide(*, user: User, channel_id: int, name: str, approve: bool) -> None:
    """Approve or decline a user's request to join a group that the caller manages.

    A request that is declined gives its use of the link back. That of a deactivated user can only be declined. Raise
    ChatError JOIN_REQUEST_NOT_FOUND, USER_NOT_FOUND, USER_BANNED, GROUP_FULL or GROUP_LIMIT_REACHED.
    """
    asking = users_named([name], but=user) if approve else []
    with write():
        if approve:
            lock_users([user, *asking])
        channel = lock_managed_group(user, channel_id).channel
        request = _request_of(channel, name)
        if request is None:
            raise ChatError(reasons.JOIN_REQUEST_NOT_FOUND)
        asker, link_id = request.user, request.link_id
        request.delete()
        is_member = current_members(channel).filter(user=asker).exists()
        if not approve:
            _give_use_back(link_id)
        elif approve and not is_member:
            start_memberships(channel, [asker], by=user, note="invited")
        _announce_decision(channel, asker, by=user, approved=approve)


def join_request_withdraw(*, user: User, channel_id: int) -> None:
    """Delete the user's own request to join a group, which gives its use of the link back.

    Raise ChatError JOIN_REQUEST_NOT_FOUND, also if there is no such group.
    """
    require_not_guest(user)
    with write():
        channel = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()
        request = JoinRequest.objects.filter(channel=channel, user=user).first() if channel is not None else None
        if channel is None or request is None:
            raise ChatError(reasons.JOIN_REQUEST_NOT_FOUND)
        request.delete()
        _give_use_back(request.link_id)
        _announce_decision(channel, user, by=user, approved=False)


def join_requests_delete_of(user_id: int) -> None:
    """Delete the user's requests and links, in the open transaction, because the account is deleted."""
    delete_links(InviteLink.objects.filter(created_by=user_id))
    JoinRequest.objects.filter(user=user_id).delete()


def _give_use_back(link_id: int | None) -> None:
    if link_id is not None:
        InviteLink.objects.filter(pk=link_id, uses__gt=0).update(uses=F("uses") - 1)


def _announce_decision(channel: Channel, asker: User, *, by: User, approved: bool) -> None:
    body = {
        "target": str(channel.pk),
        "name": channel.name,
        "who": payloads.person(asker),
        "by": payloads.person(by),
        "approved": approved,
    }
    told = (*_manager_ids(channel), asker.pk)
    publish.after_commit(log.append([Entry(JOIN_DECIDED.name, user_ids=told, body=body)]))


def _request_of(channel: Channel, name: str) -> JoinRequest | None:
    """Return the request of the user with that name, who may have been deactivated."""
    if not is_storable(name):
        return None
    return JoinRequest.objects.filter(channel=channel, user__username_key=name_key(name)).select_related("user").first()


def _locked(channel_id: int) -> Channel:
    return Channel.objects.select_for_update(no_key=True).get(pk=channel_id)


def _require_usable(link: InviteLink) -> None:
    if link.channel.closed or not usable_links().filter(pk=link.pk).exists():
        raise ChatError(reasons.INVITE_INVALID)


def _require_not_banned(channel: Channel, user: User) -> None:
    if banned_user(channel, [user]) is not None:
        raise ChatError(reasons.INVITE_INVALID)


def _manager_ids(channel: Channel) -> tuple[int, ...]:
    roles = (Membership.Role.OWNER, Membership.Role.ADMIN)
    return tuple(current_members(channel).filter(role__in=roles).order_by("user").values_list("user", flat=True))
