"""Stored avatars that no user row refers to, such as after a crash between storing a picture and saving its user."""

from __future__ import annotations

import time
from collections.abc import Iterable

from accounts import avatars
from accounts.models import User

MIN_AGE_SECONDS = 86_400
"""Age from which an unused picture counts as orphaned. A younger one may belong to an upload in progress."""
_BATCH_SIZE = 500


def avatars_orphaned() -> list[str]:
    """Return the URL paths of unused pictures that are at least a day old."""
    old = avatars.addresses_stored_before(time.time() - MIN_AGE_SECONDS)
    orphaned: list[str] = []
    for start in range(0, len(old), _BATCH_SIZE):
        batch = old[start : start + _BATCH_SIZE]
        owners = [owner for path in batch if (owner := avatars.owner_id(path.removeprefix(avatars.URL_PREFIX)))]
        used = set(User.objects.filter(pk__in=owners, avatar__in=batch).values_list("avatar", flat=True))
        orphaned += [path for path in batch if path not in used]
    return orphaned


def avatars_delete(paths: Iterable[str]) -> None:
    """Delete the pictures with these URL paths."""
    for path in paths:
        avatars.remove(path)
