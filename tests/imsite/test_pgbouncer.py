"""The commands of an operator run through PgBouncer in transaction mode, and frozen transactions end there too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support import machine, postgres
from tests.support.pgbouncer import PgBouncer
from tests.support.site import Site

pytestmark = pytest.mark.postgres
_TIMEOUTS = {"lock_timeout": "4s", "idle_in_transaction_session_timeout": "2s"}
"""Those of the guide. With less, a command would fail on a busy machine."""
_POOL_SIZE = 2


@pytest.fixture
def pooler(tmp_path: Path) -> Iterator[PgBouncer]:
    """PgBouncer before an empty database with the time-outs. Those of the role would concern other tests."""
    if "PgBouncer" in machine.missing():
        pytest.skip("PgBouncer is missing on this machine")
    name = f"pooled_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with postgres.database(name) as url:
        with psycopg.connect(url, autocommit=True) as operator:
            for option, value in _TIMEOUTS.items():
                operator.execute(f"ALTER DATABASE {name} SET {option} = '{value}'")
        with PgBouncer(tmp_path / "pgbouncer", url, pool_size=_POOL_SIZE) as running:
            yield running


def test_setup_and_export_run_through_a_pooler(pooler: PgBouncer, tmp_path: Path) -> None:
    site = Site(tmp_path / "site", database_url=pooler.url, options={"IM_PGBOUNCER": "True"})
    site.data.mkdir()
    site.manage("setup")

    site.manage("export", str(tmp_path / "exported"))

    assert list((tmp_path / "exported").iterdir())


def test_the_transaction_of_a_frozen_node_ends_behind_a_pooler(pooler: PgBouncer) -> None:
    with psycopg.connect(pooler.url) as frozen, psycopg.connect(pooler.url, autocommit=True) as other:
        other.execute("CREATE TABLE counter AS SELECT 1 AS position")
        frozen.execute("UPDATE counter SET position = 2")
        # It waits for the lock, which nobody gives back.
        other.execute("UPDATE counter SET position = position + 10")
        assert other.execute("SELECT position FROM counter").fetchone() == (11,)
        # PgBouncer passes on the server's error and adds its own, of which psycopg makes an error of another class.
        with pytest.raises(psycopg.DatabaseError):
            frozen.commit()
        assert other.execute("SELECT position FROM counter").fetchone() == (11,)
