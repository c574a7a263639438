"""Queries of the messages that a user may read now, by the same rules as the guard in `access`."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from chat.models import Channel, Membership, Message
from chat.selectors.access import Access, readable_ranges


def readable_in(user: User, access: Access) -> QuerySet[Message]:
    """Return the messages of the channel that the user may read."""
    within = Q(pk__in=())
    for first, last in readable_ranges(user, access):
        within |= Q(seq__gte=first) if last is None else Q(seq__gte=first, seq__lte=last)
    return Message.objects.filter(within, channel=access.channel)


def readable_anywhere(user: User, *, app: int | None, manages: bool = False) -> QuerySet[Message]:
    """Return the messages that the user may read: with `manages` of all groups; of the global channel of `app`.

    `app` None: of every app.
    """
    in_global_channels = Q(channel__kind=Channel.Kind.GLOBAL, channel__app__enabled=True)
    if app is not None:
        in_global_channels &= Q(channel__app__number=app)
    if user.is_guest:
        return Message.objects.filter(in_global_channels)
    memberships = Membership.objects.filter(user=user, channel=OuterRef("channel"))
    covering_memberships = memberships.filter(
        Q(until_seq=None) | Q(until_seq__gte=OuterRef("seq")), from_seq__lte=OuterRef("seq")
    )
    member = Exists(memberships.filter(until_position=None)) & (
        Q(channel__join=Channel.Join.OPEN) | Q(channel__history=Channel.History.ALL) | Exists(covering_memberships)
    )
    allowed = in_global_channels | Q(~Q(channel__kind=Channel.Kind.GLOBAL), member)
    if manages:
        allowed |= Q(channel__kind=Channel.Kind.PUBLIC)
    return Message.objects.filter(allowed)
