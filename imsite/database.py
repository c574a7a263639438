"""The database that the site runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import environ

from imsite.options import read

# A server that has gone without a word (its machine, the network) is noticed in 15 to 25 seconds, not in minutes or
# hours. DATABASE_URL may say otherwise, by the same names.
_POSTGRES_NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15000,
}
_READ_COMMITTED = 2
"""As psycopg numbers the levels of isolation."""
_GUARDS = "-c idle_in_transaction_session_timeout=2000 -c lock_timeout=4000"
_POOL_PATIENCE = 5
"""Seconds after which what needs the database is refused while it is away."""


def database(data_dir: Path) -> dict[str, Any]:
    """Django's settings of it: PostgreSQL with a pool where DATABASE_URL says so, else SQLite in that directory."""
    if url := str(read("DATABASE_URL")):
        found: dict[str, Any] = dict(environ.Env.db_url_config(url))
        if "postgresql" in found["ENGINE"]:
            # Those that a restart of the server has broken fail no request.
            found["ENGINE"] = "imsite.postgres"
            # The pool keeps connections open, so Django must not.
            found["CONN_MAX_AGE"] = 0
            asked = found.get("OPTIONS", {})
            found["OPTIONS"] = {
                **_POSTGRES_NETWORK,
                **asked,
                # Whatever DATABASE_URL or the server's default says: what is read under a lock must see what was
                # committed while that was waited for.
                "isolation_level": _READ_COMMITTED,
                # The pool gives up connecting as soon as whoever waited has, and begins anew with the next who asks.
                # Else it would try ever more seldom, and miss for minutes that the server is back.
                "pool": {
                    "min_size": 1,
                    "max_size": int(cast(int, read("IM_DB_THREADS"))) + 8,
                    "timeout": _POOL_PATIENCE,
                    "reconnect_timeout": _POOL_PATIENCE,
                },
                # A frozen node must not hold the log's counter: the server ends a transaction that sits idle, and a
                # wait for a lock, on its own. What DATABASE_URL asks for besides, such as a search_path, holds too.
                "options": f"{asked.get('options', '')} {_GUARDS}".strip(),
            }
        return found
    data_dir.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": data_dir / "imsite.sqlite3",
        # Reopening costs four to six times the query.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
