"""Connections of the channel layer to the master, which can be made anew: the layer itself would wait for ever for one
that has stopped to answer without closing its connections.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

from redis.asyncio.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection

_connections: WeakSet[LayerConnection] = WeakSet()


class LayerConnection(SentinelManagedConnection):
    """A connection that `reconnect_layer` closes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        _connections.add(self)

    async def abort(self) -> None:
        """Close at once. With TLS, `disconnect` would wait half a minute for the other side."""
        if self._writer is not None:
            self._writer.transport.abort()
        await self.disconnect(nowait=True)


class LayerSSLConnection(LayerConnection, SentinelManagedSSLConnection):
    """The same, with TLS."""


async def reconnect_layer() -> None:
    """Close all connections. The next use opens each again, to the present master and with its subscriptions."""
    for connection in list(_connections):
        await connection.abort()
