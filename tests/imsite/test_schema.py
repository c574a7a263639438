"""Whether the database is as this version needs it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from imsite.schema import migrations_waiting

pytestmark = pytest.mark.django_db


def test_on_a_database_that_is_up_to_date_nothing_waits() -> None:
    assert migrations_waiting() == 0


def test_a_migration_that_was_not_applied_waits() -> None:
    MigrationRecorder(connection).record_unapplied("delivery", "0002_receipts")

    assert migrations_waiting() == 1


def test_what_a_newer_version_applied_besides_does_not_count() -> None:
    MigrationRecorder(connection).record_applied("delivery", "9999_of_tomorrow")

    assert migrations_waiting() == 0
