"""Join, leave, invite, remove and roles of a group. The channel's row is locked while its members change."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from accounts.models import User
from accounts.names import is_storable
from chat import reasons, rules
from chat.actions.block_checks import require_addable
from chat.actions.channel import (
    lock_managed_group,
    lock_member_group,
    lock_users,
    new_memberships,
    note_event,
    require_group_capacity,
    require_not_guest,
    users_named,
)
from chat.errors import ChatError
from chat.models import Channel, Membership, ReadMark, Restriction
from chat.selectors import Access, current_members
from chat.selectors.restrictions import active_restrictions
from delivery import log, publish
from delivery.db.transactions import write
from delivery.log import Entry


def member_join(*, user: User, channel_id: int) -> Access:
    """Join an open group.

    Does nothing for a member. Raise ChatError CANNOT_JOIN_GROUP if it is not open or the user is banned.
    """
    require_not_guest(user)
    with write():
        lock_users([user])
        channel = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id, kind="public").first()
        membership = current_members(channel).filter(user=user).first() if channel is not None else None
        if channel is not None and membership is not None:
            return Access(channel, membership)
        if channel is None or channel.join != Channel.Join.OPEN or channel.closed:
            raise ChatError(reasons.CANNOT_JOIN_GROUP)
        added = start_memberships(channel, [user], by=user, note="joined")
    return Access(channel, added[0])


def member_invite(*, user: User, channel_id: int, names: Sequence[str]) -> list[User]:
    """Add users to a group; return those who were not members before."""
    invited = users_named(names, but=user)
    with write():
        lock_users([user, *invited])
        require_addable(user, invited)
        access = lock_member_group(user, channel_id)
        if access.role is None or not rules.may_invite(access.channel.join, access.role):
            raise ChatError(reasons.MANAGER_REQUIRED)
        present = set(current_members(access.channel).filter(user__in=invited).values_list("user", flat=True))
        new_members = [other for other in invited if other.pk not in present]
        if new_members:
            start_memberships(access.channel, new_members, by=user, note="invited")
    return new_members


def start_memberships(channel: Channel, users: Sequence[User], *, by: User, note: str) -> list[Membership]:
    """Add users who are not members to a locked group: all of them or none.

    Appends to the event log, so it must come last in its transaction. Raise ChatError CANNOT_JOIN_GROUP, USER_BANNED or
    GROUP_FULL.
    """
    if (banned := banned_user(channel, users)) is not None:
        if banned.pk == by.pk:
            raise ChatError(reasons.CANNOT_JOIN_GROUP)
        raise ChatError(reasons.USER_BANNED, userId=banned.username)
    count = current_members(channel).count() + len(users)
    if count > settings.IM_GROUP_MAX_MEMBERS:
        limit = settings.IM_GROUP_MAX_MEMBERS
        raise ChatError(reasons.GROUP_FULL, limit=limit)
    require_group_capacity(users)
    # The first user to join an open group without members owns it.
    first = "owner" if count == len(users) else "member"
    # Earlier messages are not unread for a new member.
    ReadMark.objects.bulk_create(
        [ReadMark(channel=channel, user=user, seq=channel.last_seq) for user in users],
        update_conflicts=True,
        unique_fields=["user", "channel"],
        update_fields=["seq", "unread_after"],
    )
    entries = log.append([note_event(channel, note, by=by, who=users, join=users)])
    memberships = new_memberships(channel, users, entries[0].position)
    memberships[0].role = first
    Membership.objects.bulk_create(memberships)
    publish.after_commit(entries)
    return memberships


def banned_user(channel: Channel, users: Sequence[User]) -> User | None:
    """Return one of these users who is banned from the group, or None."""
    bans = Restriction.objects.filter(channel=channel, kind=Restriction.Kind.BAN, user__in=users)
    ban = active_restrictions(bans).select_related("user").first()
    return ban.user if ban is not None else None


def member_leave(*, user: User, channel_id: int) -> None:
    """Leave a group. If the last owner leaves, the longest-standing admin, else member, becomes the owner."""
    with write():
        access = lock_member_group(user, channel_id)
        if access.membership is None:
            raise ChatError(reasons.NOT_A_MEMBER)
        end_membership(access.channel, access.membership, by=user, note="left")


def member_remove(*, user: User, channel_id: int, name: str) -> None:
    """Remove a member of lower rank from a group."""
    with write():
        access = lock_managed_group(user, channel_id)
        membership = _membership_of(access.channel, user, name)
        assert access.role is not None
        if not rules.outranks(access.role, membership.role):
            raise ChatError(reasons.OUTRANKED)
        end_membership(access.channel, membership, by=user, note="removed")


def _membership_of(channel: Channel, user: User, name: str) -> Membership:
    """Return the membership of the user with that name, who may have been deactivated."""
    membership = current_members(channel).filter(user__username=name).first() if is_storable(name) else None
    if membership is None:
        users = users_named([name], but=user)
        membership = current_members(channel).filter(user__in=users).first()
    if membership is None:
        raise ChatError(reasons.USER_NOT_A_MEMBER, userId=name)
    return membership


def end_membership(
    channel: Channel, membership: Membership, *, by: User, note: str, extra_entries: Sequence[Entry] = ()
) -> None:
    """End a membership in a transaction that has locked the channel. Must come last in it.

    `extra_entries` are further events to append with it. If the last owner leaves, another member becomes the owner.
    """
    rest = current_members(channel).exclude(pk=membership.pk)
    notes = [note_event(channel, note, by=by, who=[membership.user], leave=[membership.user])]
    if membership.role == "owner" and not rest.filter(role="owner").exists():
        heir = rest.filter(role="admin").order_by("from_position").first() or rest.order_by("from_position").first()
        if heir is not None:
            heir.role = "owner"
            heir.save(update_fields=["role"])
            notes.append(note_event(channel, "role", by=by, who=[heir.user], value="owner"))
    entries = log.append([*notes, *extra_entries])
    membership.until_position, membership.until_seq = entries[0].position, channel.last_seq
    membership.save(update_fields=["until_position", "until_seq"])
    publish.after_commit(entries)


def member_set_role(*, user: User, channel_id: int, name: str, role: str) -> None:
    """Change a member's role, as an owner. A group keeps at least one owner."""
    with write():
        access = lock_member_group(user, channel_id)
        if access.role != "owner":
            raise ChatError(reasons.OWNER_REQUIRED)
        membership = access.membership if name == user.username else _membership_of(access.channel, user, name)
        if membership is None:
            raise ChatError(reasons.NOT_A_MEMBER)
        _give_role(access.channel, membership, role, by=user)


def member_set_role_as_operator(*, operator: User, channel_id: int, user_id: int, role: str) -> None:
    """Change a member's role in any group, as an operator."""
    with write():
        channel = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id, kind="public").first()
        membership = current_members(channel).filter(user=user_id).first() if channel is not None else None
        if channel is None or membership is None:
            raise ChatError(reasons.USER_NOT_A_MEMBER)
        _give_role(channel, membership, role, by=operator)


def _give_role(channel: Channel, membership: Membership, role: str, *, by: User) -> None:
    other_owners = current_members(channel).filter(role="owner").exclude(pk=membership.pk)
    if membership.role == "owner" and role != "owner" and not other_owners.exists():
        raise ChatError(reasons.LAST_OWNER)
    if membership.role != role:
        membership.role = role
        membership.save(update_fields=["role"])
        publish.after_commit(log.append([note_event(channel, "role", by=by, who=[membership.user], value=role)]))
