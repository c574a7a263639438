"""`manage.py import FORMAT PATH`: take over users, channels and messages from another chat system."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from chat.imports.importer import import_export
from chat.imports.readers import READERS, open_export
from chat.imports.records import UnreadableExport
from chat.imports.report import Report

_MAX_SOURCE_LENGTH = 64


class Command(BaseCommand):
    help = (
        "Import users, channels, messages, files and reactions from an export, a directory or a ZIP file. What has "
        "been imported once is left out, so running it again continues an interrupted import. See deploy/moving.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("format", choices=sorted(READERS))
        parser.add_argument("path", type=Path, help="The export: a directory or a ZIP file.")
        parser.add_argument(
            "--source",
            help="A name for where the export comes from (default: the format). Two workspaces of one system need two.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Only read everything, and say what would be done.")

    def handle(self, *args: Any, format: str, path: Path, source: str | None, dry_run: bool, **options: Any) -> None:
        name = source or format
        if not name.isprintable() or len(name) > _MAX_SOURCE_LENGTH:
            raise CommandError(f"--source: at most {_MAX_SOURCE_LENGTH} printable characters.")
        try:
            report = import_export(open_export(format, path), source=name, open_bar=_bar, dry_run=dry_run)
        except UnreadableExport as error:
            raise CommandError(_printable(str(error))) from None
        except OSError as error:
            raise CommandError(f"{error.strerror or error}. Run it again to continue.") from error
        self._print(report, dry_run)

    def _print(self, report: Report, dry_run: bool) -> None:
        did = "Would import" if dry_run else "Imported"
        counts = ", ".join(f"{count} {kind}s" for kind, count in report.created.items()) or "nothing"
        self.stdout.write(f"{did} {counts}.")
        if known := ", ".join(f"{count} {kind}s" for kind, count in report.known.items() if count):
            self.stdout.write(f"Were here already: {known}.")
        for problem, count in report.problems.most_common():
            self.stdout.write(f"Not imported or changed: {count} {_printable(problem)}.")


def _bar(what: str, total: int | None) -> tqdm[Any]:
    return tqdm(total=total, desc=what, unit="", delay=1)


def _printable(text: str) -> str:
    """Return the text without what a terminal may obey. Parts of it come from the export."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
