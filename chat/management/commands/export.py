"""`manage.py export DIRECTORY`: write channels, a user's own messages or the whole site as an archive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from accounts.actions import system_user
from accounts.admin.audit_format import record_admin_action
from accounts.models import User
from accounts.names import name_key
from chat.archives.selection import Selection
from chat.archives.writer import write_archive
from chat.models import Channel


class Command(BaseCommand):
    help = (
        "Export channels, what a user has written, or (without options) the whole site, as JSON lines with files. "
        "Running it again continues an interrupted export. `manage.py import imsite` reads it. See deploy/moving.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="A new or empty directory, or an interrupted export.")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--channel", type=int, action="append", help="The number of a channel; may be repeated.")
        what.add_argument("--user", help="A user name.")

    def handle(self, *args: Any, directory: Path, channel: list[int] | None, user: str | None, **options: Any) -> None:
        selection = Selection(channel_ids=sorted(set(channel or ())), user=_user(user) if user else None)
        missing = set(selection.channel_ids) - set(selection.channels().values_list("pk", flat=True))
        if channel and missing:
            raise CommandError(f"There is no channel {min(missing)}.")
        try:
            report = write_archive(directory, selection, open_bar=_bar)
        except FileExistsError:
            raise CommandError(
                f"{directory} contains something else than an interrupted export of the same. Name a new directory."
            ) from None
        except OSError as error:
            raise CommandError(f"{error.filename or directory}: {error.strerror}. Run it again to continue.") from None
        operator = system_user()
        for row in Channel.objects.filter(pk__in=selection.channel_ids):
            record_admin_action(operator, row, "Export")
        if selection.user is not None:
            record_admin_action(operator, selection.user, "Export")
        counts = ", ".join(f"{count} {kind}s" for kind, count in report.created.items())
        self.stdout.write(f"Exported {counts} to {directory}.")
        for problem, count in report.problems.items():
            self.stdout.write(f"Not exported: {count} {problem}.")


def _user(name: str) -> User:
    user = User.objects.exclude(kind=User.Kind.GUEST).filter(username_key=name_key(name)).first()
    if user is None:
        raise CommandError(f"There is no user {name}.")
    return user


def _bar(what: str, total: int | None) -> tqdm[Any]:
    return tqdm(total=total, desc=what, unit="", delay=1)
