"""The checks tell whether the database fits this version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import Settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from imsite.database import SERVER_TIMEOUTS
from imsite.database_checks import pending_migration_count, require_database, require_migrated
from tests.support import machine, postgres
from tests.support.commands import ROOT
from tests.support.pgbouncer import ROLE_TIMEOUTS, PgBouncer

pytestmark = pytest.mark.django_db


def test_a_current_database_has_no_waiting_migrations() -> None:
    assert pending_migration_count() == 0


def test_an_unapplied_migration_is_waiting() -> None:
    app, migration = MigrationLoader(connection).graph.leaf_nodes("chat")[0]
    MigrationRecorder(connection).record_unapplied(app, migration)

    assert pending_migration_count() == 1


def test_migrations_of_a_newer_version_are_ignored() -> None:
    MigrationRecorder(connection).record_applied("delivery", "9999_of_tomorrow")

    assert pending_migration_count() == 0


def test_the_test_database_passes_all_checks() -> None:
    require_database()


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["lock_timeout", "idle_in_transaction_session_timeout"])
def test_a_missing_timeout_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = connection.settings_dict["OPTIONS"]["options"]
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", f"{kept} -c {name}=0")

    with pytest.raises(CommandError, match=f"lack {name}, .*ALTER ROLE imsite SET {name} = '[24]s';") as caught:
        require_database()

    assert "and" not in str(caught.value).partition(",")[0]


@pytest.fixture
def pooler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PgBouncer]:
    """PgBouncer before the test's database, to which new connections lead, without options of the session."""
    if "PgBouncer" in machine.missing():
        pytest.skip("PgBouncer is missing on this machine")
    url = f"{postgres.cluster_url()}/{connection.settings_dict['NAME']}"
    with PgBouncer(tmp_path, url, pool_size=2) as running:
        monkeypatch.setitem(connection.settings_dict, "PORT", running.port)
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "")
        yield running


@pytest.mark.postgres
def test_a_pooler_needs_its_setting(pooler: PgBouncer) -> None:
    with pytest.raises(CommandError, match=r"DATABASE_URL leads to a connection pooler.* Set IM_PGBOUNCER=True"):
        require_database()


@pytest.mark.postgres
def test_a_pooler_that_refuses_options_is_named(pooler: PgBouncer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", SERVER_TIMEOUTS)
    with pytest.raises(CommandError, match=r"(?s)startup parameter.* Set IM_PGBOUNCER=True"):
        require_database()


@pytest.mark.postgres
def test_options_of_the_url_are_named_behind_a_declared_pooler(
    pooler: PgBouncer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IM_PGBOUNCER = True
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c search_path=chat")
    with pytest.raises(CommandError, match=r"(?s)startup parameter.* options in DATABASE_URL\. Remove them") as caught:
        require_database()
    assert "Set IM_PGBOUNCER" not in str(caught.value)


@pytest.mark.postgres
def test_the_role_needs_the_timeouts_behind_a_pooler(pooler: PgBouncer, settings: Settings) -> None:
    settings.IM_PGBOUNCER = True
    with pytest.raises(CommandError, match=r"lack lock_timeout and idle_in_transaction_session_timeout") as caught:
        require_database()
    statements = re.findall(r"ALTER ROLE [^;]+", str(caught.value))
    assert statements == list(ROLE_TIMEOUTS)
    guide = (ROOT / "deploy/README.md").read_text()
    assert all(f"{statement};" in guide for statement in statements)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("name", "value", "reason"), [("PORT", 1, "refused"), ("NAME", "nowhere", "does not exist"), ("USER", "x", '"x"')]
)
def test_an_unusable_database_is_reported_at_once(
    name: str, value: object, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, name, value)

    with pytest.raises(CommandError, match=rf"(?s)DATABASE_URL cannot be used: .*{reason}"):
        require_migrated()
