"""The files of an export: a directory, or a ZIP file that is read where it lies."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol, TypeVar

import msgspec
import orjson

from chat.imports.records import UnreadableExport

T = TypeVar("T")


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
        return sorted(path.relative_to(self._root).as_posix() for path in files)

    def open(self, path: str) -> AbstractContextManager[IO[bytes]]:
        found = (self._root / path).resolve()
        # The path may come from a message of the export.
        if "\0" in path or not found.is_relative_to(self._root) or not found.is_file():
            raise FileNotFoundError(path)
        return found.open("rb")


class Archive:
    """A ZIP file. A single directory around all its files is left out of their paths."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except zipfile.BadZipFile:
            raise UnreadableExport(f"{path.name} is not a ZIP file.") from None
        names = [info.filename for info in self._zip.infolist() if not info.is_dir()]
        tops = {PurePosixPath(name).parts[0] for name in names}
        self._prefix = f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""
        self._names = frozenset(names)

    def names(self) -> list[str]:
        return sorted(name.removeprefix(self._prefix) for name in self._names)

    def open(self, path: str) -> AbstractContextManager[IO[bytes]]:
        if (name := self._prefix + path) not in self._names:
            raise FileNotFoundError(path)
        return self._zip.open(name)


def open_folder(path: Path) -> Folder:
    """Return the files of an export. Raises UnreadableExport."""
    if path.is_dir():
        return Directory(path)
    if path.is_file():
        return Archive(path)
    raise UnreadableExport(f"{path} does not exist.")


def read_json(folder: Folder, path: str, type: type[T]) -> T:
    """Return the content of a JSON file. Raises UnreadableExport if it is missing or has another structure."""
    try:
        with folder.open(path) as file:
            return msgspec.json.decode(file.read(), type=type)
    except FileNotFoundError:
        raise UnreadableExport(f"{path} is missing.") from None
    except msgspec.MsgspecError as error:
        raise UnreadableExport(f"{path}: {error}.") from None


def read_lines(folder: Folder, path: str) -> Iterator[Any]:
    """Yield the JSON values of a file's lines. Raises UnreadableExport with the number of a bad line."""
    try:
        opened = folder.open(path)
    except FileNotFoundError:
        raise UnreadableExport(f"{path} is missing.") from None
    with opened as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    yield orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    raise UnreadableExport(f"{path}, line {number}: {error}.") from None


def text_file(file: IO[bytes]) -> IO[str]:
    """Return the UTF-8 text of a file, without a byte order mark."""
    return io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
