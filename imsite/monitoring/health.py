"""Whether this node can serve people."""

from __future__ import annotations

import time

import redis
from django.conf import settings
from django.db import DatabaseError

from chat.node.lifecycle import running_node
from delivery import log
from delivery.hub.hub import Hub

REDIS_PATIENCE = 0.5
HUB_PATIENCE = 2.0
"""Seconds in which the hub must have passed what was in the log when it was asked."""


def readiness() -> dict[str, bool | str]:
    """`ready`, and the state of each part. Redis is told but not asked for: without it a node goes on by itself."""
    node = running_node()
    database = _database()
    hub = "stopped" if node is None else _hub(node.hub, database)
    accepting = node is not None and node.accepting
    return {
        "ready": isinstance(database, int) and hub == "ok" and accepting,
        "database": "ok" if isinstance(database, int) else database,
        "hub": hub,
        "accepting": accepting,
        "redis": _redis(),
    }


def _database() -> int | str:
    """The log's head, or what is wrong."""
    try:
        return log.head()
    except DatabaseError:
        return "unreachable"


def _hub(hub: Hub, head: int | str) -> str:
    if not hub.is_following:
        return "stopped"
    deadline = time.monotonic() + HUB_PATIENCE
    while isinstance(head, int) and hub.watermark < head:
        if time.monotonic() > deadline:
            return "behind"
        time.sleep(0.02)
    return "ok"


def _redis() -> str:
    if not settings.REDIS_URL:
        return "not used"
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=REDIS_PATIENCE, socket_timeout=REDIS_PATIENCE
        ) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError):
        return "unreachable"
    return "ok"
