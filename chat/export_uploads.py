"""Adds the files that a user has uploaded to the user's export."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from accounts.models import User
from chat.attachments import storage
from chat.models import Attachment

_UPLOADS_PER_PAGE = 100
_PIECE_BYTES = 262_144


def archived_name(key: str, name: str) -> str:
    """Return the name of an upload in the archive. The name for display has no path."""
    return f"files/{key}/{name}"


def add_uploads(archive: zipfile.ZipFile, user: User) -> Iterator[None]:
    """Write the user's files, sent or not, to the archive; yield after each piece.

    A file that the storage has lost becomes an empty one.
    """
    for upload in _uploads(user):
        entry = zipfile.ZipInfo(archived_name(upload.key, upload.name))
        with archive.open(entry, "w", force_zip64=True) as copy:
            for piece in _pieces(upload):
                copy.write(piece)
                yield


def _uploads(user: User) -> Iterator[Attachment]:
    after = 0
    while True:
        found = Attachment.objects.filter(uploader=user, state=Attachment.State.READY, pk__gt=after)
        page = list(found.order_by("pk")[:_UPLOADS_PER_PAGE])
        if not page:
            return
        yield from page
        after = page[-1].pk


def _pieces(upload: Attachment) -> Iterator[bytes]:
    try:
        file = storage.open_file(upload.file)
    except FileNotFoundError:
        return
    with file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
