"""Uploads that nobody's row names any more, such as after a crash between storing a picture and naming it."""

from __future__ import annotations

import time
from collections.abc import Iterable

from accounts import avatars
from accounts.models import User

SETTLED = 86400
"""Seconds after which an upload that is not named will not be."""


def avatars_orphaned() -> list[str]:
    """The addresses of pictures, a day old or more, that are nobody's."""
    old = avatars.stored_before(time.time() - SETTLED)
    unused: list[str] = []
    for start in range(0, len(old), 500):
        some = old[start : start + 500]
        owners = [owner for address in some if (owner := avatars.owner(address.removeprefix(avatars.PREFIX)))]
        named = set(User.objects.filter(pk__in=owners, avatar__in=some).values_list("avatar", flat=True))
        unused += [address for address in some if address not in named]
    return unused


def avatars_delete(addresses: Iterable[str]) -> None:
    """Delete these pictures."""
    for address in addresses:
        avatars.remove(address)
