"""Reads up to which position the client of a token has received every message."""

from __future__ import annotations

from accounts.models import ReceivedPosition


def received_position(digest: str) -> int:
    """Return the position of the token with this digest; 0 if its client is not known to have received any."""
    found = ReceivedPosition.objects.filter(token_id=digest).values_list("position", flat=True).first()
    return found or 0
