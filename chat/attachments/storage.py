"""The storage of uploaded files: `STORAGES["attachments"]`, and the names in it.

It is a directory (`local_storage.py`) or a bucket (`s3_storage.py`).

- `ab/cd/<random>`: files and thumbnails. No part of a name comes from a user.
- `parts/<key of the upload>/<offset>-<random>`: the parts of an unfinished resumable upload.
- `previews/<random>`: pictures of link previews.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils import timezone

logger = logging.getLogger(__name__)

_RANDOM_BYTES = 16
_PARTS = "parts"
_PREVIEWS = "previews"


class AttachmentStorage(Protocol):
    """The methods of a storage of attachments beside those of Django's storages. Its failures are OSErrors."""

    def open_range(self, name: str, wanted: range) -> IO[bytes]:
        """Open a file for reading these bytes. It may go on after them. Raises FileNotFoundError."""
        ...

    def all_files(self) -> list[str]:
        """Return the names of all files and thumbnails."""
        ...

    def delete_unfinished(self) -> None:
        """Delete what an interrupted `save` has left."""
        ...

    def signed_url(self, name: str, *, method: str, content_type: str, disposition: str) -> str:
        """Return an address of the storage, valid for a minute, that answers with these headers; empty without one."""
        ...


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


def new_preview_name() -> str:
    """Return a random name for the picture of a link preview."""
    return f"{_PREVIEWS}/{secrets.token_hex(_RANDOM_BYTES)}"


def open_range(name: str, wanted: range) -> IO[bytes]:
    """Open a stored file for reading these bytes. It may go on after them. Raises FileNotFoundError."""
    return _own().open_range(name, wanted)


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
    """Return the names of all stored files and thumbnails. It takes many requests to a large storage."""
    return _own().all_files()


def delete_unfinished() -> None:
    """Delete what an interrupted `save` has left in the storage."""
    _own().delete_unfinished()


def signed_url(name: str, *, method: str, content_type: str, disposition: str) -> str:
    """Return an address of the storage for this method (GET or HEAD) that is valid for a minute.

    It answers with these headers. Empty: downloads do not leave the site.
    """
    if not settings.IM_S3_REDIRECT:
        return ""
    return _own().signed_url(name, method=method, content_type=content_type, disposition=disposition)


def signed_origin() -> str:
    """Return the origin of signed addresses, for the Content-Security-Policy; empty if there are none."""
    try:
        parts = urlsplit(signed_url("any", method="GET", content_type="", disposition=""))
    except OSError as error:
        logger.error("attachment_storage_error", extra={"error": error.strerror or type(error).__name__})
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def is_local() -> bool:
    """Return whether the files are on a disk of this machine."""
    return isinstance(storage(), FileSystemStorage)


def spool_directory() -> Path:
    """Return the directory of files that are being received, on the disk of the storage if it has one."""
    chosen = storage()
    root = Path(chosen.location) if isinstance(chosen, FileSystemStorage) else Path(settings.DATA_DIR)
    return root / "spool"


def _own() -> AttachmentStorage:
    return cast(AttachmentStorage, storage())


def _parts_directory(key: str) -> str:
    return f"{_PARTS}/{key}"


def _listed(directory: str) -> tuple[list[str], list[str]]:
    try:
        return storage().listdir(directory)
    except FileNotFoundError:
        return [], []
