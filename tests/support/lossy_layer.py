"""A channel layer that loses, delays and repeats messages of a real one. Nodes get it by `lossy_settings`."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from django.utils.module_loading import import_string

LOST, REPEATED, DELAYED = 10, 7, 5
"""One of this many messages is lost, repeated or delayed."""
DELAY_SECONDS = 0.2
"""Seconds."""


class LossyLayer:
    """Wraps the layer with the class `stock` and its settings."""

    def __init__(self, stock: str, **config: Any) -> None:
        self._stock = import_string(stock)(**config)
        self._pushes = itertools.count(1)
        self._late: set[asyncio.Task[None]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stock, name)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        number = next(self._pushes)
        if number % LOST == 0:
            return
        if number % REPEATED == 0:
            await self._stock.group_send(group, message)
        if number % DELAYED == 0:
            late = asyncio.create_task(self._send_late(group, message))
            self._late.add(late)
            late.add_done_callback(self._late.discard)
            return
        await self._stock.group_send(group, message)

    async def _send_late(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(DELAY_SECONDS)
        await self._stock.group_send(group, message)
