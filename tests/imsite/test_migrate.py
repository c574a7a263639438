"""`manage.py migrate` may take its time on PostgreSQL, whose sessions otherwise end an idle transaction."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import pre_migrate

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def _timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        return str(cursor.fetchone()[0])


def test_a_migration_has_no_idle_timeout_and_others_keep_it() -> None:
    usual, seen = _timeout(), set[str]()

    def note(**_: Any) -> None:
        seen.add(_timeout())

    pre_migrate.connect(note)
    try:
        call_command("migrate", verbosity=0)
    finally:
        pre_migrate.disconnect(note)
    assert seen == {"0"} and _timeout() == usual != "0"
