"""Channel lists as a service sees them."""

from __future__ import annotations

from django.db.models import Q

from accounts.models import User
from chat.models import Channel, Membership
from chat.selectors import Access, ChannelSummary, channel_summaries


def channels_page(
    user: User, *, manages: bool, after: int, limit: int, kind: str = "", name: str = ""
) -> tuple[list[ChannelSummary], bool]:
    """Return the channels that the service may read with ids above `after`, ordered by id, and whether there are more.

    These are the channels it is a member of, the global channels, and with `manages` all groups. `name` matches a part
    of a channel's own name, never the names of its members.
    """
    own = Membership.objects.filter(user=user, until_position=None)
    seen = Q(kind=Channel.Kind.GLOBAL, app__enabled=True) | Q(pk__in=own.values("channel"))
    if manages:
        seen |= Q(kind=Channel.Kind.PUBLIC)
    found = Channel.objects.filter(seen, pk__gt=after).select_related("app").order_by("pk")
    if kind:
        found = found.filter(kind=kind)
    if name:
        found = found.filter(name__icontains=name)
    rows = list(found[: limit + 1])
    memberships = {membership.channel_id: membership for membership in own.filter(channel__in=rows)}
    accesses = [Access(row, memberships.get(row.pk)) for row in rows[:limit]]
    return channel_summaries(user, accesses), len(rows) > limit
