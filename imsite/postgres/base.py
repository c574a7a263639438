"""Connections of the pool are looked at before their use, and where one is dead all that wait there are replaced.

psycopg's pool would ask the server each time, which costs a round trip; and it would try dead ones one after the other,
with growing pauses, which after a restart of the server takes longer than anybody waits.
"""

from __future__ import annotations

import select
import time
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, Error
from psycopg_pool import ConnectionPool

_PAUSE = 1.0
"""Seconds in which the pool is emptied once: those who took dead connections before must not close new ones."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, but for how a connection is taken from the pool."""

    _emptied = 0.0
    """When the process last emptied its pool, on the monotonic clock."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """One that stands. Raises what Django's does: PoolTimeout where the server does not come back in time."""
        while True:
            connection = super().get_new_connection(conn_params)
            pool: ConnectionPool[Any] | None = self.pool
            if pool is None or _stands(connection):
                return connection
            pool.putconn(connection)
            now = time.monotonic()
            if now - DatabaseWrapper._emptied > _PAUSE:
                DatabaseWrapper._emptied = now
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
