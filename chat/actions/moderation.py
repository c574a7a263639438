"""Mute and ban users: in a channel by its owners and admins, in any channel or site-wide by operators.

`chat.sending.permissions` enforces a restriction from the next message on. The user's connections get a push at once.
In all actions `until` is the end of the restriction; None: until it is lifted.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from accounts.actions import system_user, user_activate, user_deactivate
from accounts.models import Block, User
from chat import account_errors, payloads, reasons, rules
from chat.actions.channel import lock_member_group, users_named
from chat.actions.member import end_membership
from chat.errors import ChatError
from chat.models import Channel, Restriction
from chat.selectors import current_members
from chat.selectors.restrictions import active_restrictions
from chat.wire.schema.events import RESTRICTION
from delivery import log, publish
from delivery.db.transactions import write
from delivery.log import Entry

LIFTED = {Restriction.Kind.MUTE: "unmute", Restriction.Kind.BAN: "unban"}


def member_restrict(
    *, user: User, channel_id: int, name: str, kind: str, until: datetime | None, reason: str = ""
) -> Restriction:
    """Mute or ban a user in a group.

    The caller must manage the group and outrank the user. A ban ends the membership.
    """
    with write():
        target = _other_user(name, but=user)
        _lock_users(user.pk, target.pk)
        channel = _lock_group_outranking(user, channel_id, target)
        return _restrict(target, channel, kind, until=until, reason=reason, by=user)


def member_unrestrict(*, user: User, channel_id: int, name: str, kind: str) -> None:
    """Lift a mute or ban in a group that the caller manages; does nothing if there is none."""
    with write():
        target = _other_user(name, but=user)
        _lock_users(user.pk, target.pk)
        _lift(target, _lock_group_outranking(user, channel_id, target), kind)


def user_mute(
    *, operator: User, user_id: int, channel_id: int | None = None, until: datetime | None = None, reason: str = ""
) -> Restriction:
    """Mute a user in the channel `channel_id` (None: in all channels), as an operator."""
    with write():
        target = _lock_managed_user(operator, user_id)
        return _restrict(target, _lock_channel(channel_id), "mute", until=until, reason=reason, by=operator)


def user_unmute(*, operator: User, user_id: int, channel_id: int | None = None) -> None:
    with write():
        _lift(_lock_managed_user(operator, user_id), _lock_channel(channel_id), "mute")


def user_ban(
    *, operator: User, user_id: int, channel_id: int | None = None, until: datetime | None = None, reason: str = ""
) -> Restriction:
    """Ban a user from the group `channel_id` (None: from the site), as an operator.

    A site ban deactivates the account until it ends.
    """
    with write():
        target = _lock_managed_user(operator, user_id)
        return _restrict(target, _lock_channel(channel_id), "ban", until=until, reason=reason, by=operator)


def user_unban(*, operator: User, user_id: int, channel_id: int | None = None) -> None:
    """Lift a ban. The user can sign in again, or join the group again."""
    with write():
        _lift(_lock_managed_user(operator, user_id), _lock_channel(channel_id), "ban")


def user_reactivate(*, user_id: int) -> None:
    """Let a deactivated user sign in again.

    Raise ChatError BANNED_FROM_SITE during a ban, which must be lifted instead.
    """
    with write():
        target = _lock_users(user_id)[user_id]
        if active_restrictions(
            Restriction.objects.filter(user=target, kind=Restriction.Kind.BAN, channel=None)
        ).exists():
            raise ChatError(reasons.BANNED_FROM_SITE)
        user_activate(user_id=target.pk)


def restrictions_lift_expired() -> int:
    """Lift expired mutes and bans; return how many. Users whose site ban expired can sign in again."""
    expired = Restriction.objects.filter(until__lte=timezone.now()).select_related("user")
    lifted = 0
    for restriction in list(expired[:500]):
        with write():
            target = _lock_users(restriction.user_id)[restriction.user_id]
            # The restriction may have been extended meanwhile.
            if expired.filter(pk=restriction.pk).exists():
                restriction.delete()
                _finish_lift(target, restriction.kind, restriction.channel_id)
                lifted += 1
    return lifted


def _other_user(name: str, *, but: User) -> User:
    named = users_named([name], but=but)
    if not named:
        raise ChatError(reasons.CANNOT_RESTRICT_YOURSELF, field="member")
    return named[0]


def _lock_users(*ids: int) -> dict[int, User]:
    """Lock and return the rows of these users; call it before locking a channel.

    Raise ChatError ACCOUNT_NOT_FOUND if one is missing.
    """
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    found = {row.pk: row for row in rows}
    if len(found) < len(set(ids)):
        raise ChatError(account_errors.ACCOUNT_NOT_FOUND)
    return found


def _lock_managed_user(operator: User, user_id: int) -> User:
    """Lock and return a user whom this operator manages. Raise ChatError STAFF_PROTECTED for staff.

    Only superusers manage staff, and scripts on the server, which act as `system`.
    """
    target = _lock_users(user_id)[user_id]
    if (target.is_staff or target.is_superuser) and not operator.is_superuser and operator.pk != system_user().pk:
        raise ChatError(reasons.STAFF_PROTECTED)
    return target


def _lock_channel(channel_id: int | None) -> Channel | None:
    if channel_id is None:
        return None
    channel = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()
    if channel is None:
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
    return channel


def _lock_group_outranking(user: User, channel_id: int, target: User) -> Channel:
    """Lock and return the group, if the caller manages it and outranks the user there.

    Raise ChatError OUTRANKED otherwise. Every manager outranks a user who is no member.
    """
    access = lock_member_group(user, channel_id)
    rules.require_manager(access.role)
    membership = current_members(access.channel).filter(user=target).first()
    assert access.role is not None
    if membership is not None and not rules.outranks(access.role, membership.role):
        raise ChatError(reasons.OUTRANKED)
    return access.channel


def _restrict(
    target: User, channel: Channel | None, kind: str, *, until: datetime | None, reason: str, by: User
) -> Restriction:
    if kind == Restriction.Kind.BAN and channel is not None and channel.kind != Channel.Kind.PUBLIC:
        raise ChatError(reasons.BAN_NEEDS_GROUP)
    if until is not None and until <= timezone.now():
        raise ChatError(reasons.UNTIL_IN_PAST, field="until")
    values = {"until": until, "reason": rules.check_reason(reason), "created_by": by, "created_at": timezone.now()}
    restriction, _ = Restriction.objects.update_or_create(user=target, kind=kind, channel=channel, defaults=values)
    target.is_restricted = True
    target.save(update_fields=["is_restricted"])
    entry = _restriction_event(target, kind, channel, until=until, reason=restriction.reason)
    if kind == Restriction.Kind.BAN:
        if channel is None:
            user_deactivate(user_id=target.pk)
        elif (membership := current_members(channel).filter(user=target).first()) is not None:
            end_membership(channel, membership, by=by, note="removed", extra_entries=[entry])
    else:
        publish.after_commit(log.append([entry]))
    return restriction


def _lift(target: User, channel: Channel | None, kind: str) -> None:
    gone, _ = Restriction.objects.filter(user=target, kind=kind, channel=channel).delete()
    if gone:
        _finish_lift(target, kind, channel.pk if channel is not None else None)


def _finish_lift(target: User, kind: str, channel_id: int | None) -> None:
    others = Restriction.objects.filter(user=target).exists()
    target.is_restricted = others or Block.objects.filter(blocked=target).exists()
    target.save(update_fields=["is_restricted"])
    if kind == Restriction.Kind.BAN and channel_id is None:
        # An account that was deleted meanwhile stays deactivated.
        if target.deleted_at is None:
            user_activate(user_id=target.pk)
        return
    channel = Channel(pk=channel_id) if channel_id is not None else None
    publish.after_commit(log.append([_restriction_event(target, LIFTED[Restriction.Kind(kind)], channel)]))


def _restriction_event(
    target: User, kind: str, channel: Channel | None, *, until: datetime | None = None, reason: str = ""
) -> Entry:
    body = payloads.restriction(kind, channel.pk if channel is not None else None, until=until, reason=reason)
    return Entry(kind=RESTRICTION.name, user_ids=(target.pk,), body=body)
