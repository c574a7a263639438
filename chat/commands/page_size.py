"""Limits the size of a page of a list, because a reply beyond the connection's outbox limit would disconnect it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from chat.selectors import page_bytes


def count_fitting(items: Sequence[dict[str, Any]]) -> int:
    """Return how many of the items fit into one reply; at least one."""
    size = 0
    for index, item in enumerate(items):
        size += len(orjson.dumps(item))
        if index and size > page_bytes():
            return index
    return len(items)
