"""Files that are being received or made: written to a local directory, then moved or copied into the storage.

A crash leaves them there; `delete_old_spools` removes them later.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.core.files import File

from chat.attachments.storage import spool_directory

if TYPE_CHECKING:
    _BinaryFile = File[bytes]
else:
    _BinaryFile = File

_MAX_AGE_SECONDS = 86_400


class Spool:
    """A local file that is written once from its start, with its size and SHA-256."""

    def __init__(self) -> None:
        directory = spool_directory()
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / secrets.token_hex(16)
        self.size = 0
        self._file: IO[bytes] | None = self.path.open("xb", buffering=0)
        self._digest = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> None:
        """Append the data, or nothing of it. Raises OSError, for example if the disk is full."""
        assert self._file is not None
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError:
            # The bytes before may be stored, and more than their size must not be.
            self._file.truncate(self.size)
            self._file.seek(self.size)
            raise
        self._digest.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def finish(self) -> None:
        """Write everything to the disk and close the file. It can be called repeatedly."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Delete the file, unless it has been moved into the storage."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self.path.unlink(missing_ok=True)


class LocalFile(_BinaryFile):
    """A finished local file to be stored. A storage on the same disk moves it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb"), name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        """Return the path, by which Django's file storage moves the file instead of copying it."""
        return str(self._path)


def delete_old_spools() -> int:
    """Delete files that a crash has left, a day later; return their number."""
    deleted = 0
    for path in spool_directory().glob("*"):
        try:
            if path.stat().st_mtime < time.time() - _MAX_AGE_SECONDS:
                path.unlink()
                deleted += 1
        except FileNotFoundError:
            continue
    return deleted
