"""How often one address may do what costs others something: make accounts, cause mail.

Counted for the whole site where it has a Redis; without one, or while it is away, each node counts by itself. Nowhere
it can be read who was counted.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.errors import TooOften
from delivery import publish

_HOUR = 3600.0
_REMEMBERED = 50_000
_PATIENCE = 2.0
"""Seconds for the count that all nodes share."""
_NETWORK_BITS = 64
"""One household or host has so much of the IPv6 addresses; counting single ones would count nothing."""


class Throttle:
    """At most as many an hour from one address as the option says, all at once or spread; 0 is no limit."""

    def __init__(self, option: str) -> None:
        self._option = option
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Address to how much is spent, and when that was so; it comes back evenly over the hour."""
        self._lock = threading.Lock()

    def take(self, address: str) -> None:
        """Count one; TooOften if the address has had its fill, which counts for nothing."""
        limit = float(getattr(settings, self._option))
        if not limit:
            return
        key = salted_hmac(f"accounts.rate_limits {self._option}", network(address)).hexdigest()
        drawn = publish.draw(f"accounts:{key}", rate=limit / _HOUR, burst=int(limit), patience=_PATIENCE)
        missing = self._own(key, limit) if drawn is None else drawn.missing
        if missing > 0:
            raise TooOften(round(missing * _HOUR / limit) + 1)

    def _own(self, key: str, limit: float) -> float:
        """Count one on this node, if nothing is missing for that."""
        now = time.monotonic()
        with self._lock:
            spent, at = self._spent.pop(key, (0.0, now))
            spent = max(0.0, spent - (now - at) * limit / _HOUR)
            missing = max(0.0, spent + 1 - limit)
            self._spent[key] = (spent if missing else spent + 1, now)
            if len(self._spent) > _REMEMBERED:
                self._spent.popitem(last=False)
        return missing

    def forget(self) -> None:
        """Begin anew on this node."""
        self._spent.clear()


registration_rate_limit = Throttle("IM_REGISTRATION_RATE")
"""New accounts and guests."""
signing_in = Throttle("IM_SIGN_IN_RATE")
"""Passwords that are tried, whosever they are: the lock of one name does not stop who tries one of each."""
mailing = Throttle("IM_MAIL_RATE")
"""Mails that somebody makes the site send."""

leaving = Throttle("IM_OAUTH_RATE")
"""Sign-ins by an account elsewhere that are begun: each is kept for a while."""
exporting = Throttle("IM_EXPORT_RATE")
"""Exports of one person's data."""
changing = Throttle("IM_PROFILE_RATE")
"""Changes of one person's profile: each is told to everybody who sees them."""


def network(address: str) -> str:
    """What is counted together: an IPv4 address, or the network of an IPv6 one."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(int(known) >> (128 - _NETWORK_BITS))
    return str(known)
