"""Other sessions in PostgreSQL are in the way: they hold transactions and locks, and take all connections."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import psycopg

from tests.chaos.own_postgres import connect, own_postgres
from tests.chaos.reading import reader
from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.stage import Stage

HELD_SECONDS = 10.0
LOCKED_SECONDS = 8.0
FEW_CONNECTIONS = {"max_connections": "60", "superuser_reserved_connections": "3"}
SHORT_TIMEOUT_MS = 300


async def _hold_transaction(stage: Stage) -> None:
    """Keep an old snapshot, and a row of the event log that is not visible yet, while later transactions commit."""
    with await asyncio.to_thread(connect) as session, session.transaction():
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        session.execute("SELECT count(*) FROM delivery_event")
        session.execute("INSERT INTO delivery_eventrecipient (user_id, position) VALUES (0, 1)")
        await stage.last(HELD_SECONDS)
        raise psycopg.Rollback


async def _hold_lock(stage: Stage) -> None:
    """Lock the counter of the event log, which each commit of a message needs."""
    stage.concern_everybody()
    async with reader(stage) as member:
        with await asyncio.to_thread(connect) as session, session.transaction():
            session.execute("SELECT * FROM delivery_loghead FOR UPDATE")
            stage.add("longest read", await member.longest_read(LOCKED_SECONDS), "s", 1.0)


async def _take_connections(stage: Stage) -> None:
    """Open sessions until there are no more, and keep them."""
    sessions: list[psycopg.Connection[Any]] = []
    try:
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                sessions.append(await asyncio.to_thread(connect))
        stage.add("sessions taken", len(sessions))
        await stage.last(HELD_SECONDS)
    finally:
        for session in sessions:
            session.close()


async def _time_out(stage: Stage) -> None:
    """Let statements end after a short time, and hold the counter of the event log again and again for longer."""
    stage.concern_everybody()
    with await asyncio.to_thread(connect) as session:
        session.execute(f"ALTER ROLE imsite SET statement_timeout = {SHORT_TIMEOUT_MS}")
        try:
            _end_other_sessions(session)
            session.execute("SET statement_timeout = 0")
            for _ in range(4):
                with session.transaction():
                    session.execute("SELECT * FROM delivery_loghead FOR UPDATE")
                    await stage.last(4 * SHORT_TIMEOUT_MS / 1000)
                await stage.last(1)
        finally:
            session.execute("ALTER ROLE imsite RESET statement_timeout")
            _end_other_sessions(session)


def _end_other_sessions(session: psycopg.Connection[Any]) -> None:
    session.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )


SCENARIOS = [
    Scenario(
        "postgres-transaction-held", "a transaction stays open while later ones commit", _hold_transaction,
        Criteria(refusals=0), around=own_postgres(),
    ),
    Scenario(
        "postgres-locked", "another program locks the counter of the event log", _hold_lock, around=own_postgres()
    ),
    Scenario(
        "postgres-full", "other programs take all connections of PostgreSQL", _take_connections,
        Criteria(refusals=0), around=own_postgres(FEW_CONNECTIONS),
    ),
    Scenario("postgres-statement-timeout", "statements end after 0.3 s", _time_out, around=own_postgres()),
]  # fmt: skip
