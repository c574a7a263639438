"""`manage.py restored`: skip the positions that the database has lost. Run it once after each restore."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from delivery.lost_positions import skip_lost_positions
from imsite.database_checks import require_database


class Command(BaseCommand):
    help = (
        "Tell clients that the database has lost its last events: run it once after a backup was restored, before the "
        "nodes start."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        require_database()
        lost = skip_lost_positions()
        self.stdout.write(f"The event log ends at {lost.first - 1} and goes on after {lost.last + 1}.")
