"""Files in the archive of an export: uploads from the storage, streamed, under names that are safe to unpack."""

from __future__ import annotations

import io
import os
import re
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from chat.attachments import storage
from chat.models import Attachment

_COPY_BYTES = 2**20
"""Bytes read at a time, so that memory does not grow with the size of a file."""
_MAX_NAME_BYTES = 200
_MAX_EXTENSION_BYTES = 40
_NAMELESS = "file"
_EARLIEST_SECONDS = 315_532_800
"""1980, the first year that a ZIP can hold, in Unix seconds."""
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
"""Characters that a file's name cannot have on some systems, and those that make a path of it."""


class ZipBuffer(io.RawIOBase):
    """A file object that keeps written bytes until `taken` returns them.

    It is not seekable, so the ZIP is written in one pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._held += piece
        return len(piece)

    def taken(self) -> bytes:
        piece, self._held = bytes(self._held), bytearray()
        return piece


def archive_path(key: str, name: str) -> str:
    """Return the path in the archive of the file with this key: unique, relative, and one that every system can store.

    >>> archive_path("k1", "../a?.txt")
    'files/k1/.._a_.txt'
    """
    safe = _UNSAFE.sub("_", name).rstrip(" .") or _NAMELESS
    stem, extension = os.path.splitext(safe)
    if len(extension.encode()) > _MAX_EXTENSION_BYTES:
        stem, extension = safe, ""
    room = _MAX_NAME_BYTES - len(extension.encode())
    return f"files/{key}/{stem.encode()[:room].decode(errors='ignore')}{extension}"


def write_file(archive: zipfile.ZipFile, sink: ZipBuffer, row: Attachment) -> Iterator[bytes]:
    """Write a stored file into the archive; yield the archive's bytes in pieces.

    Raises FileNotFoundError, before anything is written, if the storage lacks the file.
    """
    with closing(storage.open_file(row.file)) as content:
        # Uncompressed, because pictures, videos and sounds are compressed already.
        info = zipfile.ZipInfo(
            archive_path(row.key, row.name), time.gmtime(max(row.created_at / 1000, _EARLIEST_SECONDS))[:6]
        )
        with archive.open(info, "w", force_zip64=True) as entry:
            while piece := content.read(_COPY_BYTES):
                entry.write(piece)
                yield sink.taken()
    yield sink.taken()
