"""Deletes files that nobody needs any more: expired uploads, and files whose message was recalled or deleted.

A row is marked as removed first. Its files are deleted after that commit, and the row last. A crash at any step leaves
a removed row, with which the next clean-up goes on, so neither a file nor a row stays for good.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from chat.attachments import storage
from chat.attachments.quotas import DAY_MS, stored_bytes
from chat.attachments.spool import delete_old_spools
from chat.models import Attachment, InlineMedia
from chat.models.attachment import INCOMPLETE
from delivery import log
from delivery.db.transactions import write
from delivery.metrics import STORED_BYTES, STORED_FILES

logger = logging.getLogger(__name__)

BATCH_SIZE = 100
_HOUR_MS = 3_600_000
_REMOVED = Attachment.State.REMOVED
_LOOKUP_BATCH = 500


def expired_uploads() -> QuerySet[Attachment]:
    """Return uploads that are unfinished or unsent for longer than IM_UPLOAD_HOURS."""
    before = log.now_ms() - settings.IM_UPLOAD_HOURS * _HOUR_MS
    unsent = Attachment.objects.filter(message=None, scheduled=None, created_at__lt=before)
    return unsent.exclude(state=_REMOVED)


def uploads_expire() -> int:
    """Mark a batch of expired uploads as removed; return how many."""
    with write():
        rows = expired_uploads().select_for_update(no_key=True).order_by("created_at")[:BATCH_SIZE]
        # Locked, so that a message which is being stored with one of them comes before or after.
        keys = [row.pk for row in rows]
        return Attachment.objects.filter(pk__in=keys, message=None, scheduled=None).update(state=_REMOVED)


def removed_attachments() -> QuerySet[Attachment]:
    """Return removed rows with files to delete, and those whose day, in which they count in a quota, is over."""
    return Attachment.objects.filter(state=_REMOVED).filter(
        Q(created_at__lt=log.now_ms() - DAY_MS) | ~Q(file="") | ~Q(thumbnail="")
    )


def removed_attachments_delete() -> int:
    """Delete a batch of removed attachments with their files; return how many.

    A row whose files cannot be deleted now stays for the next clean-up, and hinders no other.
    """
    rows = [row for row in removed_attachments().order_by("pk")[:BATCH_SIZE] if _files_delete(row)]
    kept = [row.pk for row in rows if row.created_at >= log.now_ms() - DAY_MS]
    with write():
        Attachment.objects.filter(pk__in=kept).update(file="", thumbnail="")
        Attachment.objects.filter(pk__in=[row.pk for row in rows if row.pk not in kept]).delete()
    return len(rows)


def _files_delete(row: Attachment) -> bool:
    """Delete the files of a removed row, unless another row has them; return False if the storage fails."""
    try:
        unneeded = {row.file, row.thumbnail} - _needed_by_others(row)
        with write():
            InlineMedia.objects.filter(file__in=unneeded).delete()
        for name in unneeded:
            storage.delete_file(name)
        storage.delete_parts(row.key)
    except OSError as error:
        logger.error("attachment_not_deleted", extra={"key": row.key, "error": type(error).__name__})
        return False
    return True


def _needed_by_others(row: Attachment) -> set[str]:
    """Return the files of other rows that share the file. Only a row that is not removed can get a further one."""
    if not row.file:
        return set()
    others = Attachment.objects.filter(file=row.file).exclude(state=_REMOVED)
    return {name for names in others.values_list("file", "thumbnail") for name in names}


def leftovers_delete() -> None:
    """Delete what a crash has left beside the rows: parts of ended uploads, and half-received files."""
    # Listed first: an upload has its row before its first part.
    listed = storage.uploads_with_parts()
    for start in range(0, len(listed), _LOOKUP_BATCH):
        batch = listed[start : start + _LOOKUP_BATCH]
        rows = Attachment.objects.filter(key__in=batch, state__in=INCOMPLETE)
        for key in set(batch) - set(rows.values_list("key", flat=True)):
            storage.delete_parts(key)
    storage.delete_unfinished()
    delete_old_spools()


def metrics_update() -> None:
    """Set the metrics of stored attachments."""
    ready = Attachment.objects.filter(state=Attachment.State.READY)
    STORED_FILES.set(ready.aggregate(number=Count("file", distinct=True))["number"])
    STORED_BYTES.set(stored_bytes(ready))


@dataclass
class StorageReport:
    """Differences between the table and the storage."""

    missing: list[Attachment] = field(default_factory=list)
    """Ready rows whose file is not in the storage."""
    unknown: list[str] = field(default_factory=list)
    """Files that belong to no row and are older than a day."""
    files: int = 0
    """Files and thumbnails in the storage."""


def storage_compare() -> StorageReport:
    """Compare all files of the storage with all rows. It takes a request to the storage for each directory."""
    names = set(storage.all_files())
    report = StorageReport(files=len(names))
    known: set[str] = set()
    for row in (
        Attachment.objects.exclude(file="").only("key", "name", "file", "thumbnail", "state", "message").iterator()
    ):
        known |= {row.file, row.thumbnail}
        if row.state == Attachment.State.READY and row.file not in names:
            report.missing.append(row)
    young = timezone.now() - timedelta(days=1)
    report.unknown = [name for name in sorted(names - known) if storage.modified_at(name) < young]
    return report


def storage_repair(report: StorageReport) -> None:
    """Delete unknown files, and mark rows without a file as removed."""
    for batch in _batches([row.pk for row in report.missing]):
        Attachment.objects.filter(pk__in=batch).update(state=_REMOVED)
    for name in report.unknown:
        storage.delete_file(name)


def _batches(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), _LOOKUP_BATCH):
        yield keys[start : start + _LOOKUP_BATCH]
