"""The pictures of groups."""

from __future__ import annotations

from chat.models import ChannelPicture
from chat.models.attachment import is_key


def channel_picture(key: str) -> bytes | None:
    """Return the picture with this key; None if no group has it."""
    found = ChannelPicture.objects.filter(key=key).values_list("content", flat=True).first() if is_key(key) else None
    return None if found is None else bytes(found)
