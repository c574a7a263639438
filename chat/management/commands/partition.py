"""`manage.py partition`: partition the tables of messages, events and receipts while the site runs."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from chat.models.partitions import LARGE_TABLES
from delivery.db.partitioning.conversion import DEFAULT_ROWS, abort, steps
from delivery.db.partitioning.short_lock import LockUnavailableError, begin_conversion


class Command(BaseCommand):
    help = (
        "Partition the tables of messages, events and receipts on PostgreSQL. The site may run meanwhile. A run that"
        " was interrupted goes on with the next one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rows",
            type=int,
            help=f"ids or positions of a partition (default: {DEFAULT_ROWS:,}); for tables with partitions, those of"
            " the partitions that are made from now on",
        )
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--dry-run", action="store_true", help="only print the steps that are left")
        choice.add_argument(
            "--abort",
            action="store_true",
            help="remove what an interrupted run has left on tables that are still plain",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("SQLite has no partitions. Point DATABASE_URL at PostgreSQL first.")
        if settings.IM_PGBOUNCER:
            raise CommandError(
                "PgBouncer would keep this command's settings for sessions of the site. Run it with DATABASE_URL of "
                "PostgreSQL itself and IM_PGBOUNCER=False."
            )
        if options["rows"] is not None and options["rows"] < 1:
            raise CommandError("--rows must be at least 1.")
        if options["dry_run"]:
            for table in LARGE_TABLES:
                for description, _ in steps(table, options["rows"]):
                    self.stdout.write(description)
            return
        if not begin_conversion():
            raise CommandError("Another run of this command is at work. Wait until it has ended.")
        try:
            if options["abort"]:
                plain = [table.name for table in LARGE_TABLES if abort(table)]
                self.stdout.write(f"Plain tables: {', '.join(plain) or 'none'}.")
            else:
                self._convert(options["rows"], options["verbosity"])
        except LockUnavailableError as error:
            raise CommandError(str(error)) from error

    def _convert(self, rows: int | None, verbosity: int) -> None:
        work = [step for table in LARGE_TABLES for step in steps(table, rows)]
        # None: only on a terminal.
        with tqdm(total=len(work), unit="step", disable=None if verbosity else True, file=self.stderr) as progress:
            for description, run in work:
                progress.set_description(description)
                began = datetime.now(UTC)
                run()
                progress.update()
                if verbosity > 1:
                    seconds = (datetime.now(UTC) - began).total_seconds()
                    self.stdout.write(f"{began.isoformat(timespec='milliseconds')} {seconds:.2f} s  {description}")
        self.stdout.write(f"Partitioned: {', '.join(table.name for table in LARGE_TABLES)}.")
