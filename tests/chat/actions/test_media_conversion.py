"""Pictures and voice messages in the rows of messages become attachments, once, and whatever happens meanwhile."""

from __future__ import annotations

import base64
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from chat import encoders, payloads
from chat.actions.media_conversion import message_convert, unconverted_messages
from chat.actions.message import message_recall
from chat.attachments import storage
from chat.models import Attachment, Channel, InlineMedia, Message
from chat.search.index import index_find
from chat.search.queries import message_search
from chat.search.tokenizer import phrases
from chat.selectors import access_channel
from chat.selectors.inline_media import load_inline_media
from delivery import log
from tests.support.in_process import say
from tests.support.pictures import MARK, picture
from tests.support.transactions import OpenTransaction, in_thread, wait_until_waiting
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.django_db

DAY = 86_400_000


def store_old(sender: User, channel: Channel, content: bytes = b"", type: str = "picture") -> Message:
    """Store a message as former versions did."""
    said = say(sender, channel, base64.b64encode(content or picture()).decode(), type=type)
    Message.objects.filter(pk=said.id).update(time=said.time - DAY)
    return Message.objects.get(pk=said.id)


def convert() -> str:
    told = StringIO()
    call_command("convert_media", verbosity=0, stdout=told, stderr=told)
    return told.getvalue()


def test_a_picture_gets_a_file_and_clients_of_ws_its_bytes(alice: User, group: Channel) -> None:
    old = store_old(alice, group)
    before = encoders.protobuf_push(log.read(old.position - 1, 1)[0])
    assert "Converted 1 messages; 0 could not" in convert()

    message, row = Message.objects.get(), Attachment.objects.get()
    assert (message.type, message.text, message.attachments) == ("file", "", [payloads.attachment(row)])
    assert (row.message, row.uploader, row.kind, row.created_at) == (message, alice, "image", old.time)
    with storage.open_file(row.file) as file:
        assert MARK not in file.read()
    (entry,) = log.read(old.position - 1, 1)
    shown = payloads.message(message, alice)
    assert entry.body | {"position": message.position, "time": message.time} == shown
    load_inline_media([entry])
    assert encoders.protobuf_push(entry) == before
    assert index_find(phrases("picture"), channels=None, before=None, limit=9) == [message.pk]
    assert [found.pk for found in message_search(alice, "has:file", limit=9).messages] == [message.pk]


def test_a_second_run_changes_nothing(alice: User, group: Channel) -> None:
    store_old(alice, group)
    store_old(alice, group, b"voice", "voice")
    say(alice, group)
    assert "Converted 2 " in convert()
    rows = list(Message.objects.values())
    assert "Converted 0 " in convert()
    assert list(Message.objects.values()) == rows and Attachment.objects.count() == InlineMedia.objects.count() == 2


def test_a_refused_file_stays_in_its_row(alice: User, group: Channel, settings: Any) -> None:
    settings.IM_ATTACHMENT_TYPES = ["audio/*"]
    old = store_old(alice, group)
    assert f"Message {old.pk}: " in (told := convert()) and "Converted 0 messages; 1 could not" in told
    assert Message.objects.get().text == old.text


def test_a_message_that_is_recalled_meanwhile_stays_empty(
    alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = store_old(alice, group)
    from chat.actions import media_conversion

    def recall_first(**fields: Any) -> Attachment:
        message_recall(user=alice, channel_id=group.pk, message_id=old.pk, app=None)
        return store(**fields)

    store = media_conversion.inline_media_store
    monkeypatch.setattr(media_conversion, "inline_media_store", recall_first)
    assert not message_convert(message_id=old.pk)
    assert not unconverted_messages().exists()
    message = Message.objects.get()
    assert (message.type, message.text, message.attachments) == ("picture", "", None)
    assert Attachment.objects.get().state == Attachment.State.REMOVED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_conversion_waits_for_a_recall_that_has_read_the_message(alice: User, group: Channel) -> None:
    old = store_old(alice, group)
    with OpenTransaction(lambda: access_channel(alice, group.pk, lock=True)) as held:
        converting = in_thread(lambda: message_convert(message_id=old.pk))
        wait_until_waiting()
        assert Message.objects.get().type == "picture"
        held.commit()
        assert converting.result(TIMEOUT_SECONDS)
