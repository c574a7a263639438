"""Stores up to which position the client of each token has received every message. `accounts.selectors` reads it."""

from __future__ import annotations

from collections.abc import Mapping

from knox.models import AuthToken

from accounts.models import ReceivedPosition
from delivery.db.transactions import write

_BATCH_SIZE = 500
"""Tokens written in one transaction."""


def received_positions_store(positions: Mapping[str, int]) -> None:
    """Store positions by the digest of their token. Tokens that have been deleted are left out."""
    # A fixed order: two nodes that write the same rows must not deadlock.
    digests = sorted(positions)
    for start in range(0, len(digests), _BATCH_SIZE):
        with write():
            kept = AuthToken.objects.filter(digest__in=digests[start : start + _BATCH_SIZE]).order_by("digest")
            ReceivedPosition.objects.bulk_create(
                [
                    ReceivedPosition(token_id=digest, position=positions[digest])
                    for digest in kept.values_list("digest", flat=True)
                ],
                update_conflicts=True,
                unique_fields=["token"],
                update_fields=["position"],
            )
