"""Runs an import: users, channels, then the messages of each channel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Protocol, TypeVar

from msgspec import msgpack

from chat.imports.channels import finish_channel, store_channel
from chat.imports.emoji import EmojiNames
from chat.imports.files import store_files
from chat.imports.identity import ImportedRecords
from chat.imports.messages import MESSAGES_PER_BATCH, ChannelImport, store_messages
from chat.imports.normalization import normalized
from chat.imports.records import MALFORMED, ChannelRecord, Export, MessageRecord, UnreadableExport, UserRecord
from chat.imports.report import Report
from chat.imports.staging import StagedMessages
from chat.imports.users import UNKNOWN_SENDER, store_user

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Bar(Protocol):
    """A progress bar."""

    def update(self, n: int, /) -> object: ...


OpenBar = Callable[[str, int | None], AbstractContextManager[Bar]]
"""Opens a progress bar for so many of these; None if their number is not known."""


def import_export(export: Export, *, source: str, open_bar: OpenBar, dry_run: bool = False) -> Report:
    """Import what is not here yet; return what was done.

    `source` names the export: a repeated import under the same name continues, and stores nothing twice. A dry run only
    reads everything, and counts. Raises UnreadableExport, before anything is stored.
    """
    report, records = Report(), ImportedRecords(source)
    with StagedMessages() as staged:
        users = list({user.key: user for user in _read(export.users(), UserRecord)}.values())
        channels = list({channel.key: channel for channel in _read(export.channels(), ChannelRecord)}.values())
        with open_bar("Reading messages", None) as bar:
            staged.add(_counted(normalized(_read(export.messages(), MessageRecord), report), bar))
        counts = staged.counts()
        keys = {channel.key for channel in channels} & counts.keys()
        count = sum(counts[key] for key in keys)
        report.problem("messages of unknown channels", sum(counts.values()) - count)
        if dry_run:
            report.created["user"] = sum(records.user(user.key) is None for user in users)
            report.created["channel"] = sum(records.channel(channel.key) is None for channel in channels)
            report.created["message"] = count
            return report
        with open_bar("Users", len(users)) as bar:
            for user in _counted(iter(users), bar):
                store_user(user, records, report)
        targets: list[tuple[ChannelRecord, int]] = []
        with open_bar("Channels", len(channels)) as bar:
            for channel in _counted(iter(channels), bar):
                if (pk := store_channel(channel, records, report)) is not None:
                    targets.append((channel, pk))
        stored = sum(counts.get(channel.key, 0) for channel, _ in targets)
        report.problem("messages of channels that could not be made", count - stored)
        with open_bar("Messages", stored) as bar:
            emoji, unknown_sender = EmojiNames(), records.user(UNKNOWN_SENDER.key)
            if unknown_sender is None:
                unknown_sender = store_user(UNKNOWN_SENDER, records, Report())
            for channel, pk in targets:
                target = ChannelImport(pk, records, report, emoji, unknown_sender)
                _import_messages(target, export, staged, channel.key, bar)
                finish_channel(channel, pk, records)
    logger.info("import_finished", extra={"source": source, **{f"created_{k}s": n for k, n in report.created.items()}})
    return report


def _import_messages(target: ChannelImport, export: Export, staged: StagedMessages, key: str, bar: Bar) -> None:
    messages = staged.of_channel(key)
    while batch := list(islice(messages, MESSAGES_PER_BATCH)):
        with_files = [message for message in batch if message.files]
        known = target.records.messages([message.key for message in with_files]) if with_files else {}
        target.files = {
            message.key: store_files(
                message,
                target.records.user(message.sender) or target.unknown_sender,
                export,
                target.records,
                target.report,
            )
            for message in with_files
            if message.key not in known
        }
        store_messages(target, batch)
        bar.update(len(batch))


def _read(rows: Iterator[T], kind: type[T]) -> Iterator[T]:
    """Yield the records. Raises UnreadableExport where the reader does not find what the format promises."""
    number = 0
    encode, decode = msgpack.Encoder().encode, msgpack.Decoder(kind).decode
    try:
        for row in rows:
            # A record does not check its own types.
            yield decode(encode(row))
            number += 1
    except MALFORMED as error:
        text = f"The record after {number} others has an unexpected structure: {type(error).__name__} {error}."
        raise UnreadableExport(text) from error


def _counted(rows: Iterator[T], bar: Bar) -> Iterator[T]:
    for row in rows:
        yield row
        bar.update(1)
