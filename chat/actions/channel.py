"""Create, rename and close channels."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db.models import Count

from accounts.models import App, User
from accounts.selectors.users import accounts_by_ids, user_by_id, users_by_names
from chat import account_errors, payloads, reasons, rules
from chat.actions.block_checks import addable, require_addable, require_not_blocked
from chat.actions.service_access import access_for_service
from chat.errors import ChatError
from chat.models import Channel, Membership
from chat.selectors import Access
from chat.wire.schema.events import CHANNEL_NOTE
from delivery import log, publish
from delivery.db.transactions import write
from delivery.log import Entry


def users_named(names: Sequence[str], *, but: User) -> list[User]:
    """Return the accounts with these user names, each once, without `but`.

    Raise ChatError USER_NOT_FOUND for an unknown name.
    """
    found = users_by_names(list(names))
    for name in names:
        if name not in found:
            raise ChatError(reasons.USER_NOT_FOUND, userId=name)
    return list({user.pk: user for user in found.values() if user.pk != but.pk}.values())


def require_not_guest(user: User) -> None:
    if user.is_guest:
        raise ChatError(reasons.ACCOUNT_REQUIRED)


def lock_users(users: Sequence[User]) -> None:
    """Lock the users' rows; call it before locking a channel. Raise ChatError MEMBER_INACTIVE if one is deactivated."""
    ids = sorted({user.pk for user in users})
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    if sum(row.is_active for row in rows) < len(ids):
        raise ChatError(reasons.MEMBER_INACTIVE)


def note_event(
    channel: Channel,
    kind: str,
    *,
    by: User,
    who: Sequence[User] = (),
    value: str = "",
    join: Sequence[User] = (),
    leave: Sequence[User] = (),
) -> Entry:
    """Return the event of a system note, which clients show in the channel's timeline.

    `who`: the users that the note is about. Users in `join` and `leave` become or stop being members, for delivery,
    exactly at the event's position.
    """
    header = rules.private_route(channel.pair)
    if join:
        header["join"] = [user.pk for user in join]
    if leave:
        header["leave"] = [user.pk for user in leave]
    now = log.now_ms()
    body = payloads.note(channel.pk, kind, by=by, who=who, value=value, seq=channel.last_seq, time=now)
    return Entry(kind=CHANNEL_NOTE.name, channel=channel.pk, header=header, body=body, time=now)


def new_memberships(channel: Channel, users: Sequence[User], position: int, role: str = "member") -> list[Membership]:
    """Return unsaved membership rows that start at the event with this position."""
    return [
        Membership(channel=channel, user=user, role=role, from_position=position, from_seq=channel.last_seq + 1)
        for user in users
    ]


def channel_create_global(*, app: App) -> Channel:
    """Return the app's global channel; create it if it does not exist."""
    channel, _ = Channel.objects.get_or_create(
        app=app, defaults={"kind": Channel.Kind.GLOBAL, "name": app.name, "join": Channel.Join.OPEN, "listed": True}
    )
    return channel


def channel_create_group(
    *, creator: User, name: str = "", members: Sequence[str] = (), join: str = "invite", listed: bool = False
) -> Channel:
    """Create a group owned by the creator, with the users of the names in `members`. A listed group needs a name."""
    require_not_guest(creator)
    name = rules.check_channel_name(name)
    if listed and not name:
        raise ChatError(reasons.GROUP_NAME_REQUIRED, field="name")
    others = users_named(members, but=creator)
    require_addable(creator, others)
    if not name and not others:
        raise ChatError(reasons.GROUP_EMPTY, field="name")
    return channel_create_group_of(creator=creator, name=name, others=others, join=join, listed=listed)


def channel_create_group_of(*, creator: User, name: str, others: Sequence[User], join: str, listed: bool) -> Channel:
    """Create a group of users who have been loaded and checked. See `channel_create_group`."""
    _check_group_size(len(others) + 1)
    with write():
        lock_users([creator, *others])
        require_group_capacity([creator, *others])
        channel = Channel.objects.create(
            kind=Channel.Kind.PUBLIC, name=name, join=join, listed=listed, active_at=log.now_ms()
        )
        members = [creator, *others]
        entries = log.append([note_event(channel, "created", by=creator, who=others, value=name, join=members)])
        at = entries[0].position
        owner = new_memberships(channel, [creator], at, "owner")
        Membership.objects.bulk_create(owner + new_memberships(channel, others, at))
        publish.after_commit(entries)
    return channel


