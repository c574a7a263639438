"""Uploads: a reserved row, received bytes, and at the end a checked file in the storage.

The order of the steps leaves no stored file without a row for good. A row names its files before they are stored, and
parts lie in a directory of their upload, so that the clean-up finds what a crash has left. A row without its file is
`uploading` and expires.
"""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from accounts.models import User
from chat import reasons
from chat.attachments import storage
from chat.attachments.content_types import UNKNOWN
from chat.attachments.inspection import Inline, Inspected, inspect
from chat.attachments.names import display_name
from chat.attachments.quotas import require_quota
from chat.attachments.spool import LocalFile, Spool
from chat.errors import ChatError
from chat.models import Attachment, InlineMedia, UploadPart
from chat.models.attachment import is_key
from delivery import log
from delivery.db.transactions import write
from delivery.metrics import UPLOAD_BYTES, UPLOADS

logger = logging.getLogger(__name__)

SEND = "chat.use_gateway"
_COPY_BYTES = 2**20
_RETRY_SECONDS = 30
_completing: set[str] = set()
_completing_lock = threading.Lock()


def upload_create(
    *, user: User, size: int, name: str = "", declared: str = "", duration: int | None = None
) -> Attachment:
    """Reserve `size` bytes for a file of the user; return its row.

    `declared` is the MIME type, and `duration` (ms) the length, that the client gives. The content decides if it tells.

    Raises ChatError UPLOADS_NOT_ALLOWED, PERMISSION_REQUIRED (a service that may not send), FILE_EMPTY, FILE_TOO_LARGE,
    UPLOAD_QUOTA.
    """
    if user.is_guest and not settings.IM_GUEST_UPLOADS:
        raise ChatError(reasons.UPLOADS_NOT_ALLOWED)
    if user.kind == User.Kind.SERVICE and not user.has_perm(SEND):
        raise ChatError(reasons.PERMISSION_REQUIRED, permission=SEND)
    if size <= 0:
        raise ChatError(reasons.FILE_EMPTY)
    if size > settings.IM_ATTACHMENT_MAX_BYTES:
        raise ChatError(reasons.FILE_TOO_LARGE, limit=settings.IM_ATTACHMENT_MAX_BYTES)
    with write():
        # Two uploads at once must not share the rest of a quota.
        list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))
        require_quota(user.pk, size)
        return Attachment.objects.create(
            uploader=user,
            name=display_name(name),
            content_type=declared[:127] if declared.isascii() and declared.isprintable() and declared else UNKNOWN,
            size=size,
            duration=duration,
            created_at=log.now_ms(),
        )


def upload_of(user: User, key: str) -> Attachment:
    """Return the user's upload with this key, complete or not. Raises ChatError UPLOAD_NOT_FOUND."""
    rows = Attachment.objects.filter(key=key, uploader=user).exclude(state=Attachment.State.REMOVED)
    row = rows.first() if is_key(key) else None
    if row is None:
        raise ChatError(reasons.UPLOAD_NOT_FOUND)
    return row


def announced_size(upload: Attachment) -> int:
    """Return the bytes that the client sends. A complete file may have fewer, without its metadata."""
    return upload.size if upload.state == Attachment.State.UPLOADING else upload.received


def upload_part_store(*, upload: Attachment, offset: int, part: Spool) -> int:
    """Store a part that begins at this byte; return the number of bytes that are stored then.

    Raises ChatError UPLOAD_OFFSET if another request has stored other bytes meanwhile, UPLOAD_NOT_FOUND for a cancelled
    upload, STORAGE_UNAVAILABLE.
    """
    part.finish()
    name = storage.new_part_name(upload.key, offset)
    release_connection()
    with storage_errors():
        storage.save(name, LocalFile(part.path))
    try:
        with write():
            row = Attachment.objects.select_for_update(no_key=True).filter(pk=upload.pk).first()
            if row is None or row.state != Attachment.State.UPLOADING:
                raise ChatError(reasons.UPLOAD_NOT_FOUND)
            if row.received != offset:
                raise ChatError(reasons.UPLOAD_OFFSET, offset=row.received)
            UploadPart.objects.create(attachment=row, offset=offset, file=name)
            row.received = offset + part.size
            row.save(update_fields=["received"])
    except BaseException:
        _delete_unneeded(name)
        raise
    return row.received


