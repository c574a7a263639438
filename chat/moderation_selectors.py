"""What is pinned in a channel, and who is restricted in it."""

from __future__ import annotations

from accounts.models import User
from chat import rules
from chat.models import Pin, Restriction
from chat.selectors import Access, reading
from chat.send_rights import in_force

RESTRICTIONS_SHOWN = 500


def pins(user: User, access: Access) -> list[Pin]:
    """The pins of the channel whose messages the person may read, the last first."""
    found = Pin.objects.filter(channel=access.channel).select_related("message__sender", "by").order_by("-time", "-pk")
    ranges = reading(user, access)
    return [pin for pin in found if rules.readable(ranges, pin.message.seq)]


def restrictions(access: Access) -> list[Restriction]:
    """The mutes and bans that hold in the channel, the newest first."""
    found = in_force(Restriction.objects.filter(channel=access.channel)).select_related("user", "by")
    return list(found.order_by("-since")[:RESTRICTIONS_SHOWN])
