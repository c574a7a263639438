"""A message by `/me` is a text like others: for old clients, search, export, and the expiry of files."""

from __future__ import annotations

import json

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import encoders, payloads
from chat.actions.message import message_draft_action, message_recall, message_send_now
from chat.actions.retention import files_delete_expired
from chat.models import Channel, Message
from chat.wire import protobuf_codec
from delivery import log
from tests.support.export import unpacked_export

pytestmark = pytest.mark.django_db


def test_an_action_is_a_text_everywhere(alice: User, group: Channel, settings: Settings) -> None:
    before = log.head()
    stored = message_send_now(message_draft_action(sender=alice.pk, channel=group.pk, text="waves"))
    (entry,) = log.read(before, 9)
    push = encoders.protobuf_push(entry)
    assert push is not None
    message = protobuf_codec.decode_pushed_message(push)
    assert message is not None
    assert (message.message_type, message.content) == (1, b"* Alice waves")
    (line,) = [json.loads(text) for text in unpacked_export(alice)["messages.jsonl"].splitlines()]
    assert line["text"] == "waves" and "file" not in line

    settings.IM_FILE_RETENTION_DAYS = 1
    Message.objects.update(time=1)
    assert files_delete_expired() == 0
    row = Message.objects.select_related("sender").get()
    assert (row.text, payloads.message(row, row.sender)["content"]) == ("waves", "waves")

    message_recall(user=alice, channel_id=group.pk, message_id=stored.id, app=None)
    row.refresh_from_db()
    recalled = payloads.message(row, row.sender)
    assert (recalled["type"], recalled["msg"], recalled["content"], recalled["recalled"]) == ("text", "", "", True)
    assert "waves" not in str([entry.body for entry in log.read(before, 9)])
