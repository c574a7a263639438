"""Django's database settings: PostgreSQL with a connection pool, or SQLite."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, cast

import environ
from django.core.exceptions import ImproperlyConfigured

from delivery.db.replica import CHECK_TIMEOUT_SECONDS, REPLICA_ALIAS
from imsite.connection_urls import connection_url
from imsite.options import read
from imsite.postgres import password

# A server that has silently disappeared (host or network down) is detected in 15 to 25 seconds instead of hours.
# DATABASE_URL can override these by the same names.
_POSTGRES_NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15000,
}
_READ_COMMITTED = 2
"""psycopg's number of the isolation level."""
SERVER_TIMEOUTS = "-c idle_in_transaction_session_timeout=2000 -c lock_timeout=4000"
"""Options of each connection to PostgreSQL."""
_POOL_TIMEOUT_SECONDS = 5
"""Seconds to wait for a connection while the database is down."""
_REPLICA_CONNECT_TIMEOUT_SECONDS = 2
_POSTGRES_ENGINE = "imsite.postgres"


def databases(data_dir: Path) -> dict[str, dict[str, Any]]:
    """Return the settings of all databases: that of the site, and its replica if DATABASE_REPLICA_URL is set."""
    configs = {"default": database(data_dir)}
    if url := connection_url("DATABASE_REPLICA_URL"):
        if configs["default"]["ENGINE"] != _POSTGRES_ENGINE:
            raise ImproperlyConfigured("DATABASE_REPLICA_URL needs PostgreSQL in DATABASE_URL.")
        configs[REPLICA_ALIAS] = _replica(url)
    return configs


def database(data_dir: Path) -> dict[str, Any]:
    """Return the settings: PostgreSQL from DATABASE_URL, otherwise SQLite in `data_dir`."""
    if url := connection_url("DATABASE_URL"):
        config: dict[str, Any] = dict(environ.Env.db_url_config(url))
        return _postgres(config, "DATABASE_URL") if "postgresql" in config["ENGINE"] else config
    data_dir.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "imsite.sqlite",
        "NAME": data_dir / "imsite.sqlite3",
        # Reopening the file costs four to six times as much as a query.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def _postgres(config: dict[str, Any], variable: str) -> dict[str, Any]:
    """Return the settings of PostgreSQL with what the site needs of each connection."""
    # This backend replaces connections that a restart of the server has broken.
    config["ENGINE"] = _POSTGRES_ENGINE
    # The pool keeps connections open, so Django must not.
    config["CONN_MAX_AGE"] = 0
    _check_password(config, variable)
    url_options = config.get("OPTIONS", {})
    # In transaction mode, the statements after a commit run in another session.
    is_pooled = bool(read("IM_PGBOUNCER"))
    config["DISABLE_SERVER_SIDE_CURSORS"] = is_pooled
    config["OPTIONS"] = {
        **_POSTGRES_NETWORK,
        **url_options,
        # Required: a read under a lock must see what was committed while the lock was awaited.
        "isolation_level": _READ_COMMITTED,
        # The pool stops connecting when the waiting thread gives up, and starts over with the next one.
        # Otherwise its growing pauses would delay the recovery by minutes.
        "pool": {
            "min_size": 1,
            "max_size": int(cast(int, read("IM_DB_THREADS"))) + 15,
            "timeout": _POOL_TIMEOUT_SECONDS,
            "reconnect_timeout": _POOL_TIMEOUT_SECONDS,
            # The pool asks it for each connection that it opens.
            **({"conninfo": partial(password.connection_info, config["HOST"])} if password.is_issued() else {}),
        },
        # A frozen node must not keep the event log's counter locked: the server ends idle transactions and
        # lock waits. Options from DATABASE_URL, such as a search_path, are kept. PgBouncer refuses options, so
        # there the role has the time-outs (`imsite.database_checks`).
        "options": f"{url_options.get('options', '')} {'' if is_pooled else SERVER_TIMEOUTS}".strip(),
    }
    return config


def _replica(url: str) -> dict[str, Any]:
    """Return the settings of the replica. A request does not wait for it: the primary answers instead."""
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    if "postgresql" not in config["ENGINE"]:
        raise ImproperlyConfigured("DATABASE_REPLICA_URL must begin with postgres://.")
    # SQLite's sites have no psycopg.
    from imsite.postgres.replica_connection import ReplicaConnection

    config = _postgres(config, "DATABASE_REPLICA_URL")
    config["OPTIONS"]["connect_timeout"] = _REPLICA_CONNECT_TIMEOUT_SECONDS
    config["OPTIONS"]["pool"] |= {
        "connection_class": ReplicaConnection,
        "timeout": CHECK_TIMEOUT_SECONDS,
        "reconnect_timeout": CHECK_TIMEOUT_SECONDS,
    }
    return config


def _check_password(config: dict[str, Any], variable: str) -> None:
    """Raise ImproperlyConfigured if the password is given twice, or its command is none."""
    given = [name for name in ("IM_DATABASE_PASSWORD_FILE", "IM_DATABASE_PASSWORD_COMMAND") if read(name)]
    if config["PASSWORD"]:
        given.append(f"the password in {variable}")
    if len(given) > 1 and password.is_issued():
        raise ImproperlyConfigured(f"{' and '.join(given)} are both set. Remove one of them.")
    if read("IM_DATABASE_PASSWORD_COMMAND"):
        password.issuing_command()
