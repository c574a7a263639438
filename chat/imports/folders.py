"""The files of an export: a directory, or a ZIP file that is read where it lies.

The export may be hostile: names lead nowhere else, and no more than `IM_IMPORT_JSON_MAX_BYTES` of a file is in memory.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar, cast

import msgspec
import orjson
from django.conf import settings

from chat.imports.records import UnreadableExport

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")
_READ_BYTES = 2**20
_ENCRYPTED = 1
"""The flag of a file in a ZIP file that needs a password."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError)
"""Errors of Python's ZIP reader for a file that is damaged, or packed by a method that it does not know."""


class Folder(Protocol):
    """The files of an export by their paths, which have `/` between their parts."""

    def names(self) -> list[str]:
        """Return the paths of all files, sorted."""
        ...

    def open(self, path: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file. Raises FileNotFoundError, also for a path that leads out of the export."""
        ...


class Directory:
    """A directory."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def names(self) -> list[str]:
        files = (path for path in self._root.rglob("*") if path.is_file() and not path.is_symlink())
        names = (path.relative_to(self._root).as_posix() for path in files)
        return sorted(name for name in names if not _is_metadata(name))

    def open(self, path: str) -> AbstractContextManager[IO[bytes]]:
        # The path may come from a message of the export: with NUL, of any length, through a circle of links.
        try:
            found = (self._root / path).resolve()
            if not found.is_relative_to(self._root) or not found.is_file():
                raise FileNotFoundError(path)
            return found.open("rb")
        except (OSError, RuntimeError, ValueError):
            raise FileNotFoundError(path) from None


class Archive:
    """A ZIP file. A single directory around all its files is left out of their paths."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (*_DAMAGE, ValueError, struct.error):
            raise UnreadableExport(f"{path.name} is not a ZIP file.") from None
        files = [info for info in self._zip.infolist() if not info.is_dir() and not _is_metadata(info.filename)]
        if any(info.flag_bits & _ENCRYPTED for info in files):
            raise UnreadableExport(f"{path.name} is encrypted. Unpack it, and import the directory.")
        names = [info.filename for info in files]
        tops = {name.partition("/")[0] for name in names}
        self._prefix = f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""
        self._names = frozenset(names)

    def names(self) -> list[str]:
        return sorted(name.removeprefix(self._prefix) for name in self._names)

    def open(self, path: str) -> AbstractContextManager[IO[bytes]]:
        if (name := self._prefix + path) not in self._names:
            raise FileNotFoundError(path)
        return io.BufferedReader(_ZippedFile(self._zip, name))


class _ZippedFile(io.RawIOBase):
    """A file of a ZIP file. Raises UnreadableExport where it is damaged."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._name = name
        try:
            self._file = archive.open(name)
        except _DAMAGE as error:
            raise UnreadableExport(f"{name} is damaged: {error}.") from None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        try:
            return cast(io.BufferedIOBase, self._file).readinto(buffer)
        except _DAMAGE as error:
            raise UnreadableExport(f"{self._name} is damaged: {error}.") from None

    def close(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
        super().close()


def _is_metadata(name: str) -> bool:
    """Return whether macOS has added the file."""
    parts = PurePosixPath(name).parts
    return not parts or parts[0] == "__MACOSX" or parts[-1].startswith("._") or parts[-1] == ".DS_Store"


def open_folder(path: Path) -> Folder:
    """Return the files of an export. Raises UnreadableExport."""
    if path.is_dir():
        return Directory(path)
    if path.is_file():
        return Archive(path)
    raise UnreadableExport(f"{path} does not exist.")


def read_json(folder: Folder, path: str, type: type[T]) -> T:
    """Return the content of a JSON file. Raises UnreadableExport if it is missing, too large or malformed."""
    content = bytearray()
    try:
        with folder.open(path) as file:
            while piece := file.read(_READ_BYTES):
                content += piece
                if len(content) > settings.IM_IMPORT_JSON_MAX_BYTES:
                    raise UnreadableExport(f"{path} has {_more_than_allowed()}.")
    except FileNotFoundError:
        raise UnreadableExport(f"{path} is missing.") from None
    try:
        return msgspec.json.decode(content, type=type)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableExport(f"{path}: {error}.") from None


def _numbered_lines(folder: Folder, path: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that are not empty, with their numbers. Raises UnreadableExport."""
    limit = settings.IM_IMPORT_JSON_MAX_BYTES
    try:
        opened = folder.open(path)
    except FileNotFoundError:
        raise UnreadableExport(f"{path} is missing.") from None
    with opened as file:
        number = 0
        while line := file.readline(limit + 1):
            number += 1
            if len(line) > limit:
                raise UnreadableExport(f"{path}, line {number} has {_more_than_allowed()}.")
            if line.strip():
                yield number, line


def read_lines(folder: Folder, path: str, decode: Callable[[bytes], Any] = orjson.loads) -> Iterator[Any]:
    """Yield the decoded JSON of a file's lines. Raises UnreadableExport with the number of a bad line."""
    for number, line in _numbered_lines(folder, path):
        try:
            yield decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise UnreadableExport(f"{path}, line {number}: {error}.") from None


def text_lines(file: IO[bytes], path: str) -> Iterator[str]:
    """Yield the lines of a UTF-8 text, without a byte order mark. Raises UnreadableExport."""
    limit = settings.IM_IMPORT_JSON_MAX_BYTES
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    while line := text.readline(limit + 1):
        if len(line) > limit:
            raise UnreadableExport(f"{path} has a line of {_more_than_allowed()}.")
        yield line


def _more_than_allowed() -> str:
    return f"more than IM_IMPORT_JSON_MAX_BYTES ({settings.IM_IMPORT_JSON_MAX_BYTES}) bytes"
