"""The storage of uploaded files: `STORAGES["attachments"]`, and the names in it.

- `ab/cd/<random>`: files and thumbnails. No part of a name comes from a user.
- `parts/<key of the upload>/<offset>-<random>`: the parts of an unfinished resumable upload.
"""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils import timezone

_RANDOM_BYTES = 16
_PARTS = "parts"


class DurableFileSystemStorage(FileSystemStorage):
    """A directory whose new names survive a power cut. The content is flushed by `Spool` before."""

    def _save(self, name: str, content: File[Any]) -> str:
        saved: str = super()._save(name, content)  # type: ignore[misc]
        directory = os.open(os.path.dirname(self.path(saved)), os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return saved


def storage() -> Storage:
    """Return the storage of attachments."""
    return storages["attachments"]


def new_name() -> str:
    """Return a random name for a file."""
    random = secrets.token_hex(_RANDOM_BYTES)
    return f"{random[:2]}/{random[2:4]}/{random[4:]}"


def new_part_name(key: str, offset: int) -> str:
    """Return a random name for the part of this upload that begins at `offset`."""
    return f"{_parts_directory(key)}/{offset:015d}-{secrets.token_hex(_RANDOM_BYTES)}"


def save(name: str, content: File[Any]) -> None:
    """Store the content under this name, which must be new. Raises OSError, for example if the disk is full."""
    saved = storage().save(name, content)
    if saved != name:
        storage().delete(saved)
        raise FileExistsError(name)


def open_file(name: str) -> IO[bytes]:
    """Open a stored file for reading. Raises FileNotFoundError."""
    return storage().open(name, "rb")


def file_size(name: str) -> int:
    """Return the bytes of a stored file. Raises FileNotFoundError."""
    return int(storage().size(name))


def modified_at(name: str) -> datetime:
    """Return the time at which the file was stored; now for one that is gone."""
    try:
        return storage().get_modified_time(name)
    except FileNotFoundError:
        return timezone.now()


def delete_file(name: str) -> None:
    """Delete a stored file. An empty or unknown name is no error."""
    if name:
        storage().delete(name)


def delete_parts(key: str) -> None:
    """Delete all stored parts of this upload."""
    directory = _parts_directory(key)
    for name in _listed(directory)[1]:
        storage().delete(f"{directory}/{name}")
    if is_local():
        # Other storages have no directories.
        storage().delete(directory)


def uploads_with_parts() -> list[str]:
    """Return the keys of all uploads of which parts are stored."""
    return _listed(_PARTS)[0]


def all_files() -> list[str]:
    """Return the names of all stored files and thumbnails. It takes a request for each directory."""
    found = []
    for first in _listed("")[0]:
        for second in _listed(first)[0] if len(first) == 2 else ():
            found += [f"{first}/{second}/{name}" for name in _listed(f"{first}/{second}")[1]]
    return found


def is_local() -> bool:
    """Return whether the files are on a disk of this machine."""
    return isinstance(storage(), FileSystemStorage)


def spool_directory() -> Path:
    """Return the directory of files that are being received, on the disk of the storage if it has one."""
    chosen = storage()
    root = Path(chosen.location) if isinstance(chosen, FileSystemStorage) else Path(settings.DATA_DIR)
    return root / "spool"


def _parts_directory(key: str) -> str:
    return f"{_PARTS}/{key}"


def _listed(directory: str) -> tuple[list[str], list[str]]:
    try:
        return storage().listdir(directory)
    except FileNotFoundError:
        return [], []
