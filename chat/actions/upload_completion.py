"""The end of an upload: the received file is scanned, inspected and stored, and its row is ready then."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from chat import reasons
from chat.actions.upload import (
    RETRY_SECONDS,
    delete_parts,
    delete_unneeded,
    release_connection,
    storage_errors,
    upload_cancel,
)
from chat.attachments import storage
from chat.attachments.inspection import Inline, Inspected, inspect
from chat.attachments.scanner import ScannerFailed, find_threat
from chat.attachments.spool import LocalFile, Spool
from chat.errors import ChatError
from chat.models import Attachment, InlineMedia, UploadPart
from chat.models.attachment import INCOMPLETE
from delivery.db.transactions import write
from delivery.log_throttle import log_recovery
from delivery.metrics import UPLOAD_BYTES, UPLOADS

logger = logging.getLogger(__name__)

_COPY_BYTES = 2**20
_completing: set[str] = set()
_completing_lock = threading.Lock()


def upload_complete(*, upload: Attachment) -> Attachment:
    """Make one file of the parts of an upload that is received in full, and check it; return its row.

    A repeated call returns the row. Raises ChatError UPLOAD_BUSY while another request does this, and those of
    `upload_store`.
    """
    with _completing_alone(upload.key):
        row = Attachment.objects.filter(pk=upload.pk).exclude(state=Attachment.State.REMOVED).first()
        if row is None:
            raise ChatError(reasons.UPLOAD_NOT_FOUND)
        if row.state not in INCOMPLETE:
            return row
        if row.received != row.size:
            raise ChatError(reasons.UPLOAD_OFFSET, offset=row.received)
        names = list(UploadPart.objects.filter(attachment=row).order_by("offset").values_list("file", flat=True))
        release_connection()
        with storage_errors(), _spool() as whole:
            for name in names:
                with storage.open_file(name) as part:
                    while piece := part.read(_COPY_BYTES):
                        whole.write(piece)
            whole.finish()
            if whole.size != row.size:
                raise OSError(errno.EIO, "A part is missing.")
            try:
                return upload_store(upload=row, received=whole)
            except ChatError as refusal:
                if refusal.reason is reasons.SCANNER_UNAVAILABLE:
                    Attachment.objects.filter(pk=row.pk, state=Attachment.State.UPLOADING).update(
                        state=Attachment.State.HELD
                    )
                raise


def uploads_complete_held() -> None:
    """Complete uploads that wait for the virus scanner, until it fails again."""
    held = Attachment.objects.filter(message=None, state=Attachment.State.HELD)
    # Nodes that begin at the same time take different ones.
    for row in held.order_by("?"):
        try:
            upload_complete(upload=row)
        except ChatError as refusal:
            if refusal.reason is reasons.SCANNER_UNAVAILABLE:
                return


def upload_store(*, upload: Attachment, received: Spool, inline: Inline | None = None) -> Attachment:
    """Check the received file and move it into the storage; return its row, which is ready then.

    `inline`: the content that clients of `/ws` get instead of the file, if such a client has sent it.
    A refused file is deleted, and its row counts until its day is over. Raises ChatError FILE_INFECTED,
    FILE_TYPE_REFUSED, PICTURE_REFUSED, SCANNER_UNAVAILABLE, STORAGE_UNAVAILABLE, UPLOAD_NOT_FOUND for an upload that
    was cancelled meanwhile, UPLOAD_BUSY.
    """
    received.finish()
    upload.received = received.size
    release_connection()
    try:
        _require_clean(upload, received)
        with storage_errors():
            made = inspect(
                received,
                name=upload.name,
                declared=upload.content_type,
                duration=upload.duration,
                inline=inline,
            )
    except ChatError as refusal:
        if refusal.reason in (reasons.FILE_INFECTED, reasons.FILE_TYPE_REFUSED, reasons.PICTURE_REFUSED):
            upload_cancel(upload=upload, threat=refusal.data.get("threat", ""))
        UPLOADS.labels(refusal.reason.key).inc()
        raise
    try:
        row = _store(upload, made)
    finally:
        made.discard()
    UPLOADS.labels("ready").inc()
    UPLOAD_BYTES.inc(row.size)
    return row


def _require_clean(upload: Attachment, received: Spool) -> None:
    """Raise ChatError FILE_INFECTED, and SCANNER_UNAVAILABLE if files are held that cannot be checked."""
    try:
        threat = find_threat(received)
    except ScannerFailed as error:
        logger.error("scanner_failed", extra={"error": str(error)})
        if settings.IM_SCANNER_FAILURE == "hold":
            raise ChatError(reasons.SCANNER_UNAVAILABLE, retryAfter=RETRY_SECONDS) from error
        return
    log_recovery(logger, "scanner_failed")
    if threat:
        facts = {"key": upload.key, "user": upload.uploader_id, "threat": threat, "sha256": received.sha256}
        logger.warning("attachment_infected", extra=facts)
        raise ChatError(reasons.FILE_INFECTED, threat=threat)


def _store(upload: Attachment, made: Inspected) -> Attachment:
    names = {"file": storage.new_name(), "thumbnail": storage.new_name() if made.thumbnail is not None else ""}
    with write():
        row = Attachment.objects.select_for_update(no_key=True).filter(pk=upload.pk).first()
        if row is None or row.state not in INCOMPLETE:
            return _completed_elsewhere(row)
        left = (row.file, row.thumbnail)
        row.file, row.thumbnail = names["file"], names["thumbnail"]
        row.save(update_fields=["file", "thumbnail"])
    release_connection()
    with storage_errors():
        for name in left:
            # Of an attempt that ended early.
            storage.delete_file(name)
        storage.save(names["file"], LocalFile(made.content.path))
        if made.thumbnail is not None:
            storage.save(names["thumbnail"], LocalFile(made.thumbnail.path))
    with write():
        row = Attachment.objects.select_for_update(no_key=True).filter(pk=upload.pk).first()
        is_own = row is not None and row.file == names["file"] and row.state in INCOMPLETE
        if row is not None and is_own:
            row.name, row.content_type, row.kind = upload.name, made.content_type, made.kind
            row.size, row.received, row.sha256 = made.content.size, upload.received, made.content.sha256
            row.width, row.height, row.duration, row.preview = made.width, made.height, made.duration, made.preview
            row.state = Attachment.State.READY
            row.save()
            if made.inline is not None:
                InlineMedia.objects.create(file=row.file, type=made.inline.type, content=made.inline.content)
            UploadPart.objects.filter(attachment=row).delete()
    if row is None or not is_own:
        delete_unneeded(*names.values())
        return _completed_elsewhere(row)
    delete_parts(row.key)
    return row


def _completed_elsewhere(row: Attachment | None) -> Attachment:
    """Return the row if a request to another node has completed it meanwhile; raise UPLOAD_BUSY if it still works."""
    if row is None or row.state == Attachment.State.REMOVED:
        raise ChatError(reasons.UPLOAD_NOT_FOUND)
    if row.state in INCOMPLETE:
        raise ChatError(reasons.UPLOAD_BUSY)
    return row


@contextmanager
def _completing_alone(key: str) -> Iterator[None]:
    with _completing_lock:
        if key in _completing:
            raise ChatError(reasons.UPLOAD_BUSY)
        _completing.add(key)
    try:
        yield
    finally:
        _completing.discard(key)


@contextmanager
def _spool() -> Iterator[Spool]:
    spool = Spool()
    try:
        yield spool
    finally:
        spool.discard()
