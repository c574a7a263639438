"""How much somebody may do: a bucket that fills at a steady rate. Rates are per second."""

from __future__ import annotations

import time
from collections import OrderedDict

from django.conf import settings

PERSONS = 10_000
"""Persons that are remembered; who came longest ago is forgotten, which at worst fills their buckets."""


class TokenBucket:
    """`burst` at once, `rate` a second for long."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = self._left = burst
        self._at = time.monotonic()

    def take(self) -> bool:
        """Take one if there is one. What is refused is a debt, down to an empty second bucket: see `overdrawn`."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        allowed = self._left >= 1
        self._left = max(self._left - 1, -self._burst)
        return allowed

    def wait(self) -> float:
        """Seconds until one may be taken again."""
        return max(0.0, (1 - self._left) / self._rate)

    @property
    def overdrawn(self) -> bool:
        """Whether as much again has been refused as may be done at once: this is no oversight, it is a flood."""
        return self._left <= -self._burst


class RateLimits:
    """What one person may do, on all their connections to a node."""

    __slots__ = ("changes", "searches", "sends")

    def __init__(self) -> None:
        self.sends = TokenBucket(settings.IM_SEND_RATE, settings.IM_SEND_BURST)
        """Messages."""
        self.changes = TokenBucket(settings.IM_SEND_RATE, settings.IM_SEND_BURST)
        """All else that is stored and told to others: edits, pins, comings and goings, …"""
        self.searches = TokenBucket(settings.IM_SEARCH_RATE, settings.IM_SEARCH_BURST)


class RateLimitRegistry:
    """The measures of each person, who keeps them over a reconnect: leaving must not be the way to a fresh bucket."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, RateLimits] = OrderedDict()

    def __call__(self, person: int) -> RateLimits:
        measures = self._known.setdefault(person, RateLimits())
        self._known.move_to_end(person)
        if len(self._known) > PERSONS:
            self._known.popitem(last=False)
        return measures
