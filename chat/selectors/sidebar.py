"""The users' own arrangements of their lists of channels."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from accounts.models import User
from chat.models import Channel, Membership, Sidebar


def sidebar_of(user: User) -> Sidebar:
    """Return the user's arrangement; one with the defaults, not saved, if there is none."""
    return Sidebar.objects.filter(user=user).first() or Sidebar(user=user)


def listed_ids(user: User, channel_ids: Collection[int]) -> set[int]:
    """Return which of these channels are in the user's lists: those of the enabled apps, and their own."""
    memberships = Membership.objects.filter(user=user, channel__in=channel_ids, until_position=None)
    is_global = Q(kind=Channel.Kind.GLOBAL, app__enabled=True)
    shared = Channel.objects.filter(is_global, pk__in=channel_ids)
    return {*memberships.values_list("channel", flat=True), *shared.values_list("pk", flat=True)}
