"""A migration may take its time on PostgreSQL, whose sessions otherwise end an idle transaction."""

from __future__ import annotations

import pytest
from django.db import connection

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def _timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        return str(cursor.fetchone()[0])


def test_a_migration_has_no_idle_timeout_and_its_session_keeps_it() -> None:
    usual = _timeout()
    with connection.schema_editor() as editor:
        assert editor.atomic_migration and _timeout() == "0"
    assert _timeout() == usual != "0"
