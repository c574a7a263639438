"""The rate limits that are counted in the process and settled between nodes; the others are where they are counted.

`manage.py limits` lists what counts against each.
"""

from __future__ import annotations

from delivery.rate_limits.limit import CountedBy, RateLimitDeclaration
from delivery.rate_limits.settled import SettledRateLimit


def _limit(name: str, counted_by: CountedBy, rate: str, burst: str) -> SettledRateLimit:
    return SettledRateLimit(RateLimitDeclaration(name, counted_by, rate, burst))


SENDS = _limit("sends", "user", "IM_SEND_RATE", "IM_SEND_BURST")
"""Messages of a user, over all connections."""
CHANGES = _limit("changes", "user", "IM_SEND_RATE", "IM_SEND_BURST")
"""Other requests of a user that are stored and announced: edits, reactions, pins, joins, …"""
READS = _limit("reads", "user", "IM_READ_RATE", "IM_READ_BURST")
"""Requests of a user that read, and HTTP requests of their browsers."""
SEARCHES = _limit("searches", "user", "IM_SEARCH_RATE", "IM_SEARCH_BURST")
TYPING = _limit("typing", "user", "IM_TYPING_RATE", "IM_TYPING_BURST")
"""Notices that a user is typing."""
CHANNEL_SENDS = _limit("channel-sends", "channel", "IM_CHANNEL_SEND_RATE", "IM_CHANNEL_SEND_BURST")
"""Messages that connections send to a channel."""
CONNECTIONS = _limit("connections", "address", "IM_CONNECTION_RATE", "IM_CONNECTION_BURST")
"""Connections that are opened from an address."""
ANONYMOUS = _limit("anonymous", "address", "IM_ANONYMOUS_RATE", "IM_ANONYMOUS_BURST")
"""HTTP requests from an address without a token and without a session that signs in, and tokens that are refused."""

SETTLED_LIMITS = (SENDS, CHANGES, READS, SEARCHES, TYPING, CHANNEL_SENDS, CONNECTIONS, ANONYMOUS)
REQUESTS = RateLimitDeclaration("requests", "connection", "IM_REQUEST_RATE", "IM_REQUEST_BURST")
"""Requests of any kind on a connection. A client that goes on after as many refusals as the burst is disconnected."""


def reset_limits() -> None:
    """Give every key of each settled limit a full bucket in this process."""
    for limit in SETTLED_LIMITS:
        limit.reset()
