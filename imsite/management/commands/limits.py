"""`manage.py limits`: the rate limits of every command and call, and the limits of sizes, as Markdown."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from imsite.limits.page import limits_page


class Command(BaseCommand):
    help = "Print the table of all limits with their defaults in production."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(limits_page(), ending="")
