"""`manage.py retention`: delete messages, pictures and uploads that are older than the retention settings allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from accounts.actions import orphaned_avatars
from chat.actions import retention


class Command(BaseCommand):
    help = "Delete what is past its age (IM_RETENTION_DAYS, IM_FILE_RETENTION_DAYS, or a channel's own), for good."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would go.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        # None: only on a terminal.
        hidden = None if options["verbosity"] > 0 else True
        overdue = retention.channels_with_expired_messages()
        messages = 0
        with tqdm(overdue, desc="channels", unit="channel", disable=hidden, file=self.stderr) as channels:
            for channel, before in channels:
                if dry_run:
                    messages += retention.count_expired_messages(channel, before)
                for gone in () if dry_run else _cut(channel, before):
                    messages += gone
                    channels.set_postfix(messages=messages)
        files = retention.expired_files().count() if dry_run else self._empty_files(hidden)
        unused = orphaned_avatars.avatars_orphaned()
        if not dry_run:
            orphaned_avatars.avatars_delete(unused)
        did = "Would delete" if dry_run else "Deleted"
        self.stdout.write(
            f"{did} {messages} messages of {len(overdue)} channels, "
            f"the content of {files} pictures and voice messages, {len(unused)} unused uploads."
        )

    def _empty_files(self, hidden: bool | None) -> int:
        gone = 0
        with tqdm(desc="files", unit="file", disable=hidden, file=self.stderr) as bar:
            while done := retention.files_delete_expired():
                gone += done
                bar.update(done)
        return gone


def _cut(channel: int, before: int) -> Iterator[int]:
    """Delete batch by batch; yield the number of messages in each."""
    while done := retention.channel_delete_expired(channel_id=channel, before=before):
        yield done
        if done < settings.IM_RETENTION_BATCH_MESSAGES:
            return
