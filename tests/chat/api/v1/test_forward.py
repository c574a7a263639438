"""`POST /api/v1/messages/<id>/forward/` forwards messages as a service and in users' names."""

from __future__ import annotations

import pytest

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.models import Message
from tests.chat.api.v1.calls import send
from tests.chat.api.v1.conftest import Caller
from tests.support.in_process import say

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_service_forwards_to_users_once(bot: Caller, shop: User, alice: User, bob: User) -> None:
    (first,) = send(bot, {"user": "alice"}, "hello").data["messages"]
    path, body = f"messages/{first['id']}/forward/", {"to": {"users": ["bob", "ghost"]}, "clientMsgId": "k"}
    reply, again = bot.post(path, body), bot.post(path, body)
    assert (reply.status, again.status) == (201, 200)
    stored, refused = reply.data["messages"]
    assert refused["problem"]["reason"] == "user_not_found"
    assert again.data["messages"][0]["id"] == stored["id"]
    message = Message.objects.get(pk=stored["id"])
    assert (message.text, message.forwarded and message.forwarded["from"]) == ("hello", "shop")
    assert Message.objects.count() == 2


def test_what_the_service_cannot_read_is_absent(bot: Caller, alice: User, bob: User) -> None:
    hidden = say(alice, channel_create_group(creator=alice, name="x", members=["bob"], join="closed"))
    for message_id in (hidden.id, 999_999):
        reply = bot.post(f"messages/{message_id}/forward/", {"to": {"user": "alice"}})
        assert (reply.status, reply.data["reason"]) == (404, "message_not_found")
    (own,) = send(bot, {"user": "alice"}, "hello").data["messages"]
    reply = bot.post(f"messages/{own['id']}/forward/", {"to": {"user": "alice"}, "attachments": ["absent"]})
    assert (reply.status, reply.data["reason"]) == (404, "attachment_not_found")
