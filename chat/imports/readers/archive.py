"""Reads an archive that `manage.py export` has written: the records themselves, as JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import IO

import msgspec

from chat.imports.folders import Folder, read_json, read_lines
from chat.imports.records import ChannelRecord, MessageRecord, UnreadableExport, UserRecord

FORMAT = "imsite"
VERSION = 1
ABOUT, USERS, CHANNELS, MESSAGES = "archive.json", "users.jsonl", "channels.jsonl", "messages/"
"""The paths of an archive. `MESSAGES` begins the name of a channel's file."""


class About(msgspec.Struct, kw_only=True):
    """The first file of an archive. `complete` is false until everything has been exported."""

    format: str
    version: int
    complete: bool = False


class ArchiveExport:
    """An archive as a directory or ZIP file."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        about = read_json(folder, ABOUT, About)
        if about.format != FORMAT or about.version > VERSION:
            raise UnreadableExport(f"{ABOUT}: this version reads archives of the format {FORMAT}, up to {VERSION}.")
        if not about.complete:
            raise UnreadableExport("The archive is incomplete. Run the same `manage.py export` again; it continues.")

    def users(self) -> Iterator[UserRecord]:
        return read_lines(self._folder, USERS, msgspec.json.Decoder(UserRecord).decode)

    def channels(self) -> Iterator[ChannelRecord]:
        return read_lines(self._folder, CHANNELS, msgspec.json.Decoder(ChannelRecord).decode)

    def messages(self) -> Iterator[MessageRecord]:
        decode = msgspec.json.Decoder(MessageRecord).decode
        for name in self._folder.names():
            if name.startswith(MESSAGES):
                yield from read_lines(self._folder, name, decode)

    def open_file(self, path: str) -> AbstractContextManager[IO[bytes]]:
        return self._folder.open(path)
