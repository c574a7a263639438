"""Messages, their files and unsent uploads in the archive of an export."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any

import orjson
from django.db.models import Max, QuerySet

from accounts.models import User
from chat import rules
from chat.actions.media_conversion import base64_content
from chat.export_files import ZipBuffer, archive_path, write_file
from chat.models import Attachment, Message

_MESSAGES_PER_PAGE = 500
"""Messages read at a time, so that memory does not grow with the number of messages."""
_ENDINGS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"RIFF": "webp", b"OggS": "ogg", b"ID3": "mp3"}


def write_messages(archive: zipfile.ZipFile, sink: ZipBuffer, user: User) -> Iterator[bytes]:
    """Write `files/`, `uploads.json` and `messages.jsonl`; yield the archive's bytes in pieces."""
    # Messages that are sent meanwhile are left out, because their files are.
    own = Message.objects.filter(sender=user, pk__lte=_newest_message(user))
    # The files come before the lists that name them, so that the lists can tell which ones are missing.
    missing: set[str] = set()
    for page in _pages(own.filter(type="file", recalled_at=None)):
        yield from _write_attachments(archive, sink, page, missing)
    uploads = list(_unsent_uploads(user))
    for upload in uploads:
        if upload.state == Attachment.State.READY:
            yield from _write_upload(archive, sink, upload, missing)
    described = [_upload(row, missing) for row in uploads]
    archive.writestr("uploads.json", orjson.dumps(described, option=orjson.OPT_INDENT_2))
    with archive.open("messages.jsonl", "w", force_zip64=True) as lines:
        for page in _pages(own):
            for row in page:
                lines.write(orjson.dumps(_message(row, missing), option=orjson.OPT_APPEND_NEWLINE))
            yield sink.taken()
    for page in _pages(own.exclude(type__in=rules.TYPES_WITH_TEXT).filter(recalled_at=None)):
        for row in page:
            content = base64_content(row.text)
            archive.writestr(f"files/{row.pk}.{_ending(content)}", content, zipfile.ZIP_STORED)
            yield sink.taken()


def _write_attachments(
    archive: zipfile.ZipFile, sink: ZipBuffer, messages: list[Message], missing: set[str]
) -> Iterator[bytes]:
    """Write the files of these messages; add the keys of those that are gone to `missing`."""
    rows = Attachment.objects.filter(message__in=messages, state=Attachment.State.READY)
    ready = {row.key: row for row in rows}
    for message in messages:
        for item in message.attachments or ():
            if (row := ready.get(item["id"])) is None:
                missing.add(item["id"])
            else:
                yield from _write_upload(archive, sink, row, missing)


def _write_upload(archive: zipfile.ZipFile, sink: ZipBuffer, row: Attachment, missing: set[str]) -> Iterator[bytes]:
    try:
        yield from write_file(archive, sink, row)
    except FileNotFoundError:
        missing.add(row.key)


def _newest_message(user: User) -> int:
    return Message.objects.filter(sender=user).aggregate(newest=Max("pk"))["newest"] or 0


def _pages(messages: QuerySet[Message]) -> Iterator[list[Message]]:
    """Yield these messages in pages, oldest first."""
    after = 0
    while page := list(messages.filter(pk__gt=after).order_by("pk")[:_MESSAGES_PER_PAGE]):
        yield page
        after = page[-1].pk


def _unsent_uploads(user: User) -> QuerySet[Attachment]:
    unsent = Attachment.objects.filter(uploader=user, message=None).exclude(state=Attachment.State.REMOVED)
    return unsent.order_by("pk")


def _upload(row: Attachment, missing: set[str]) -> dict[str, Any]:
    fields = {"name": row.name, "type": row.content_type, "size": row.size, "state": row.state, "time": row.created_at}
    return fields | _file(row.key, row.name, missing) if row.state == Attachment.State.READY else fields


def _file(key: str, name: str, missing: set[str]) -> dict[str, Any]:
    """Return where the archive has the file, or that it has been removed from the site."""
    return {"missing": True} if key in missing else {"file": archive_path(key, name)}


def _message(row: Message, missing: set[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": str(row.pk),
        "channel": str(row.channel_id),
        "seq": row.seq,
        "time": row.time,
        "type": row.type,
    }
    if row.recalled_at is not None:
        return fields | {"recalledAt": row.recalled_at}
    if row.type in rules.TYPES_WITH_TEXT:
        fields["text"] = row.text
    if row.type == "file":
        fields["attachments"] = [_file(item["id"], item["name"], missing) | item for item in row.attachments or ()]
    elif row.type not in rules.TYPES_WITH_TEXT:
        fields["file"] = f"files/{row.pk}.{_ending(base64_content(row.text))}"
    if row.mentions:
        fields["mentions"] = [mention["name"] for mention in row.mentions]
    if row.forwarded is not None:
        fields["forwarded"] = row.forwarded
    if row.previews:
        fields["previews"] = row.previews
    if row.edited_at is not None:
        fields["editedAt"] = row.edited_at
    if row.reply_to is not None:
        fields["replyTo"] = str(row.reply_to)
    if row.thread is not None:
        fields["threadId"] = str(row.thread)
    return fields


def _ending(content: bytes) -> str:
    return next((ending for start, ending in _ENDINGS.items() if content.startswith(start)), "bin")
