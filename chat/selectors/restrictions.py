"""Mutes and bans."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from chat import rules
from chat.models import Channel, Restriction
from chat.selectors.access import Access

MAX_RESTRICTIONS = 500


def active_restrictions(restrictions: QuerySet[Restriction]) -> QuerySet[Restriction]:
    """Return those restrictions that have not expired."""
    return restrictions.filter(Q(until=None) | Q(until__gt=timezone.now()))


def restrictions_of(access: Access) -> list[Restriction]:
    """Return the active mutes and bans of the channel, newest first."""
    found = active_restrictions(Restriction.objects.filter(channel=access.channel)).select_related("user", "created_by")
    return list(found.order_by("-created_at", "-pk")[:MAX_RESTRICTIONS])


def require_unmuted(user: int, channel: Channel | None) -> None:
    """Raise ChatError MUTED if the user is muted in the channel or everywhere.

    For texts that are not messages. `chat.sending.permissions` checks messages.
    """
    scope = Q(channel=None) | Q(channel=channel)
    mute = active_restrictions(Restriction.objects.filter(scope, user=user, kind=Restriction.Kind.MUTE)).first()
    if mute is not None:
        raise rules.muted_error(mute.until)
