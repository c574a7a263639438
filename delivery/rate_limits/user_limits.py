"""Rate limits of each user over all their connections to this node. Use them on the event loop only."""

from __future__ import annotations

from collections import OrderedDict

from django.conf import settings

from delivery.rate_limits.token_bucket import TokenBucket

MAX_USERS = 10_000
"""Users whose limits are kept. Above it the oldest entry is dropped, so that user has full buckets again."""


class UserRateLimits:
    """Token buckets of one user, shared by the user's connections to a node."""

    __slots__ = ("changes", "searches", "sends")

    def __init__(self) -> None:
        self.sends = TokenBucket(settings.IM_SEND_RATE, settings.IM_SEND_BURST)
        """Limits messages."""
        self.changes = TokenBucket(settings.IM_SEND_RATE, settings.IM_SEND_BURST)
        """Limits other requests that are stored and announced: edits, pins, joins, …"""
        self.searches = TokenBucket(settings.IM_SEARCH_RATE, settings.IM_SEARCH_BURST)


class UserRateLimitRegistry:
    """Rate limits by user id. They survive a reconnect, so that reconnecting does not refill the buckets."""

    def __init__(self) -> None:
        self._by_user: OrderedDict[int, UserRateLimits] = OrderedDict()

    def get(self, user_id: int) -> UserRateLimits:
        """Return the user's limits, with full buckets for a user without an entry."""
        if (limits := self._by_user.pop(user_id, None)) is None:
            limits = UserRateLimits()
        self._by_user[user_id] = limits
        if len(self._by_user) > MAX_USERS:
            self._by_user.popitem(last=False)
        return limits
