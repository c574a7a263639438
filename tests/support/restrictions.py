"""Mutes, bans, blocks and channel settings, written as rows without the actions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Block, User
from chat.models import Channel, Restriction


def restrict(user: User, by: User, *, hours: int | None = 1, kind: str = "mute", **where: Any) -> None:
    until = None if hours is None else timezone.now() + timedelta(hours=hours)
    Restriction.objects.create(user=user, created_by=by, kind=kind, until=until, **where)
    User.objects.filter(pk=user.pk).update(is_restricted=True)


def block(by: User, blocked: User) -> None:
    Block.objects.create(blocker=by, blocked=blocked)
    User.objects.filter(pk=blocked.pk).update(is_restricted=True)


def set_channel(channel: Channel, **values: Any) -> None:
    Channel.objects.filter(pk=channel.pk).update(**values)
