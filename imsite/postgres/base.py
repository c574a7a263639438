"""Connections of the pool are looked at before their use, and where one is dead all that wait there are replaced.
Threads for what everybody waits for have a pool of their own.

psycopg's pool would ask the server each time, which costs a round trip; and it would try dead ones one after the other,
with growing pauses, which after a restart of the server takes longer than anybody waits.
"""

from __future__ import annotations

import select
import time
from typing import Any, ClassVar

from django.db.backends.postgresql import base
from psycopg import Connection, Error
from psycopg_pool import ConnectionPool

from delivery.db.executors import in_priority_thread

_PRIORITY = " priority"
"""Alias suffix of the pool for `delivery.db.executors.priority_executor`. In the common pool, slow requests or
requests that wait for a locked row would delay every commit and the hub."""
_PAUSE = 1.0
"""Seconds in which the pool is emptied once: those who took dead connections before must not close new ones."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, but for how a connection is taken from a pool, and from which. Each belongs to one thread."""

    _connection_pools: ClassVar[dict[str, ConnectionPool[Any]]]  # Django's own.
    _emptied: ClassVar[dict[str, float]] = {}
    """When the process last emptied each of its pools, on the monotonic clock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pool_alias = self.alias + _PRIORITY if in_priority_thread() else self.alias

    @property
    def pool(self) -> ConnectionPool[Any] | None:
        alias, self.alias = self.alias, self._pool_alias
        try:
            # Django keeps one for each alias.
            pool: ConnectionPool[Any] | None = super().pool
        finally:
            self.alias = alias
        return pool

    def close_pool(self) -> None:
        for alias in (self.alias, self.alias + _PRIORITY):
            if (pool := self._connection_pools.pop(alias, None)) is not None:
                pool.close()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """One that stands. Raises what Django's does: PoolTimeout where the server does not come back in time."""
        while True:
            connection = super().get_new_connection(conn_params)
            pool = self.pool
            if pool is None or _stands(connection):
                return connection
            pool.putconn(connection)
            now = time.monotonic()
            if now - self._emptied.get(self._pool_alias, 0.0) > _PAUSE:
                self._emptied[self._pool_alias] = now
                pool.drain()


def _stands(connection: Connection[Any]) -> bool:
    """Whether the server has not said goodbye. One that is silent is found out by the keepalives."""
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
        # What nobody has asked for: a goodbye most likely, or a notice.
        if poll.poll(0):
            ConnectionPool.check_connection(connection)
    except Error:
        return False
    return True
