"""Pinned messages of a channel."""

from __future__ import annotations

from accounts.models import User
from chat import rules
from chat.models import Pin
from chat.selectors.access import Access, readable_ranges


def pins_of(user: User, access: Access) -> list[Pin]:
    """Return the pins of the channel whose messages the user may read, newest first."""
    pins = Pin.objects.filter(channel=access.channel).select_related("message__sender", "pinned_by")
    ranges = readable_ranges(user, access)
    return [pin for pin in pins.order_by("-pinned_at", "-pk") if rules.is_readable(ranges, pin.message.seq)]
