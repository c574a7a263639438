"""Changes of a channel's settings: texts, joining, history for new members, slow mode, closing and ownership."""

from __future__ import annotations

from typing import TypedDict, Unpack

from accounts.models import User
from accounts.selectors.users import user_by_id
from chat import reasons, rules
from chat.actions.channel import apply_closed, lock_managed_group, lock_member_group, note_event, users_named
from chat.actions.service_access import access_for_service
from chat.errors import ChatError
from chat.models import Channel, Membership
from chat.selectors import Access, current_members
from delivery import log, publish
from delivery.db.transactions import write


class ChannelSettingsChanges(TypedDict, total=False):
    """The settings of a channel to change. None and missing keys leave a setting unchanged."""

    join: str | None
    listed: bool | None
    history: str | None
    announcements_only: bool | None
    slow_mode: int | None
    link_previews: bool | None
    topic: str | None
    description: str | None


_TEXT_CHECKS = {"topic": rules.check_topic, "description": rules.check_description}


def channel_update_settings(*, user: User, channel_id: int, **changes: Unpack[ChannelSettingsChanges]) -> Access:
    """Change a group's settings, as an owner or admin. Only an owner changes `history` and `link_previews`.

    Raise ChatError OWNER_REQUIRED or MANAGER_REQUIRED.
    """
    with write():
        access = lock_managed_group(user, channel_id)
        is_for_owner = changes.get("history") not in (None, access.channel.history) or changes.get(
            "link_previews"
        ) not in (None, access.channel.shows_link_previews)
        if is_for_owner and access.role != "owner":
            raise ChatError(reasons.OWNER_REQUIRED)
        _apply_changes(access.channel, user, changes)
    return access


def channel_update_settings_as_operator(
    *, operator: User, channel_id: int, **changes: Unpack[ChannelSettingsChanges]
) -> Channel:
    """Change the settings of any group or global channel, as an operator.

    Raise ChatError PRIVATE_CHANNEL_POLICY for a private channel, and GLOBAL_CHANNEL_POLICY for `join`, `listed` and
    `history` of a global channel, which stays open and fully readable.
    """
    with write():
        channel = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
        if channel.kind == Channel.Kind.PRIVATE:
            raise ChatError(reasons.PRIVATE_CHANNEL_POLICY)
        if channel.kind == Channel.Kind.GLOBAL and changes.keys() & {"join", "listed", "history"}:
            raise ChatError(reasons.GLOBAL_CHANNEL_POLICY)
        _apply_changes(channel, operator, changes)
    return channel


def _apply_changes(channel: Channel, by: User, changes: ChannelSettingsChanges) -> None:
    wanted = {field: value for field, value in changes.items() if value not in (None, getattr(channel, field))}
    if wanted.get("link_previews") == channel.shows_link_previews:
        # A form that only repeats the default leaves the choice to the default.
        del wanted["link_previews"]
    for field, check in _TEXT_CHECKS.items():
        if field in wanted:
            wanted[field] = check(str(wanted[field]))
    wanted = {field: value for field, value in wanted.items() if value != getattr(channel, field)}
    if not wanted:
        return
    for field, value in wanted.items():
        setattr(channel, field, value)
    if channel.listed and not channel.name:
        raise ChatError(reasons.GROUP_NAME_REQUIRED, field="listed")
    if not 0 <= channel.slow_mode <= rules.MAX_SLOW_MODE_SECONDS:
        raise ChatError(reasons.SLOW_MODE_RANGE, limit=rules.MAX_SLOW_MODE_SECONDS, field="slowMode")
    channel.save(update_fields=list(wanted))
    notes = []
    if "topic" in wanted:
        notes.append(note_event(channel, "topic", by=by, value=channel.topic))
    if "description" in wanted:
        notes.append(note_event(channel, "description", by=by))
    if wanted.keys() - _TEXT_CHECKS.keys():
        notes.append(note_event(channel, "policy", by=by, value=channel.join))
    publish.after_commit(log.append(notes))


def channel_close(*, user: User, channel_id: int, closed: bool = True) -> None:
    """Close or reopen a group that the caller owns or manages. A closed group stays readable.

    Raise ChatError OWNER_REQUIRED, or CLOSED_BY_OPERATOR to owners; services that manage all groups reopen any.
    """
    with write():
        access = access_for_service(user, channel_id, lock=True)
        channel = access.channel
        if channel.kind != Channel.Kind.PUBLIC or access.role != "owner":
            raise ChatError(reasons.OWNER_REQUIRED)
        if channel.closed and not closed and channel.closed_by_operator and not access.manages:
            raise ChatError(reasons.CLOSED_BY_OPERATOR)
        apply_closed(channel, closed, by=user, as_operator=False)


def channel_set_retention(*, channel_id: int, days: int | None) -> Channel:
    """Set for how many days messages are kept, as an operator. None: the site's default; 0: unlimited.

    Members are not notified.
    """
    with write():
        channel = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
        channel.retention_days = days
        channel.save(update_fields=["retention_days"])
    return channel


def channel_transfer(*, user: User, channel_id: int, name: str) -> None:
    """Transfer a group to the member with user name `name`. The previous owner becomes an admin."""
    with write():
        access = lock_member_group(user, channel_id)
        if access.membership is None or access.role != "owner":
            raise ChatError(reasons.OWNER_REQUIRED)
        new_owners = users_named([name], but=user)
        if not new_owners:
            raise ChatError(reasons.ALREADY_OWNER)
        _transfer_ownership(access.channel, new_owners[0], [access.membership], by=user)


def channel_transfer_as_operator(*, operator: User, channel_id: int, user_id: int) -> None:
    """Transfer a group to one of its members, as an operator. All previous owners become admins."""
    with write():
        channel = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
        new_owner = user_by_id(user_id)
        if new_owner is None or channel.kind != Channel.Kind.PUBLIC:
            raise ChatError(reasons.NEW_OWNER_NOT_FOUND)
        owners = current_members(channel).filter(role="owner").exclude(user=new_owner)
        _transfer_ownership(channel, new_owner, list(owners), by=operator)


def _transfer_ownership(channel: Channel, new_owner: User, owners: list[Membership], *, by: User) -> None:
    membership = current_members(channel).filter(user=new_owner).first()
    if membership is None:
        raise ChatError(reasons.USER_NOT_A_MEMBER, userId=new_owner.public_name)
    changed = [(membership, "owner"), *((owner, "admin") for owner in owners)]
    notes = []
    for membership, role in changed:
        if membership.role != role:
            membership.role = role
            membership.save(update_fields=["role"])
            notes.append(note_event(channel, "role", by=by, who=[membership.user], value=role))
    if notes:
        publish.after_commit(log.append(notes))
