"""The checks tell whether the database fits this version."""

from __future__ import annotations

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from imsite.database_checks import pending_migration_count, require_database, require_migrated

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
def test_an_option_removed_by_a_pooler_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = connection.settings_dict["OPTIONS"]["options"]
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", f"{kept} -c {name}=0")

    with pytest.raises(CommandError, match=f"lack {name}, .*DATABASE_URL") as caught:
        require_database()

    assert str(caught.value).count("timeout") == 1


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
