"""What a batch of sends is judged by, read under its locks: in one round trip, with queries that are built once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import App, User
from chat.models import Channel, Membership, MessageKey
from delivery.db.bulk import execute_batch
from delivery.db.prepared import Prepared

_SENDERS = Prepared(
    lambda users: (
        User.objects.select_for_update(no_key=True)
        .only("username", "nickname", "avatar", "kind", "is_active", "restricted")
        .filter(pk__in=users)
        .order_by("pk")
    )
)
_CHANNELS = Prepared(
    lambda channels: Channel.objects.select_for_update(no_key=True).filter(pk__in=channels).order_by("pk")
)
_APPS = Prepared(
    # Else an app that is switched off meanwhile would have its room said something in after that.
    lambda channels: (
        App.objects.select_for_update(no_key=True, of=("self",)).filter(channel__in=channels).order_by("pk")
    )
)
_STAYS = Prepared(
    lambda channels, users: Membership.objects.filter(channel__in=channels, user__in=users).order_by("from_seq")
)
_KEYS = Prepared(lambda users, ids: MessageKey.objects.filter(sender__in=users, client_id__in=ids))


@dataclass(frozen=True, slots=True)
class Locked:
    """The rows of senders and channels, by id, locked, with the channels' apps, locked too; the senders' stays in the
    channels; the client ids' uses."""

    users: dict[int, User]
    channels: dict[int, Channel]
    stays: list[Membership]
    keys: list[MessageKey]


def lock(senders: Collection[int], channels: Collection[int], keys: Collection[tuple[int, str]]) -> Locked:
    """Lock them, in the order of all transactions: users, channels, apps. `keys`: senders with their client ids."""
    wanted = [
        _SENDERS.statement(senders),
        _CHANNELS.statement(channels),
        _APPS.statement(channels),
        _STAYS.statement(channels, senders),
    ]
    if keys:
        wanted.append(_KEYS.statement({sender for sender, _ in keys}, {client_id for _, client_id in keys}))
    users, rooms, apps, stays, *used = execute_batch(wanted)
    app_of = {app.pk: app for app in _APPS.instances(apps)}
    locked = {channel.pk: channel for channel in _CHANNELS.instances(rooms)}
    for channel in locked.values():
        # Seen after the lock was had, and not before as by a join.
        channel.app = None if channel.app_id is None else app_of[channel.app_id]
    return Locked(
        users={user.pk: user for user in _SENDERS.instances(users)},
        channels=locked,
        stays=_STAYS.instances(stays),
        keys=_KEYS.instances(used[0]) if used else [],
    )
