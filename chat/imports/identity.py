"""Knows which records have been imported, and the ids of their rows here."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import NamedTuple

from chat.imports.records import Kind
from chat.models import ImportedRecord, Message
from delivery.db.bulk import Statement, insert_statements

_MAX_KEY_LENGTH = 200
_FIELDS = ("source", "kind", "key", "record")


class ImportedMessage(NamedTuple):
    """A message that has been imported. `thread` is the id of the message whose thread it belongs to."""

    pk: int
    seq: int
    sender: int
    thread: int | None


class ImportedRecords:
    """The records of one source. Users and channels are kept in memory; messages are looked up."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.users = self._load("user")
        self.channels = self._load("channel")

    def _load(self, kind: Kind) -> dict[str, int]:
        return dict(ImportedRecord.objects.filter(source=self.source, kind=kind).values_list("key", "record"))

    def user(self, key: str) -> int | None:
        return self.users.get(_stored("user", key))

    def channel(self, key: str) -> int | None:
        return self.channels.get(_stored("channel", key))

    def file(self, key: str) -> int | None:
        return self._find("file", [key]).get(key)

    def messages(self, keys: Collection[str]) -> dict[str, ImportedMessage]:
        """Return those of the messages that have been imported and still exist, by their keys."""
        ids = self._find("message", keys)
        found = Message.objects.filter(pk__in=ids.values()).values_list("pk", "seq", "sender", "thread")
        rows = {pk: ImportedMessage(pk, seq, sender, thread) for pk, seq, sender, thread in found}
        # Retention may have deleted a message. It is not imported again.
        gone = ImportedMessage(0, 0, 0, None)
        return {key: rows.get(pk, gone) for key, pk in ids.items()}

    def _find(self, kind: Kind, keys: Collection[str]) -> dict[str, int]:
        given = {_stored(kind, key): key for key in keys}
        rows = ImportedRecord.objects.filter(source=self.source, kind=kind, key__in=list(given))
        return {given[key]: record for key, record in rows.values_list("key", "record")}

    def add_user(self, key: str, pk: int) -> None:
        self._add("user", key, pk)
        self.users[_stored("user", key)] = pk

    def add_channel(self, key: str, pk: int) -> None:
        self._add("channel", key, pk)
        self.channels[_stored("channel", key)] = pk

    def add_file(self, key: str, pk: int) -> None:
        # The clean-up may have deleted the file of an interrupted import.
        ImportedRecord.objects.update_or_create(
            source=self.source, kind="file", key=_stored("file", key), defaults={"record": pk}
        )

    def _add(self, kind: Kind, key: str, pk: int) -> None:
        ImportedRecord.objects.create(source=self.source, kind=kind, key=_stored(kind, key), record=pk)

    def message_statements(self, ids: Iterable[tuple[str, int]]) -> list[Statement]:
        """Return the statements that record messages, from their keys and ids."""
        rows = [(self.source, "message", _stored("message", key), pk) for key, pk in ids]
        return insert_statements(ImportedRecord, _FIELDS, rows)


def _stored(kind: Kind, key: str) -> str:
    """Return the key as it is stored: a user's as a hash, because it may be a name, which must not outlive the account.

    So is one that is too long, or has a character that cannot be stored.
    """
    if kind != "user" and len(key) <= _MAX_KEY_LENGTH and "\0" not in key:
        return key
    return hashlib.sha256(key.encode()).hexdigest()
