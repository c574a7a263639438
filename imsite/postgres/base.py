"""PostgreSQL backend that checks pooled connections before use and gives priority work a pool of its own.

If one connection is dead, the whole pool is drained. psycopg's own check costs a round trip for each use, and tries
dead connections one after the other with growing pauses, which takes too long after a restart of the server.
"""

from __future__ import annotations

import select
import time
from typing import Any, ClassVar

from django.db.backends.postgresql import base
from psycopg import Connection, Error
from psycopg_pool import ConnectionPool

from delivery.db.executors import in_priority_thread
from imsite.postgres import password
from imsite.postgres.schema import DatabaseSchemaEditor

_PRIORITY_SUFFIX = " priority"
"""Alias suffix of the pool for `delivery.db.executors.priority_executor`.

In the common pool, slow requests or requests that wait for a locked row would delay every commit and the hub.
"""
_DRAIN_INTERVAL_SECONDS = 1.0
"""Seconds between two drains of a pool. Threads that still hold dead connections must not close the new ones."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper, which belongs to one thread, with a choice of the pool and a check of each connection."""

    SchemaEditorClass = DatabaseSchemaEditor
    _connection_pools: ClassVar[dict[str, ConnectionPool[Any]]]  # Django's own.
    _drained_at: ClassVar[dict[str, float]] = {}
    """Pool alias to the monotonic time at which this process last drained it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pool_alias = self.alias + _PRIORITY_SUFFIX if in_priority_thread() else self.alias

    @property
    def pool(self) -> ConnectionPool[Any] | None:
        alias, self.alias = self.alias, self._pool_alias
        try:
            # Django keeps one pool for each alias.
            pool: ConnectionPool[Any] | None = super().pool
        finally:
            self.alias = alias
        return pool

    def close_pool(self) -> None:
        for alias in (self.alias, self.alias + _PRIORITY_SUFFIX):
            if (pool := self._connection_pools.pop(alias, None)) is not None:
                pool.close()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a pooled connection that the server has not closed. Raise PoolTimeout if the server stays away."""
        if self.pool is None and password.is_issued():
            conn_params = conn_params | {"password": password.issued_password(self.settings_dict["HOST"])}
        while True:
            connection = super().get_new_connection(conn_params)
            pool = self.pool
            if pool is None or _is_alive(connection):
                return connection
            pool.putconn(connection)
            now = time.monotonic()
            if now - self._drained_at.get(self._pool_alias, 0.0) > _DRAIN_INTERVAL_SECONDS:
                self._drained_at[self._pool_alias] = now
                pool.drain()


def _is_alive(connection: Connection[Any]) -> bool:
    """Return whether the server has not closed the connection. TCP keepalives detect a silent server."""
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
        # Unexpected data is a close message or a notice.
        if poll.poll(0):
            ConnectionPool.check_connection(connection)
    except Error:
        return False
    return True
