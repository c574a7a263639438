"""Decides whether readers can know the channel that a forwarded message comes from."""

from __future__ import annotations

from chat import rules
from chat.models import Channel, Membership


def knows_channel(target: Channel, source: Channel) -> bool:
    """Return whether all who read the target channel may know that a message comes from the source channel.

    They may of an app's channel, and of a group that every account can find and open; guests, who read the channels of
    apps, find no groups. In a private channel both users may know of a group that both are members of.
    """
    if target.pk == source.pk or source.kind == Channel.Kind.GLOBAL:
        return True
    if source.kind != Channel.Kind.PUBLIC:
        return False
    if target.kind == Channel.Kind.PRIVATE:
        users = rules.pair_user_ids(target.pair)
        members = Membership.objects.filter(channel=source, user__in=users, until_position=None)
        if members.count() == len(users):
            return True
    return target.kind != Channel.Kind.GLOBAL and source.listed and source.join == Channel.Join.OPEN
