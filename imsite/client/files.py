"""Files that the client uploads: from a path, from bytes, or from a file object."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

UNKNOWN_TYPE = "application/octet-stream"
NAMELESS = "file"


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file with the name and MIME type to show. By default they come from the path, and the type from the name."""

    content: str | os.PathLike[str] | bytes | BinaryIO
    """A path, the content, or a seekable binary file object, which is read from its present position."""
    name: str = ""
    content_type: str = ""


FileSource = OutgoingFile | str | os.PathLike[str] | bytes | BinaryIO
"""A file for `send`, alone or with a name; see `OutgoingFile.content`."""


class FileContent:
    """The content of an open file, read in pieces, with its name and MIME type."""

    def __init__(self, stream: BinaryIO, *, name: str, content_type: str) -> None:
        self._stream = stream
        self._start = stream.tell()
        self.size = stream.seek(0, os.SEEK_END) - self._start
        self.name = name or NAMELESS
        self.content_type = content_type or mimetypes.guess_type(self.name)[0] or UNKNOWN_TYPE

    def read(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset` on, fewer at the end only."""
        self._stream.seek(self._start + offset)
        count = min(count, self.size - offset)
        piece = self._stream.read(count)
        if len(piece) != count:
            raise OSError(f"{self.name} has become shorter while it was read.")
        return piece


@contextmanager
def open_content(source: FileSource) -> Iterator[FileContent]:
    """Open a file for reading. A file object of the program stays open, at its position. Raises OSError."""
    file = source if isinstance(source, OutgoingFile) else OutgoingFile(source)
    content, name, content_type = file.content, file.name, file.content_type
    if isinstance(content, bytes):
        yield FileContent(BytesIO(content), name=name, content_type=content_type)
    elif isinstance(content, str | os.PathLike):
        with open(content, "rb") as stream:
            yield FileContent(stream, name=name or os.path.basename(content), content_type=content_type)
    else:
        path = getattr(content, "name", None)
        position = content.tell()
        try:
            own_name = os.path.basename(path) if isinstance(path, str) else ""
            yield FileContent(content, name=name or own_name, content_type=content_type)
        finally:
            content.seek(position)
