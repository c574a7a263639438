"""Rows that were never stored, for tests of decisions that need no database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.models import App, User
from chat.models import Channel, Membership, Restriction
from chat.sending.load import Loaded


def user(pk: int, name: str, **fields: Any) -> User:
    return User(pk=pk, username=name, nickname=name.capitalize(), **fields)


def group(pk: int, **fields: Any) -> Channel:
    return Channel(pk=pk, kind=Channel.Kind.PUBLIC, **fields)


def private(pk: int, one: User, other: User, **fields: Any) -> Channel:
    return Channel(pk=pk, kind=Channel.Kind.PRIVATE, pair=f"{one.pk}:{other.pk}", **fields)


def app_channel(pk: int, *, number: int = 101, enabled: bool = True) -> Channel:
    return Channel(pk=pk, kind=Channel.Kind.GLOBAL, app=App(pk=number, number=number, enabled=enabled))


def mute(muted: User, channel: Channel | None = None) -> Restriction:
    return Restriction(user=muted, channel=channel, kind=Restriction.Kind.MUTE)


def loaded(users: Sequence[User], channels: Sequence[Channel], *, role: str = "member", **rows: Any) -> Loaded:
    """Return the result of `load` where all users are members of all groups and private channels, with this role."""
    memberships = {
        (channel.pk, member.pk): [Membership(channel=channel, user=member, role=role, from_position=1, from_seq=1)]
        for channel in channels
        for member in users
        if channel.kind != Channel.Kind.GLOBAL
    }
    return Loaded(
        users={sender.pk: sender for sender in users},
        channels={channel.pk: channel for channel in channels},
        memberships=memberships,
        **rows,
    )
