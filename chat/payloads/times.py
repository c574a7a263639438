"""Gives moments as clients receive them."""

from __future__ import annotations

from datetime import datetime


def milliseconds(moment: datetime) -> int:
    """Return the moment in Unix milliseconds."""
    return int(moment.timestamp() * 1000)
