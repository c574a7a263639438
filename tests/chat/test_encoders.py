"""Events are encoded for `/ws` in their present state."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from chat import encoders
from chat.wire import im_pb2 as im
from delivery.log import Entry

BODY = {"target": "7", "msg": "", "from": "bob", "fromId": "2", "time": 5}


def pushed(**body: object) -> im.Message:
    frame = encoders.protobuf_push(Entry(kind="msg", channel=7, body=BODY | body, position=3))
    assert frame is not None
    (output,) = im.OutputBatch.FromString(frame).outputs
    return im.PushMsg.FromString(im.Output.FromString(output).data).msg


@pytest.mark.parametrize("type", ["picture", "voice", "sticker"])
@pytest.mark.parametrize("kept", [{}, {"content": ""}, {"content": None}], ids=["none", "empty", "null"])
def test_a_message_without_content_is_pushed_empty(type: str, kept: dict[str, object]) -> None:
    message = pushed(type=type, **kept)
    assert (message.content, message.sender_id, message.receiver_id, message.seq) == (b"", 2, 7, 3)


def test_content_is_pushed_unchanged() -> None:
    message = pushed(type="picture", content="AP8=")
    assert (message.message_type, message.content) == (im.MT_PICTURE, b"\0\xff")
    assert pushed(type="text", msg="\u9a6c").content.decode() == "\u9a6c"


def test_files_are_pushed_as_a_text_with_their_addresses(settings: Settings) -> None:
    settings.IM_SITE_URL = "https://chat.example"
    message = pushed(type="file", msg="look [a.jpg]", content="look", attachments=[{"url": "/files/k/a.jpg"}])
    assert message.message_type == im.MT_TEXT
    assert message.content.decode() == "look [a.jpg]\nhttps://chat.example/files/k/a.jpg"
