"""Attachments in a directory of this machine, or of a file server that all nodes share."""

from __future__ import annotations

import os
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage


class LocalAttachmentStorage(FileSystemStorage):
    """A directory whose new names survive a power cut. The content is flushed by `Spool` before."""

    def open_range(self, name: str, wanted: range) -> IO[bytes]:
        """Open a file at the first of these bytes. Raises FileNotFoundError."""
        file: IO[bytes] = self.open(name, "rb")
        file.seek(wanted.start)
        return file

    def all_files(self) -> list[str]:
        """Return the names of all files and thumbnails, which are two directories deep."""
        found = []
        for first in self._directories(""):
            for second in self._directories(first) if len(first) == 2 else ():
                found += [f"{first}/{second}/{name}" for name in self.listdir(f"{first}/{second}")[1]]
        return found

    def delete_unfinished(self) -> None:
        """Do nothing: a file is in the directory only when it is whole."""

    def signed_url(self, name: str, *, method: str, content_type: str, disposition: str) -> str:
        """Return nothing: the files have no address of their own."""
        return ""

    def _save(self, name: str, content: File[Any]) -> str:
        saved: str = super()._save(name, content)  # type: ignore[misc]
        directory = os.open(os.path.dirname(self.path(saved)), os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return saved

    def _directories(self, name: str) -> list[str]:
        try:
            return self.listdir(name)[0]
        except FileNotFoundError:
            return []
