"""Legacy calls that send a message."""

from __future__ import annotations

from django.test import Client

from tests.chat.api.conftest import Answer, post

GUEST = "夏圭？"


def to_alice(client: Client, msg_id: str = "m1", text: str = "hello", **fields: str) -> Answer:
    return post(client, "/user/sendMessage", **{"userID": "alice", "msgID": msg_id, "message": text, **fields})


def to_web(client: Client, name: str = GUEST, msg_id: str = "m1", text: str = "hello", **fields: str) -> Answer:
    fields = {"appID": "101", "userID": name, "msgID": msg_id, "message": text, **fields}
    return post(client, "/user/sendMessageAll", **fields)
