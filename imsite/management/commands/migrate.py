"""`manage.py migrate`: Django's command, without the time-out that ends the idle transactions of frozen nodes."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

_TIMEOUT = "idle_in_transaction_session_timeout"


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        # A migration in Python, or the creation of permissions on a slow host, may take seconds between statements.
        with connection.cursor() as cursor:
            cursor.execute(f"SET {_TIMEOUT} = 0")
        super().handle(*args, **options)
        with connection.cursor() as cursor:
            cursor.execute(f"RESET {_TIMEOUT}")
