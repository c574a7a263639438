"""`messages/…`: send, read, change, take back."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions import message as messages
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.schema import described
from chat.api.v1.shapes import Id, Position, Shape, number


class To(Shape):
    """Where a message goes: exactly one of these."""

    channel: Id | None = None


class Send(Shape):
    to: To
    msg: str
    type: str = "text"
    clientMsgId: str | None = None


class SentMessage(Shape):
    target: Id
    id: Id
    seq: int
    position: Position


class Sent(Shape):
    messages: list[SentMessage]


class Messages(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": "chat.use_gateway"}

    @described(
        "Send a message",
        takes=Send,
        gives={201: Sent, 200: Sent},
        idempotent=True,
        tag="messages",
        sent={"To a channel": {"to": {"channel": "7"}, "msg": "Build 812 is green."}},
        got={"Stored": {"messages": [{"target": "7", "id": "4711", "seq": 12, "position": 9001}]}},
    )
    def post(self, request: Request) -> Response:
        """Say something as the service. Answered after it has been stored."""
        data = self.body(request, Send)
        self.charge(request, 1)
        draft = messages.message_draft(
            sender=request.user.pk, channel=number(data.to.channel or ""), text=data.msg, type=data.type
        )
        stored = messages.message_send_now(draft)
        sent: dict[str, Any] = {
            "target": str(stored.channel),
            "id": str(stored.id),
            "seq": stored.seq,
            "position": stored.position,
        }
        return answer({"messages": [sent]}, 201)
