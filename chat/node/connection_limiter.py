"""Limits how many WebSocket connections this process accepts, in total and per client address."""

from __future__ import annotations

from collections import Counter

from django.conf import settings

from accounts.rate_limits import counted_address
from delivery.refusal_log import log_refusal


class ConnectionLimiter:
    """Counts connections in total and per client address; IPv6 addresses are counted per network."""

    def __init__(self) -> None:
        self.total = 0
        self._by_address: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count one more connection. Return False, and count nothing, if the process or address is at its limit."""
        if self.total >= settings.IM_MAX_CONNECTIONS:
            log_refusal("connection_refused", allowed=str(settings.IM_MAX_CONNECTIONS), setting="IM_MAX_CONNECTIONS")
            return False
        counted, limit = counted_address(address), settings.IM_MAX_CONNECTIONS_PER_ADDRESS
        if self._by_address[counted] >= limit:
            setting = "IM_MAX_CONNECTIONS_PER_ADDRESS"
            log_refusal("connection_refused", received=address, allowed=str(limit), setting=setting)
            return False
        self.total += 1
        self._by_address[counted] += 1
        return True

    def has_room(self, address: str) -> bool:
        """Return whether `enter` would count one more connection."""
        if self.total >= settings.IM_MAX_CONNECTIONS:
            return False
        limit: int = settings.IM_MAX_CONNECTIONS_PER_ADDRESS
        return self._by_address[counted_address(address)] < limit

    def leave(self, address: str) -> None:
        address = counted_address(address)
        self.total -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
