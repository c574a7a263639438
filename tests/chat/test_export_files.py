"""The export contains the files that a user has uploaded, streamed from the storage."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import PurePosixPath

import pytest

from accounts.models import User
from chat import export_files
from chat.actions.message import message_recall
from chat.attachments import storage
from chat.export import export
from chat.export_files import archive_path
from chat.models import Attachment, Channel
from tests.support.attachments import ready_attachment, stored_attachment
from tests.support.export import unpacked_export
from tests.support.in_process import say


@pytest.mark.parametrize(
    ("name", "stored_as"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("C:\\x\x00y?.txt", "C__x_y_.txt"),
        ("..", "file"),
        ("end. ", "end"),
        ("家" * 200 + ".png", "家" * 65 + ".png"),
        ("a." + "b" * 300, "a." + "b" * 198),
    ],
)
def test_a_path_in_the_archive_is_safe(name: str, stored_as: str) -> None:
    assert archive_path("key", name) == f"files/key/{stored_as}"


def test_sent_files_of_alice_are_in_the_archive(alice: User, bob: User, group: Channel) -> None:
    photo, notes = stored_attachment(alice, b"PHOTO"), stored_attachment(alice, b"NOTES", "notes ☂.txt")
    say(alice, group, "look", attachments=(photo.key, notes.key), type="file")
    say(alice, group, "no file")
    say(bob, group, "mine", attachments=(stored_attachment(bob, b"BOB'S").key,), type="file")
    files = unpacked_export(alice)
    with_files, without = map(json.loads, files["messages.jsonl"].splitlines())
    assert [files[item["file"]] for item in with_files["attachments"]] == [b"PHOTO", b"NOTES"]
    assert [PurePosixPath(item["file"]).name for item in with_files["attachments"]] == ["photo.jpg", "notes ☂.txt"]
    assert "attachments" not in without
    assert b"BOB'S" not in files.values()


def test_a_file_that_is_gone_is_noted(alice: User, group: Channel) -> None:
    kept, lost, removed = (stored_attachment(alice, name=f"{number}.jpg") for number in range(3))
    say(alice, group, attachments=(kept.key, lost.key, removed.key), type="file")
    storage.delete_file(lost.file)
    Attachment.objects.filter(pk=removed.pk).update(state=Attachment.State.REMOVED)
    files = unpacked_export(alice)
    items = json.loads(files["messages.jsonl"])["attachments"]
    assert [item.get("missing", False) for item in items] == [False, True, True]
    assert [name for name in files if name.startswith("files/")] == [items[0]["file"]]
    assert "file" not in items[1]


def test_files_of_recalled_messages_are_not_exported(alice: User, group: Channel) -> None:
    sent = say(alice, group, attachments=(stored_attachment(alice, b"REGRETTED").key,), type="file")
    message_recall(user=alice, channel_id=group.pk, message_id=sent.id, app=901)
    assert b"REGRETTED" not in unpacked_export(alice).values()


def test_unsent_uploads_are_listed(alice: User, bob: User) -> None:
    ready = stored_attachment(alice, b"UNSENT", "draft.pdf")
    ready_attachment(alice, "draft.pdf", file="aa/lost")
    ready_attachment(alice, "half.bin", state=Attachment.State.UPLOADING, size=9)
    ready_attachment(alice, "cancelled.bin", state=Attachment.State.REMOVED)
    stored_attachment(bob, b"BOB'S")
    files = unpacked_export(alice)
    listed = json.loads(files["uploads.json"])
    assert [(item["name"], item["state"], item.get("file"), item.get("missing")) for item in listed] == [
        ("draft.pdf", "ready", f"files/{ready.key}/draft.pdf", None),
        ("draft.pdf", "ready", None, True),
        ("half.bin", "uploading", None, None),
    ]
    assert files[listed[0]["file"]] == b"UNSENT"
    assert b"BOB'S" not in files.values()


def test_a_large_file_leaves_in_pieces(alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files, "_COPY_BYTES", 1000)
    content = bytes(range(256)) * 400
    row = stored_attachment(alice, content)
    say(alice, group, attachments=(row.key,), type="file")
    pieces = list(export(alice))
    assert max(map(len, pieces)) < 12_000 < len(content)
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.read(archive_path(row.key, row.name)) == content
