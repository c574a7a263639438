"""Writes an archive into a directory, and continues one that was interrupted.

`users.jsonl` and `channels.jsonl` have a record in each line, `messages/<channel>.jsonl` the messages of a channel in
order, and `files/<key>` the files. `archive.json` says in the end that the archive is complete.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec
import orjson

from chat.archives.selection import Selection, channel_record, user_record
from chat.attachments import storage
from chat.imports.importer import OpenBar
from chat.imports.readers.archive import ABOUT, CHANNELS, FORMAT, MESSAGES, USERS, VERSION, About
from chat.imports.records import FileRecord, MessageRecord, ReactionRecord
from chat.imports.report import Report
from chat.models import Attachment, Channel, Message, Pin, ReactionUser
from chat.rules import TYPES_WITH_TEXT

FILES = "files"
_MESSAGES_PER_STEP = 1000
_COPY_BYTES = 2**20


def write_archive(directory: Path, selection: Selection, *, open_bar: OpenBar) -> Report:
    """Export the selection into the directory; return what was written.

    If the directory has an incomplete archive of the same selection, it continues: messages that came meanwhile are
    included, and those that were recalled meanwhile are dropped. Raises FileExistsError if the directory contains
    something else.
    """
    report = Report()
    _begin(directory, selection)
    channels = list(selection.channels().select_related("app"))
    records = (channel_record(channel, selection.members(channel)) for channel in channels)
    report.created["channel"] = _write_lines(directory / CHANNELS, records)
    with open_bar("Messages", sum(channel.last_seq for channel in channels)) as bar:
        for channel in channels:
            _write_messages(directory, selection, channel, report)
            bar.update(channel.last_seq)
    for channel in channels:
        _drop_gone(directory, channel)
    _drop_files_without_messages(directory / FILES)
    # Last, so that it has all senders, those who have come meanwhile too.
    report.created["user"] = _write_lines(directory / USERS, (user_record(user) for user in selection.users()))
    _write_about(directory, selection, complete=True)
    return report


def _begin(directory: Path, selection: Selection) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(directory.iterdir()):
        _write_about(directory, selection, complete=False)
    elif not (directory / ABOUT).is_file() or (directory / ABOUT).read_bytes() != _about(selection, complete=False):
        raise FileExistsError(directory)
    directory.chmod(0o700)
    for name in (MESSAGES, FILES):
        (directory / name).mkdir(exist_ok=True)


def _about(selection: Selection, *, complete: bool) -> bytes:
    about = msgspec.to_builtins(About(format=FORMAT, version=VERSION, complete=complete))
    about["channels"] = [str(pk) for pk in selection.channel_ids]
    about["user"] = str(selection.user.pk) if selection.user is not None else ""
    return orjson.dumps(about)


def _write_about(directory: Path, selection: Selection, *, complete: bool) -> None:
    _replace(directory / ABOUT, [_about(selection, complete=complete)])


def _write_lines(path: Path, records: Iterable[msgspec.Struct]) -> int:
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for record in records:
            count += 1
            yield msgspec.json.encode(record) + b"\n"

    _replace(path, lines())
    return count


def _replace(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file as a whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    _write_synced(unfinished, pieces)
    unfinished.replace(path)


def _write_synced(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


def _write_messages(directory: Path, selection: Selection, channel: Channel, report: Report) -> None:
    after = _drop_gone(directory, channel)
    with (directory / MESSAGES / f"{channel.pk}.jsonl").open("ab") as file:
        while rows := list(selection.messages(channel.pk, after)[:_MESSAGES_PER_STEP]):
            file.writelines(_records(directory, rows, report))
            # The next run continues after the last whole line.
            file.flush()
            os.fsync(file.fileno())
            after = rows[-1].seq
            report.created["message"] += len(rows)


def _drop_gone(directory: Path, channel: Channel) -> int:
    """Drop messages from the channel's file that were recalled or deleted meanwhile, with their files.

    A line that was not written to its end goes too. Return the number of the last message that remains; 0 if none does.
    """
    path, last_seq, is_changed = directory / MESSAGES / f"{channel.pk}.jsonl", 0, False
    if not path.exists():
        return 0

    def remaining(file: IO[bytes]) -> Iterator[bytes]:
        nonlocal last_seq, is_changed
        while lines := list(islice(file, _MESSAGES_PER_STEP)):
            whole = [line for line in lines if line.endswith(b"\n")]
            records = [msgspec.json.decode(line, type=MessageRecord) for line in whole]
            rows = Message.objects.filter(pk__in=[int(record.key) for record in records], recalled_at=None)
            seqs = dict(rows.values_list("pk", "seq"))
            is_changed = is_changed or len(seqs) < len(lines)
            last_seq = max(seqs.values(), default=last_seq)
            for line, record in zip(whole, records, strict=True):
                if int(record.key) in seqs:
                    yield line
                    continue
                for exported in record.files:
                    if exported.path:
                        (directory / exported.path).unlink(missing_ok=True)

    unfinished = path.with_name(path.name + ".part")
    with path.open("rb") as file:
        _write_synced(unfinished, remaining(file))
    if is_changed:
        unfinished.replace(path)
    else:
        unfinished.unlink()
    return last_seq


def _drop_files_without_messages(files: Path) -> None:
    """Delete files whose messages are recalled or deleted, and unfinished ones.

    A run that was interrupted between a file and the line of its message leaves a file that no line names.
    """
    names = (file.name for file in files.iterdir())
    while batch := list(islice(names, _MESSAGES_PER_STEP)):
        found = Attachment.objects.filter(key__in=batch, message__isnull=False, message__recalled_at=None)
        for name in {*batch}.difference(found.values_list("key", flat=True)):
            (files / name).unlink()


def _records(directory: Path, rows: Sequence[Message], report: Report) -> Iterator[bytes]:
    ids = [row.pk for row in rows]
    reactions: dict[int, dict[str, list[str]]] = {}
    chosen = ReactionUser.objects.filter(reaction__message__in=ids).order_by("pk")
    for message, emoji, user in chosen.values_list("reaction__message", "reaction__emoji", "user"):
        reactions.setdefault(message, {}).setdefault(emoji, []).append(str(user))
    files: dict[int, list[FileRecord]] = {}
    ready = Attachment.objects.filter(message__in=ids, state=Attachment.State.READY).order_by("message", "index")
    for file in ready:
        files.setdefault(file.message_id or 0, []).append(_write_file(directory, file, report))
    pinned = set(Pin.objects.filter(message__in=ids).values_list("message", flat=True))
    for row in rows:
        record = MessageRecord(
            key=str(row.pk),
            channel=str(row.channel_id),
            sender=str(row.sender_id),
            time=row.time,
            text=row.text if row.type in TYPES_WITH_TEXT else "",
            action=row.type == "action",
            shown_as=row.shown_as,
            thread=str(row.thread or ""),
            in_channel=row.thread is not None and not row.thread_only,
            reply_to=str(row.reply_to or ""),
            edited_at=row.edited_at or 0,
            pinned=row.pk in pinned,
            files=files.get(row.pk, []),
            reactions=[ReactionRecord(emoji=emoji, users=users) for emoji, users in reactions.get(row.pk, {}).items()],
        )
        yield msgspec.json.encode(record) + b"\n"


def _write_file(directory: Path, row: Attachment, report: Report) -> FileRecord:
    path = directory / FILES / row.key
    record = FileRecord(name=row.name, path=f"{FILES}/{row.key}", type=row.content_type)
    if path.exists():
        return record
    unfinished = path.with_name(path.name + ".part")
    try:
        with storage.open_file(row.file) as source, unfinished.open("wb") as target:
            shutil.copyfileobj(source, target, _COPY_BYTES)
            target.flush()
            os.fsync(target.fileno())
    except FileNotFoundError:
        report.problem("files that the storage does not have")
        return FileRecord(name=row.name, type=row.content_type)
    unfinished.replace(path)
    report.created["file"] += 1
    return record
