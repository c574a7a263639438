"""Authentication backend that limits password attempts per client address."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.errors import RateLimited
from accounts.rate_limits import sign_in_rate_limit


class SignInRateLimitBackend:
    """Refuses every password once an address has exceeded IM_SIGN_IN_RATE. It never authenticates a user.

    It does not subclass BaseBackend, because Django would then ask it to load users.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        if request is None:
            return
        try:
            sign_in_rate_limit.take(request.META["REMOTE_ADDR"])
        except RateLimited as refusal:
            # Responds 429, like the lock of a single name.
            request.axes_locked_out = True  # type: ignore[attr-defined]
            raise PermissionDenied from refusal
