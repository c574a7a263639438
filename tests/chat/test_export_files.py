"""The user's export contains the files that the user has uploaded."""

from __future__ import annotations

import orjson
import pytest
from django.core.files.base import ContentFile

from accounts.models import User
from chat import export_uploads as exporting
from chat.actions.message import message_draft, message_send_now
from chat.attachments import storage
from chat.models import Channel
from tests.support.attachments import ready_attachment
from tests.support.export import unpacked_export

pytestmark = pytest.mark.django_db


def test_files_are_exported_under_the_names_that_messages_give(
    alice: User, bob: User, group: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_UPLOADS_PER_PAGE", 1)
    monkeypatch.setattr(exporting, "_PIECE_BYTES", 2)
    name = storage.new_name()
    storage.save(name, ContentFile(b"hello"))
    sent = ready_attachment(alice, "notes ü.txt", file=name)
    unsent = ready_attachment(alice, "notes ü.txt", file=name)
    lost, removed = ready_attachment(alice, file="aa/lost"), ready_attachment(alice, file=name, state="removed")
    theirs = ready_attachment(bob, file=name)
    message_send_now(message_draft(sender=alice.pk, channel=group.pk, text="", attachments=[sent.key]))
    files = unpacked_export(alice)
    (line,) = files["messages.jsonl"].splitlines()
    (named,) = orjson.loads(line)["attachments"]
    assert files[named["file"]] == files[f"files/{unsent.key}/notes ü.txt"] == b"hello"
    assert files[f"files/{lost.key}/photo.jpg"] == b""
    assert not any(row.key in archived for row in (removed, theirs) for archived in files)
