"""The declaration of a rate limit: its bucket, and the options that set it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CountedBy = Literal["user", "connection", "address", "token", "channel", "webhook"]


@dataclass(frozen=True, slots=True)
class RateLimitDeclaration:
    """A rate limit. `counted_by` is what has a bucket of its own; an address is an IPv6 network or an IPv4 address.

    `rate` and `burst` name the options: uses per second, and at once. An hourly limit has only a rate.
    """

    name: str
    counted_by: CountedBy
    rate: str
    burst: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        return (self.rate, self.burst) if self.burst else (self.rate,)
