"""Readiness of this node to serve clients."""

from __future__ import annotations

import time

from django.conf import settings
from django.db import DatabaseError

from chat.node.lifecycle import running_node
from delivery import log, metrics
from delivery.db import replica
from delivery.hub.hub import Hub

REDIS_TIMEOUT_SECONDS = 0.5
HUB_TIMEOUT_SECONDS = 2.0
"""Seconds in which the hub must reach the event log's head."""
_HUB_POLL_SECONDS = 0.02


def readiness() -> dict[str, bool | str]:
    """Return `ready` and the state of each part.

    Redis and the replica do not affect `ready`: a node works without them.
    """
    node = running_node()
    database = _log_head_or_error()
    hub = "stopped" if node is None else _hub_state(node.hub, database)
    accepting = node is not None and node.accepting
    return {
        "ready": isinstance(database, int) and hub == "ok" and accepting,
        "database": "ok" if isinstance(database, int) else database,
        "hub": hub,
        "accepting": accepting,
        "redis": _redis_state(),
        "replica": replica.health.state if replica.is_configured() else "not used",
    }


def _log_head_or_error() -> int | str:
    try:
        return log.head()
    except DatabaseError:
        return "unreachable"


def _hub_state(hub: Hub, head: int | str) -> str:
    if not hub.is_following:
        return "stopped"
    deadline = time.monotonic() + HUB_TIMEOUT_SECONDS
    while isinstance(head, int) and hub.watermark < head:
        if time.monotonic() > deadline:
            return "behind"
        time.sleep(_HUB_POLL_SECONDS)
    return "ok"


def _redis_state() -> str:
    if not settings.REDIS_URL:
        return "not used"
    from redis.exceptions import RedisError  # Only a cluster needs it.

    from delivery.redis.address import blocking_client
    from delivery.redis.faults import explain_fault

    try:
        with blocking_client(settings.REDIS_URL, timeout=REDIS_TIMEOUT_SECONDS) as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        return "misconfigured" if explain_fault(error) else "unreachable"
    # It may answer and take no writes, as a replica or with its memory used up.
    return "unusable" if metrics.is_redis_away() else "ok"
