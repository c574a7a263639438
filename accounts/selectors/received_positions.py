"""Reads up to which position the clients of tokens have received every message."""

from __future__ import annotations

from collections.abc import Collection

from accounts.models import ReceivedPosition
from delivery.db.bulk import execute_batch
from delivery.db.prepared import PreparedQuery

_POSITIONS: PreparedQuery[ReceivedPosition] = PreparedQuery(
    lambda digests: ReceivedPosition.objects.filter(token__in=digests).values_list("token", "position")
)


def received_positions(digests: Collection[str]) -> dict[str, int]:
    """Return the positions of the tokens with these digests. Tokens whose clients have proved none are left out."""
    if not digests:
        return {}
    (rows,) = execute_batch([_POSITIONS.statement(digests)])
    return dict(rows)
