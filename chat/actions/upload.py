"""Uploads: a reserved row and received bytes. `upload_completion` makes a checked file of them.

The order of the steps leaves no stored file without a row for good. A row names its files before they are stored, and
parts lie in a directory of their upload, so that the clean-up finds what a crash has left. A row without its file is
`uploading` or `held` and expires.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from accounts.models import User
from chat import reasons
from chat.attachments import storage
from chat.attachments.content_types import UNKNOWN
from chat.attachments.names import display_name
from chat.attachments.quotas import require_quota
from chat.attachments.spool import LocalFile, Spool
from chat.errors import ChatError
from chat.models import Attachment, UploadPart
from chat.models.attachment import INCOMPLETE, is_key
from delivery import log
from delivery.db.transactions import write
from delivery.metrics import STORAGE_FAILURES

logger = logging.getLogger(__name__)

SEND = "chat.use_gateway"
RETRY_SECONDS = 30
_MAX_THREAT_LENGTH = 200


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
    return upload.size if upload.state in INCOMPLETE else upload.received


def upload_part_store(*, upload: Attachment, offset: int, part: Spool) -> int:
    """Store a part that begins at this byte; return the number of bytes that are stored then.

    Raises ChatError UPLOAD_OFFSET if another request has stored other bytes meanwhile, UPLOAD_NOT_FOUND for a cancelled
    upload, UPLOAD_PARTS, STORAGE_UNAVAILABLE.
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
            if UploadPart.objects.filter(attachment=row).count() >= settings.IM_UPLOAD_MAX_PARTS:
                raise ChatError(reasons.UPLOAD_PARTS)
            UploadPart.objects.create(attachment=row, offset=offset, file=name)
            row.received = offset + part.size
            row.save(update_fields=["received"])
    except BaseException:
        delete_unneeded(name)
        raise
    return row.received


def upload_cancel(*, upload: Attachment, threat: str = "") -> None:
    """Delete what an unsent upload has stored. Its row stays until its day is over, because it counts in the quota.

    `threat` is the virus that was found in it. Does nothing to a file that has been sent.
    """
    with write():
        row = Attachment.objects.select_for_update(no_key=True).filter(pk=upload.pk, message=None).first()
        if row is None:
            return
        if row.state in INCOMPLETE:
            row.size = max(row.received, upload.received, 1)
        row.state, row.threat = Attachment.State.REMOVED, row.threat or threat[:_MAX_THREAT_LENGTH]
        row.save(update_fields=["size", "state", "threat"])
        UploadPart.objects.filter(attachment=row).delete()
    delete_parts(row.key)


def delete_parts(key: str) -> None:
    """Delete the stored parts of an upload that has ended. The clean-up deletes those that cannot be deleted now."""
    try:
        storage.delete_parts(key)
    except OSError as error:
        logger.warning("attachment_not_deleted", extra={"key": key, "error": type(error).__name__})


def delete_unneeded(*names: str) -> None:
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
def storage_errors() -> Iterator[None]:
    """Turn a failure of the storage, such as a full disk, into ChatError STORAGE_UNAVAILABLE."""
    try:
        yield
    except OSError as error:
        logger.error("attachment_storage_error", extra={"error": error.strerror or type(error).__name__})
        STORAGE_FAILURES.inc()
        raise ChatError(reasons.STORAGE_UNAVAILABLE, retryAfter=RETRY_SECONDS) from error
