"""How much of a list one reply holds: what may wait for a connection bounds it, and past that the connection ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from chat.selectors import page_bytes


def count_fitting(items: Sequence[dict[str, Any]]) -> int:
    """How many of the items make a reply that a connection's outbox holds; at least one."""
    size = 0
    for index, item in enumerate(items):
        size += len(orjson.dumps(item))
        if index and size > page_bytes():
            return index
    return len(items)
