"""Receive the bodies of uploads piece by piece, so that none is held in memory. They wait for disk and database.

A receiver does not know where the body comes from: `imsite.server.uploads` feeds it from the event loop, by threads,
and the views of `attachments.py` and `uploads.py` from the body that Django has read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import python_multipart
from django.conf import settings
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from chat import payloads, reasons
from chat.actions.upload import announced_size, storage_errors, upload_cancel, upload_create, upload_part_store
from chat.actions.upload_completion import upload_complete, upload_store
from chat.api.common.fast_path import Answer
from chat.api.v1.endpoint import encode
from chat.attachments.names import display_name
from chat.attachments.spool import Spool
from chat.errors import ChatError

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Attachment

PART_BYTES = 8 * 2**20
"""Bytes of a part of a resumable upload. At most so much is sent again after a crash of the server."""
FORM_OVERHEAD_BYTES = 65_536
"""Bytes of a form beside its file."""
_MAX_DURATION_DIGITS = 9
_MAX_BOUNDARY_BYTES = 70
"""As RFC 2046 says."""


class BodyReceiver(Protocol):
    """Receives one body. `feed` and `finish` raise ChatError for a refused one; then `abort` is called."""

    def feed(self, data: bytes) -> None:
        """Take the next piece."""
        ...

    def finish(self) -> Answer:
        """Return the answer, after the whole body."""
        ...

    def abort(self) -> None:
        """End without an answer, because the client has gone or the body was refused. Keep what can be resumed."""
        ...


class PartReceiver:
    """Appends the body to a resumable upload, from `offset` on, in parts of PART_BYTES.

    A body that ends early is stored up to its end.
    """

    def __init__(self, upload: Attachment, offset: int) -> None:
        if offset != upload.received:
            raise ChatError(reasons.UPLOAD_OFFSET, offset=upload.received)
        self._upload, self._offset, self._size = upload, offset, announced_size(upload)
        self._part: Spool | None = None
        self._is_refused = False

    def feed(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if self._part is None:
                with storage_errors():
                    self._part = Spool()
            piece = view[: PART_BYTES - self._part.size]
            if self._offset + self._part.size + len(piece) > self._size:
                self._is_refused = True
                raise ChatError(reasons.FILE_TOO_LARGE, limit=self._size)
            with storage_errors():
                self._part.write(piece)
            view = view[len(piece) :]
            if self._part.size == PART_BYTES:
                self._store()

    def finish(self) -> Answer:
        self._store()
        if self._offset < self._size:
            return Answer(204, {"Upload-Offset": str(self._offset)}, b"")
        row = upload_complete(upload=self._upload)
        return attachment_answer(row, 200, {"Upload-Offset": str(self._offset)})

    def abort(self) -> None:
        try:
            if not self._is_refused:
                self._store()
        except ChatError:
            # Another request has gone on, or the disk is full. The client asks where to continue.
            pass
        finally:
            self._discard()

    def _store(self) -> None:
        if self._part is not None and self._part.size:
            try:
                self._offset = upload_part_store(upload=self._upload, offset=self._offset, part=self._part)
            except BaseException:
                self._is_refused = True
                raise
        self._discard()

    def _discard(self) -> None:
        if self._part is not None:
            self._part.discard()
            self._part = None


class FormReceiver:
    """Takes the `file` of a form (multipart/form-data) and the number `duration`. Other fields are ignored.

    `length` is that of the whole body. `max_bytes`: the size of the largest file; by default that of the site. Raises
    what `upload_create` raises, and UPLOAD_HEADER without a boundary.
    """

    def __init__(self, user: User, *, content_type: str, length: int, max_bytes: int | None = None) -> None:
        self._max_bytes = int(settings.IM_ATTACHMENT_MAX_BYTES) if max_bytes is None else max_bytes
        form, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if form != b"multipart/form-data" or not 0 < len(boundary) <= _MAX_BOUNDARY_BYTES:
            raise ChatError(reasons.UPLOAD_HEADER, header="Content-Type")
        self._limit = max(length - FORM_OVERHEAD_BYTES, min(length, self._max_bytes))
        self._upload = upload_create(user=user, size=self._limit)
        self._spool: Spool | None = None
        self._fed = 0
        self._header_name, self._header_value = b"", b""
        self._field: tuple[bytes, Mapping[bytes, bytes]] = (b"", {})
        self._type = ""
        self._value = b""
        self._is_complete = False
        self._parser = python_multipart.MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_header_name,
                "on_header_value": self._add_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._add_data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def feed(self, data: bytes) -> None:
        try:
            with storage_errors():
                self._parser.write(data)
        except FormParserError as error:
            raise _form_invalid() from error
        self._fed += len(data)
        if self._fed - (self._spool.size if self._spool is not None else 0) > FORM_OVERHEAD_BYTES:
            # The parser takes a second for each megabyte of small parts.
            raise _form_invalid()

    def finish(self) -> Answer:
        if not self._is_complete:
            raise _form_invalid()
        if self._spool is None or not self._spool.size:
            raise ChatError(reasons.FILE_EMPTY)
        return self._answer(upload_store(upload=self._upload, received=self._spool))

    def abort(self) -> None:
        if self._spool is not None:
            self._upload.received = self._spool.size
            self._spool.discard()
        upload_cancel(upload=self._upload)

    def _answer(self, row: Attachment) -> Answer:
        return attachment_answer(row, 201)

    def _begin_part(self) -> None:
        self._field, self._type, self._value = (b"", {}), "", b""
        self._header_name = self._header_value = b""

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        name = self._header_name.lower()
        if name == b"content-disposition":
            self._field = parse_options_header(self._header_value)
        elif name == b"content-type":
            self._type = self._header_value.decode("latin1")
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        if not self._is_file():
            return
        if self._spool is not None:
            raise ChatError(reasons.BAD_REQUEST, sentence="The form has several files.")
        self._spool = Spool()
        self._upload.name = display_name(self._field[1][b"filename"].decode("utf-8", "replace"))
        self._upload.content_type = self._type[:127]

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file() and self._spool is not None:
            if self._spool.size + end - start > self._max_bytes:
                raise ChatError(reasons.FILE_TOO_LARGE, limit=self._max_bytes)
            self._spool.write(memoryview(data)[start:end])
        elif len(self._value) <= _MAX_DURATION_DIGITS:
            self._value += data[start : min(end, start + _MAX_DURATION_DIGITS + 1)]

    def _end_part(self) -> None:
        if self._field[1].get(b"name") == b"duration":
            self._upload.duration = duration_of(self._value.decode("latin1"))

    def _end(self) -> None:
        self._is_complete = True

    def _is_file(self) -> bool:
        return self._field[1].get(b"name") == b"file" and b"filename" in self._field[1]


def _form_invalid() -> ChatError:
    return ChatError(reasons.BAD_REQUEST, sentence="The form is not valid.")


def duration_of(text: str) -> int | None:
    """Return the milliseconds in the text; None if it is no number of at most nine digits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_DURATION_DIGITS else None


def attachment_answer(row: Attachment, status: int, headers: Mapping[str, str] | None = None, **further: str) -> Answer:
    """Return the answer with the `Attachment` of a complete upload, and these further members."""
    body: dict[str, Any] = payloads.attachment(row) | further
    return Answer(status, {"Content-Type": "application/json", **(headers or {})}, encode(body))