def channel_create_private(*, creator: User, other: User) -> tuple[Channel, bool]:
    """Return the private channel of two users, and True if it was created now.

    Raise ChatError CANNOT_MESSAGE_YOURSELF, or BLOCKED_BY_YOU or CANNOT_MESSAGE_USER if one blocks the other.
    """
    require_not_guest(creator)
    if creator.pk == other.pk:
        raise ChatError(reasons.CANNOT_MESSAGE_YOURSELF, field="members")
    pair = rules.pair_of(creator.pk, other.pk)
    if (known := Channel.objects.filter(pair=pair).first()) is not None:
        return known, False
    with write():
        # Both users would lock the same two rows, so only one of them creates the channel.
        lock_users([creator, other])
        if (known := Channel.objects.filter(pair=pair).first()) is not None:
            return known, False
        require_not_blocked(creator, other)
        channel = Channel.objects.create(kind=Channel.Kind.PRIVATE, pair=pair, active_at=log.now_ms())
        both = [creator, other]
        entries = log.append([note_event(channel, "created", by=creator, who=[other], join=both)])
        Membership.objects.bulk_create(new_memberships(channel, both, entries[0].position))
        publish.after_commit(entries)
    return channel, True


def channel_create_closed(*, creator: User, name: str, ids: Sequence[int]) -> Channel:
    """Create a closed, unlisted group. Unknown ids, repeats and users who cannot be added are left out."""
    require_not_guest(creator)
    name = rules.check_channel_name(name)
    others = addable(creator, [user for user in accounts_by_ids(ids) if user.pk != creator.pk])
    if not name and not others:
        raise ChatError(reasons.GROUP_EMPTY, field="name")
    return channel_create_group_of(creator=creator, name=name, others=others, join="closed", listed=False)


def private_channel_with(*, user: User, other_id: int) -> int:
    """Return the id of the private channel with the account or service `other_id`; create the channel if necessary.

    Raise ChatError ACCOUNT_NOT_FOUND for guests, inactive and unknown users.
    """
    other = user_by_id(other_id)
    if other is None or not other.is_active or other.is_guest:
        raise ChatError(account_errors.ACCOUNT_NOT_FOUND)
    channel, _ = channel_create_private(creator=user, other=other)
    return channel.pk


def require_group_capacity(users: Sequence[User]) -> None:
    """Raise ChatError GROUP_LIMIT_REACHED if one of these locked users is in IM_MAX_GROUPS_PER_USER groups.

    It has the name of the first such user. Services may be in any number of groups.
    """
    limit = settings.IM_MAX_GROUPS_PER_USER
    user_ids = [user.pk for user in users if user.kind == User.Kind.PERSON]
    present = Membership.objects.filter(user__in=user_ids, until_position=None, channel__kind=Channel.Kind.PUBLIC)
    counts = present.values("user").annotate(groups=Count("pk")).filter(groups__gte=limit)
    full = set(counts.values_list("user", flat=True))
    for user in users:
        if user.pk in full:
            raise ChatError(reasons.GROUP_LIMIT_REACHED, limit=limit, userId=user.username)  # fmt: skip


def _check_group_size(count: int) -> None:
    if count > settings.IM_GROUP_MAX_MEMBERS:
        raise ChatError(reasons.GROUP_FULL, limit=settings.IM_GROUP_MAX_MEMBERS)


def lock_managed_group(user: User, channel_id: int) -> Access:
    """Lock and return a group that the user manages. Raise ChatError MANAGER_REQUIRED for other members."""
    access = lock_member_group(user, channel_id)
    rules.require_manager(access.role)
    return access


def lock_member_group(user: User, channel_id: int) -> Access:
    """Lock and return a group that the user is in, or manages as a service.

    Raise ChatError NOT_A_GROUP for other kinds of channel.
    """
    access = access_for_service(user, channel_id, lock=True)
    if access.channel.kind != Channel.Kind.PUBLIC:
        raise ChatError(reasons.NOT_A_GROUP)
    rules.require_open_channel(access.channel.closed)
    return access


def channel_rename(*, user: User, channel_id: int, name: str) -> Access:
    """Rename a group. An unchanged name is not checked again."""
    with write():
        access = lock_managed_group(user, channel_id)
        channel = access.channel
        if channel.listed and not name:
            raise ChatError(reasons.GROUP_NAME_REQUIRED, field="name")
        if channel.name != name:
            channel.name = rules.check_channel_name(name)
            channel.save(update_fields=["name"])
            publish.after_commit(log.append([note_event(channel, "renamed", by=user, value=name)]))
    return access


def channel_set_closed(*, operator: User, channel_id: int, closed: bool) -> Channel:
    """Close or reopen a channel as an operator. A closed channel stays readable for its members.

    A group that its owner has closed stays closed, and only an operator reopens it then.
    """
    with write():
        channel = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
        apply_closed(channel, closed, by=operator, as_operator=True)
    return channel


def apply_closed(channel: Channel, closed: bool, *, by: User, as_operator: bool) -> None:
    """Close or reopen a locked channel, with its event if that changes. Must come last in its transaction.

    An owner's closing does not take the place of an operator's.
    """
    by_operator = closed and (as_operator or channel.closed_by_operator)
    is_changed = channel.closed != closed
    if not is_changed and channel.closed_by_operator == by_operator:
        return
    channel.closed, channel.closed_by_operator = closed, by_operator
    channel.save(update_fields=["closed", "closed_by_operator"])
    if is_changed:
        publish.after_commit(log.append([note_event(channel, "closed" if closed else "reopened", by=by)]))
