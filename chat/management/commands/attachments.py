"""`manage.py attachments`: report uploaded files, delete expired ones, and compare the table with the storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.actions import attachment_cleanup as cleanup


class Command(BaseCommand):
    help = "Delete expired and removed uploads, and report files without a row and rows without a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be deleted.")
        parser.add_argument(
            "--repair",
            action="store_true",
            help="Also delete files without a row, and mark rows without a file as removed.",
        )

    def handle(self, *args: Any, dry_run: bool, repair: bool, **options: Any) -> None:
        if dry_run:
            expired, removed = cleanup.expired_uploads().count(), cleanup.removed_attachments().count()
        else:
            expired = _sum(cleanup.uploads_expire)
            removed = _sum(cleanup.removed_attachments_delete)
            cleanup.leftovers_delete()
        did = "Would delete" if dry_run else "Deleted"
        self.stdout.write(f"{did} {expired} expired uploads and {removed} removed attachments.")
        report = cleanup.storage_compare()
        for row in report.missing:
            self.stdout.write(f"Without a file: {row.key} {row.name}")
        for name in report.unknown:
            self.stdout.write(f"Without a row: {name}")
        self.stdout.write(
            f"{report.files} files in the storage, {len(report.unknown)} without a row; "
            f"{len(report.missing)} attachments without a file."
        )
        if repair and not dry_run:
            if report.missing and not report.files:
                raise CommandError("The storage has no file at all. Is it mounted? Nothing was changed.")
            cleanup.storage_repair(report)
            self.stdout.write("Repaired.")


def _sum(batch: Callable[[], int]) -> int:
    total = 0
    while done := batch():
        total += done
    return total
