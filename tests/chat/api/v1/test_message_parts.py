"""`POST /api/v1/messages/` sends files, and answers in threads."""

from __future__ import annotations

import pytest

from accounts.models import App, User
from chat.models import Message
from tests.chat.api.v1.calls import send
from tests.chat.api.v1.conftest import Caller
from tests.support.attachments import ready_attachment
from tests.support.both_ways import each_way

pytestmark = [pytest.mark.django_db(transaction=True), each_way]


def test_a_service_sends_a_file_without_text(bot: Caller, shop: User, alice: User) -> None:
    file = ready_attachment(shop, "invoice.pdf")
    reply = send(bot, {"user": "alice"}, "", attachments=[file.key], clientMsgId="k")
    again = send(bot, {"user": "alice"}, "", attachments=[file.key], clientMsgId="k")
    assert (reply.status, again.status) == (201, 200)
    message = Message.objects.get()
    assert (message.type, message.text) == ("file", "")
    assert message.attachments is not None and message.attachments[0]["name"] == "invoice.pdf"
    assert again.data["messages"][0]["id"] == reply.data["messages"][0]["id"]


def test_files_of_others_and_messages_without_anything_are_refused(bot: Caller, alice: User) -> None:
    file = ready_attachment(alice)
    assert send(bot, {"user": "alice"}, "", attachments=[file.key]).data["reason"] == "attachment_not_found"
    assert send(bot, {"user": "alice"}, "", attachments=[]).data["reason"] == "message_empty"


def test_files_have_one_destination(bot: Caller, shop: User, alice: User, bob: User, web: App) -> None:
    keys = [ready_attachment(shop).key]
    for to, more in (({"users": ["alice", "bob"]}, {}), ({"everyone": True}, {}), ({"app": 101}, {"transient": True})):
        reply = send(bot, to, "x", attachments=keys, **more)
        assert (reply.status, reply.data["reason"]) == (400, "attachments_one_destination"), to


def test_a_service_answers_in_a_thread(bot: Caller, alice: User) -> None:
    (root,) = send(bot, {"user": "alice"}, "your parcel").data["messages"]
    send(bot, {"user": "alice"}, "has left", threadId=root["id"])
    send(bot, {"user": "alice"}, "and arrived", threadId=root["id"], alsoToChannel=True)
    answers = Message.objects.exclude(thread=None).order_by("seq").values_list("thread", "thread_only", "text")
    assert list(answers) == [(int(root["id"]), True, "has left"), (int(root["id"]), False, "and arrived")]


def test_an_answer_needs_its_thread_and_is_stored(bot: Caller, alice: User, web: App) -> None:
    (root,) = send(bot, {"user": "alice"}, "your parcel").data["messages"]
    assert send(bot, {"app": 101}, "x", threadId=root["id"]).data["reason"] == "thread_not_found"
    reply = send(bot, {"user": "alice"}, "x", threadId=root["id"], transient=True)
    assert (reply.status, reply.data["reason"]) == (400, "transient_in_thread")
