"""Rate limits by client address or user: registration, sign-in, mail, profile changes, …

They limit actions that cost resources or disturb others. Keys are stored as keyed hashes, so the stores do not reveal
which address or user was counted.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.errors import RateLimited
from delivery.rate_limits.base import TokenBucketResult
from delivery.rate_limits.declared import ANONYMOUS
from delivery.rate_limits.limit import CountedBy, RateLimitDeclaration
from delivery.rate_limits.limiter import RateLimiter
from delivery.refusal_log import log_refusal

_SECONDS_PER_HOUR = 3600.0
_MAX_KEYS = 50_000
_SHARED_TIMEOUT_SECONDS = 2.0
_IPV6_NETWORK_BITS = 64
"""A household or host has a whole network of IPv6 addresses; counting single addresses would limit nothing."""


class HourlyRateLimit:
    """Allows each key as many uses per hour as the setting says, at once or spread over the hour; 0 is no limit."""

    def __init__(self, setting: str, *, counted_by: CountedBy = "address") -> None:
        name = setting.removeprefix("IM_").removesuffix("_RATE").replace("_", "-").lower()
        self.declared = RateLimitDeclaration(name, counted_by, setting)
        self._setting = setting
        self._limiter = RateLimiter("accounts", max_keys=_MAX_KEYS, shared_timeout_seconds=_SHARED_TIMEOUT_SECONDS)

    def take(self, key: str) -> None:
        """Count one use by the key, such as a client address.

        Raises RateLimited at the limit, without counting the use.
        """
        if limit := self._limit():
            result = self._limiter.draw(self._hashed(key), rate=limit / _SECONDS_PER_HOUR, burst=limit)
            self._require_taken(result, limit)

    async def take_async(self, key: str) -> None:
        """Do what `take` does, on the event loop without blocking it."""
        if limit := self._limit():
            result = await self._limiter.draw_async(self._hashed(key), rate=limit / _SECONDS_PER_HOUR, burst=limit)
            self._require_taken(result, limit)

    def _limit(self) -> int:
        limit: int = getattr(settings, self._setting)
        return limit

    def _hashed(self, key: str) -> str:
        # The salt is part of the keys in Redis.
        return salted_hmac(f"accounts.rate_limits {self._setting}", counted_address(key)).hexdigest()

    def _require_taken(self, result: TokenBucketResult, limit: int) -> None:
        if result.missing > 0:
            # Behind a proxy that is not in IM_TRUSTED_PROXIES, all clients share one address and one limit.
            log_refusal("rate_limit_exceeded", allowed=f"{limit} per hour", setting=self._setting)
            raise RateLimited(round(result.missing * _SECONDS_PER_HOUR / limit) + 1)

    def local_keys(self) -> list[str]:
        """Return the hashed keys in this process's own buckets, which count while no shared store is reachable."""
        return self._limiter.local_keys()

    def reset(self) -> None:
        """Empty this process's own buckets."""
        self._limiter.reset()


registration_rate_limit = HourlyRateLimit("IM_REGISTRATION_RATE")
"""New accounts and guests, by address."""
sign_in_rate_limit = HourlyRateLimit("IM_SIGN_IN_RATE")
"""Password attempts, by address: the lockout of one user name does not stop an attempt at every name."""
second_factor_rate_limit = HourlyRateLimit("IM_SECOND_FACTOR_RATE", counted_by="user")
"""Codes that a user tries, and new passkeys and recovery codes, which send a mail each, by user."""
mail_rate_limit = HourlyRateLimit("IM_MAIL_RATE")
"""Mails that the site sends on request, by address and by recipient."""
oauth_rate_limit = HourlyRateLimit("IM_OAUTH_RATE")
"""Sign-ins with another site's account that are started, by address: each start stores state for a while."""
export_rate_limit = HourlyRateLimit("IM_EXPORT_RATE", counted_by="user")
"""Exports of a user's data, by user."""
profile_rate_limit = HourlyRateLimit("IM_PROFILE_RATE", counted_by="user")
"""Changes of a user's profile, by user: each change is pushed to everyone who sees the profile."""

invite_rate_limit = HourlyRateLimit("IM_INVITE_RATE", counted_by="user")
"""Tokens of invite links that a user tries, right or wrong."""

HOURLY_LIMITS = (
    registration_rate_limit, sign_in_rate_limit, second_factor_rate_limit, mail_rate_limit, oauth_rate_limit,
    export_rate_limit, profile_rate_limit, invite_rate_limit,
)  # fmt: skip


def count_anonymous(address: str) -> float:
    """Count a request without a valid token; return 0.0, or the seconds until the address may make one again."""
    return ANONYMOUS.take(counted_address(address))


def anonymous_retry_after(address: str) -> float:
    """Return the seconds until the address may make a request without a valid token; 0.0 if it may now."""
    return ANONYMOUS.retry_after(counted_address(address))


@lru_cache(maxsize=4096)
def counted_address(address: str) -> str:
    """Return the key under which an address is counted.

    It is an IPv4 address, the network of an IPv6 address, or any other text as it is.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(int(parsed) >> (128 - _IPV6_NETWORK_BITS))
    return str(parsed)
