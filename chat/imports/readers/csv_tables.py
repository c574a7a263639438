"""Reads the documented CSV form (`deploy/moving.md`), into which any other export can be brought."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import IO, TypeVar, cast

import msgspec

from chat.imports.folders import Folder, text_lines
from chat.imports.records import (
    ChannelRecord,
    FileRecord,
    MemberRecord,
    MessageRecord,
    ReactionRecord,
    UnreadableExport,
    UserRecord,
)

_COLUMNS = {
    "users.csv": ("name",),
    "channels.csv": ("channel",),
    "members.csv": ("channel", "user"),
    "messages.csv": ("id", "channel", "user", "time"),
    "reactions.csv": ("message", "emoji", "user"),
}
"""The columns that each file must have."""
_OPTIONAL = frozenset({"reactions.csv"})
T = TypeVar("T")
_TRUE = frozenset({"1", "yes", "true"})


class CsvExport:
    """The tables as a directory or ZIP file."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._names = frozenset(folder.names())
        for path, columns in _COLUMNS.items():
            if path in self._names:
                self._check(path, columns)
            elif path not in _OPTIONAL:
                raise UnreadableExport(f"{path} is missing.")

    def users(self) -> Iterator[UserRecord]:
        for number, row in self._rows("users.csv"):
            fields = {"key": row["name"], "name": row["name"], "kind": row.get("kind") or "person"}
            fields |= {"nickname": row.get("nickname", ""), "email": row.get("email", "")}
            is_active = row.get("active", "") == "" or row["active"].lower() in _TRUE
            yield _record(UserRecord, {**fields, "active": is_active}, "users.csv", number)

    def channels(self) -> Iterator[ChannelRecord]:
        members: dict[str, list[MemberRecord]] = {}
        for number, row in self._rows("members.csv"):
            fields = {"user": row["user"], "role": row.get("role") or "member"}
            members.setdefault(row["channel"], []).append(_record(MemberRecord, fields, "members.csv", number))
        for number, row in self._rows("channels.csv"):
            kind, join = row.get("kind") or "group", row.get("join") or "invite"
            channel: dict[str, object] = {"key": row["channel"], "kind": kind, "join": join, "history": "all"}
            channel["name"] = "" if kind == "private" else row.get("name") or row["channel"]
            channel |= {"topic": row.get("topic", ""), "description": row.get("description", "")}
            channel |= {"listed": join == "open", "closed": row.get("closed", "").lower() in _TRUE}
            channel["members"] = members.get(row["channel"], [])
            yield _record(ChannelRecord, channel, "channels.csv", number)

    def messages(self) -> Iterator[MessageRecord]:
        reactions: dict[str, dict[str, list[str]]] = {}
        if "reactions.csv" in self._names:
            for _, row in self._rows("reactions.csv"):
                reactions.setdefault(row["message"], {}).setdefault(row["emoji"], []).append(row["user"])
        for number, row in self._rows("messages.csv"):
            paths = [path.strip() for path in row.get("files", "").split("|") if path.strip()]
            yield MessageRecord(
                key=row["id"],
                channel=row["channel"],
                sender=row["user"],
                time=_milliseconds(row["time"], "messages.csv", number),
                text=row.get("text", ""),
                thread=row.get("thread", ""),
                in_channel=row.get("in_channel", "").lower() in _TRUE,
                reply_to=row.get("reply_to", ""),
                edited_at=_milliseconds(row["edited"], "messages.csv", number) if row.get("edited") else 0,
                pinned=row.get("pinned", "").lower() in _TRUE,
                files=[FileRecord(name=path.rpartition("/")[2], path=f"files/{path}") for path in paths],
                reactions=[
                    ReactionRecord(emoji=emoji, users=users) for emoji, users in reactions.get(row["id"], {}).items()
                ],
            )

    def open_file(self, path: str) -> AbstractContextManager[IO[bytes]]:
        return self._folder.open(path)

    def _check(self, path: str, columns: tuple[str, ...]) -> None:
        with self._folder.open(path) as file:
            try:
                found = next(csv.reader(text_lines(file, path)), [])
            except (csv.Error, UnicodeDecodeError) as error:
                raise UnreadableExport(f"{path}, line 1: {error}.") from None
        if missing := [column for column in columns if column not in found]:
            raise UnreadableExport(f"{path}: its first line must name the column {', '.join(missing)}.")

    def _rows(self, path: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the rows with the numbers of their last lines."""
        with self._folder.open(path) as file:
            rows = csv.DictReader(text_lines(file, path), restval="")
            try:
                for row in rows:
                    yield rows.line_num, cast("dict[str, str]", row)
            except (csv.Error, UnicodeDecodeError) as error:
                raise UnreadableExport(f"{path}, line {rows.line_num}: {error}.") from None


def _record(kind: type[T], fields: object, path: str, number: int) -> T:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise UnreadableExport(f"{path}, line {number}: {error}.") from None


def _milliseconds(text: str, path: str, number: int) -> int:
    """Return a time in Unix milliseconds, which it may be already, or in ISO 8601, in UTC unless it names a zone."""
    try:
        if text.isascii() and text.isdigit():
            return int(text)
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableExport(f"{path}, line {number}: {text!r} is no time.") from None
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
