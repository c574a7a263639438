"""Counts the codes that are tried for a user, and mails the user when there are too many."""

from __future__ import annotations

from accounts.errors import RateLimited
from accounts.models import User
from accounts.rate_limits import second_factor_rate_limit
from accounts.second_factor import notices
from delivery.rate_limits.limiter import RateLimiter

_SECONDS_PER_DAY = 86_400

notice_rate_limiter = RateLimiter("second-factor-notices", max_keys=10_000, shared_timeout_seconds=2.0)
"""Allows one mail a day to each user, however many codes are tried."""


def count_code(user: User) -> None:
    """Count a code that the user tries. Raises RateLimited at the limit, about which the user gets a mail."""
    try:
        second_factor_rate_limit.take(str(user.pk))
    except RateLimited:
        if notice_rate_limiter.draw(str(user.pk), rate=1 / _SECONDS_PER_DAY, burst=1).missing <= 0:
            notices.notify(user, notices.CODES_LIMITED)
        raise