def upload_complete(*, upload: Attachment) -> Attachment:
    """Make one file of the parts of an upload that is received in full, and check it; return its row.

    A repeated call returns the row. Raises ChatError UPLOAD_BUSY while another request does this, and those of
    `upload_store`.
    """
    with _completing_alone(upload.key):
        row = Attachment.objects.filter(pk=upload.pk).exclude(state=Attachment.State.REMOVED).first()
        if row is None:
            raise ChatError(reasons.UPLOAD_NOT_FOUND)
        if row.state != Attachment.State.UPLOADING:
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
            return upload_store(upload=row, received=whole)


def upload_store(*, upload: Attachment, received: Spool, inline: Inline | None = None) -> Attachment:
    """Check the received file and move it into the storage; return its row, which is ready then.

    `inline`: the content that clients of `/ws` get instead of the file, if such a client has sent it.
    A refused file is deleted, and its row counts until its day is over. Raises ChatError FILE_TYPE_REFUSED,
    PICTURE_REFUSED, STORAGE_UNAVAILABLE, UPLOAD_NOT_FOUND for an upload that was cancelled meanwhile, UPLOAD_BUSY.
    """
    received.finish()
    upload.received = received.size
    try:
        with storage_errors():
            made = inspect(
                received,
                name=upload.name,
                declared=upload.content_type,
                duration=upload.duration,
                inline=inline,
            )
    except ChatError as refusal:
        if refusal.reason in (reasons.FILE_TYPE_REFUSED, reasons.PICTURE_REFUSED):
            upload_cancel(upload=upload)
        UPLOADS.labels(refusal.reason.key).inc()
        raise
    try:
        row = _store(upload, made)
    finally:
        made.discard()
    UPLOADS.labels("ready").inc()
    UPLOAD_BYTES.inc(row.size)
    return row


def _store(upload: Attachment, made: Inspected) -> Attachment:
    names = {"file": storage.new_name(), "thumbnail": storage.new_name() if made.thumbnail is not None else ""}
    with write():
        row = Attachment.objects.select_for_update(no_key=True).filter(pk=upload.pk).first()
        if row is None or row.state != Attachment.State.UPLOADING:
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
        is_own = row is not None and row.file == names["file"] and row.state == Attachment.State.UPLOADING
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
        _delete_unneeded(*names.values())
        return _completed_elsewhere(row)
    _delete_parts(row.key)
    return row


def _completed_elsewhere(row: Attachment | None) -> Attachment:
    """Return the row if a request to another node has completed it meanwhile; raise UPLOAD_BUSY if it still works."""
    if row is None or row.state == Attachment.State.REMOVED:
        raise ChatError(reasons.UPLOAD_NOT_FOUND)
    if row.state == Attachment.State.UPLOADING:
        raise ChatError(reasons.UPLOAD_BUSY)
    return row


def upload_cancel(*, upload: Attachment) -> None:
    """Delete what an unsent upload has stored. Its row stays until its day is over, because it counts in the quota.

    Does nothing to a file that has been sent.
    """
    with write():
        row = Attachment.objects.select_for_update(no_key=True).filter(pk=upload.pk, message=None).first()
        if row is None:
            return
        if row.state == Attachment.State.UPLOADING:
            row.size = max(row.received, upload.received, 1)
        row.state = Attachment.State.REMOVED
        row.save(update_fields=["size", "state"])
        UploadPart.objects.filter(attachment=row).delete()
    _delete_parts(row.key)


def _delete_parts(key: str) -> None:
    """Delete the stored parts of an upload that has ended. The clean-up deletes those that cannot be deleted now."""
    try:
        storage.delete_parts(key)
    except OSError as error:
        logger.warning("attachment_not_deleted", extra={"key": key, "error": type(error).__name__})


def _delete_unneeded(*names: str) -> None:
    """Delete stored files that no row names, as far as possible. `manage.py attachments` finds the others."""
    for name in names:
        try:
            storage.delete_file(name)
        except OSError as error:
            logger.warning("attachment_not_deleted", extra={"file": name, "error": type(error).__name__})


def release_connection() -> None:
    """Give the database connection of this thread back before a long work with files."""
    if not connection.in_atomic_block:
        connection.close()


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


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn a failure of the storage, such as a full disk, into ChatError STORAGE_UNAVAILABLE."""
    try:
        yield
    except OSError as error:
        logger.error("attachment_storage_error", extra={"error": error.strerror or type(error).__name__})
        raise ChatError(reasons.STORAGE_UNAVAILABLE, retryAfter=_RETRY_SECONDS) from error
