"""Connections to a replica, whose queries end when it does not answer."""

from __future__ import annotations

import time
from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.waiting import Ready

from delivery.db import replica

RV = TypeVar("RV")


class ReplicaConnection(Connection[Any]):
    """psycopg's connection with a time limit for each answer.

    No option of the server or of TCP ends a query while the server's processes are frozen: its host still acknowledges
    the packets.
    """

    def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:
        """Do what psycopg does. Close the connection and raise OperationalError if there is no answer in time."""
        try:
            return super().wait(_limited(gen), *args, **kwargs)
        except _NoAnswer:
            self.close()
            raise


class _NoAnswer(OperationalError):
    """The time is up, or another thread got no answer either."""


def _limited(gen: PQGen[RV]) -> PQGen[RV]:
    """Pass the generator on. psycopg resumes it every tenth of a second without an answer."""
    deadline, silences = time.monotonic() + replica.query_timeout(), replica.health.silences
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready == Ready.NONE and (replica.health.silences != silences or time.monotonic() > deadline):
                raise _NoAnswer("the replica does not answer")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
