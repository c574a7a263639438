"""Puts the messages of an export in order: by channel, then time. A temporary SQLite file holds them, not memory."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from chat.imports.records import MessageRecord

_ROWS_PER_INSERT = 5000


class StagedMessages:
    """Messages in the order of their times within each channel; equal times stay in the order of the export.

    A context manager, which deletes the file at its end.
    """

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="imsite-import-")
        self._rows = sqlite3.connect(Path(self._directory.name) / "messages.sqlite3")
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("PRAGMA synchronous = OFF")
        self._rows.execute("CREATE TABLE message (channel TEXT, time INTEGER, number INTEGER, body BLOB)")

    def __enter__(self) -> StagedMessages:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()
        self._directory.cleanup()

    def add(self, messages: Iterable[MessageRecord]) -> None:
        """Take over the messages. Call it once, before the others."""
        encode = msgspec.msgpack.encode
        rows = ((message.channel, message.time, number, encode(message)) for number, message in enumerate(messages))
        while some := list(islice(rows, _ROWS_PER_INSERT)):
            self._rows.executemany("INSERT INTO message VALUES (?, ?, ?, ?)", some)
        self._rows.execute("CREATE INDEX message_order ON message (channel, time, number)")

    def counts(self) -> dict[str, int]:
        """Return the number of messages in each channel, by its key."""
        return dict(self._rows.execute("SELECT channel, count(*) FROM message GROUP BY channel"))

    def of_channel(self, key: str) -> Iterator[MessageRecord]:
        """Yield the messages of a channel in order."""
        decode = msgspec.msgpack.Decoder(MessageRecord).decode
        found = self._rows.execute("SELECT body FROM message WHERE channel = ? ORDER BY time, number", (key,))
        for (body,) in found:
            yield decode(body)
