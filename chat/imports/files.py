"""Stores the files of an export's messages."""

from __future__ import annotations

import errno
import mimetypes

from django.conf import settings

from chat import reasons
from chat.actions.upload_completion import upload_store
from chat.attachments.content_types import UNKNOWN
from chat.attachments.names import display_name
from chat.attachments.spool import Spool
from chat.errors import ChatError
from chat.imports.identity import ImportedRecords
from chat.imports.records import Export, FileRecord, MessageRecord, UnreadableExport
from chat.imports.report import Report
from chat.models import Attachment
from delivery import log
from delivery.db.transactions import write

_COPY_BYTES = 2**20


def store_files(
    message: MessageRecord, sender: int, export: Export, records: ImportedRecords, report: Report
) -> list[Attachment]:
    """Store the files of a message and return their rows. A missing or refused one is a problem, and left out.

    Raises OSError if the storage or the virus scanner does not work: a later run can store the files.

    Quotas of users do not apply, because the operator has chosen to import.
    """
    stored = []
    for number, file in enumerate(message.files):
        key = f"{message.key}/{number}"
        pk = records.file(key)
        known = (
            Attachment.objects.filter(pk=pk, message=None, state=Attachment.State.READY).first()
            if pk is not None
            else None
        )
        if known is None:
            known = _store(file, sender, message.time, export, report)
            if known is None:
                continue
            records.add_file(key, known.pk)
            report.created["file"] += 1
        stored.append(known)
    return stored


def _store(file: FileRecord, sender: int, time: int, export: Export, report: Report) -> Attachment | None:
    spool = Spool()
    try:
        if not file.path:
            raise FileNotFoundError
        with export.open_file(file.path) as source:
            while piece := source.read(_COPY_BYTES):
                spool.write(piece)
                if spool.size > settings.IM_ATTACHMENT_MAX_BYTES:
                    report.problem("files with more bytes than IM_ATTACHMENT_MAX_BYTES")
                    return None
        if not spool.size:
            report.problem("files that are empty")
            return None
        declared = file.type or mimetypes.guess_type(file.name)[0] or UNKNOWN
        with write():
            row = Attachment.objects.create(
                uploader_id=sender,
                name=display_name(file.name),
                content_type=declared[:127] if declared.isascii() and declared.isprintable() else UNKNOWN,
                size=spool.size,
                # The clean-up deletes files that are sent with no message for a day.
                created_at=log.now_ms(),
            )
        return upload_store(upload=row, received=spool)
    except FileNotFoundError:
        report.problem("files that the export does not contain")
    except UnreadableExport:
        report.problem("files that are damaged")
    except ChatError as refusal:
        if refusal.reason in (reasons.STORAGE_UNAVAILABLE, reasons.SCANNER_UNAVAILABLE):
            raise OSError(errno.EIO, str(refusal)) from refusal
        report.problem(f"files that are refused: {refusal}")
    finally:
        spool.discard()
    return None
