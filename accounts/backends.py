"""What is asked before any password is looked at."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.errors import TooOften
from accounts.rate_limits import sign_in_rate_limit


class AddressThrottle:
    """Lets no other backend look once an address has tried as many passwords as it may.

    No BaseBackend: that would be asked who somebody is, and this one knows nobody.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        if request is None:
            return
        try:
            sign_in_rate_limit.take(request.META["REMOTE_ADDR"])
        except TooOften as refusal:
            # Answered as by the lock of one name: 429.
            request.axes_locked_out = True  # type: ignore[attr-defined]
            raise PermissionDenied from refusal
