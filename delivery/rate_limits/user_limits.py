"""Rate limits of each user over all their connections to this node. Use them on the event loop only."""

from __future__ import annotations

from collections import OrderedDict

from django.conf import settings

from delivery.rate_limits.token_bucket import TokenBucket

MAX_USERS = 10_000
"""Users who have gone and whose limits are kept. Above it the oldest entry is dropped, so that user has full buckets
again."""


class UserRateLimits:
    """Token buckets of one user, shared by the user's connections to a node."""

    __slots__ = ("_changes", "_searches", "_sends", "_typing")

    def __init__(self) -> None:
        self._sends: TokenBucket | None = None
        self._changes: TokenBucket | None = None
        self._searches: TokenBucket | None = None
        self._typing: TokenBucket | None = None

    @property
    def are_used(self) -> bool:
        """Return whether a bucket exists. Those of a user who is only online do not."""
        return not (self._sends is self._changes is self._searches is self._typing is None)

    @property
    def sends(self) -> TokenBucket:
        """Limits messages."""
        if self._sends is None:
            self._sends = TokenBucket(settings.IM_SEND_RATE, settings.IM_SEND_BURST)
        return self._sends

    @property
    def changes(self) -> TokenBucket:
        """Limits other requests that are stored and announced: edits, pins, joins, …"""
        if self._changes is None:
            self._changes = TokenBucket(settings.IM_SEND_RATE, settings.IM_SEND_BURST)
        return self._changes

    @property
    def searches(self) -> TokenBucket:
        if self._searches is None:
            self._searches = TokenBucket(settings.IM_SEARCH_RATE, settings.IM_SEARCH_BURST)
        return self._searches

    @property
    def typing(self) -> TokenBucket:
        """Limits notices that the user is typing."""
        if self._typing is None:
            self._typing = TokenBucket(settings.IM_TYPING_RATE, settings.IM_TYPING_BURST)
        return self._typing


class UserRateLimitRegistry:
    """Rate limits, by user id, of users who have gone. So reconnecting does not refill the buckets."""

    def __init__(self) -> None:
        self._by_user: OrderedDict[int, UserRateLimits] = OrderedDict()

    def take(self, user_id: int) -> UserRateLimits:
        """Return the limits of a user who has come, with full buckets for one without an entry. Remove the entry."""
        return self._by_user.pop(user_id, None) or UserRateLimits()

    def keep(self, user_id: int, limits: UserRateLimits) -> None:
        """Keep the limits of a user who has gone."""
        if limits.are_used:
            self._by_user[user_id] = limits
            if len(self._by_user) > MAX_USERS:
                self._by_user.popitem(last=False)
