"""`messages/<id>/forward/`: forward a message to channels and users."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions.addressing import ForwardedMessage
from chat.actions.bulk_send import messages_send
from chat.actions.service_message import message_for_author
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.message_shapes import ONE_DESTINATION, NewMessage, Recipient, SentResult
from chat.api.v1.messages import addressed, message_count, sent_body, sent_status
from chat.api.v1.openapi import described
from chat.api.v1.schema import Shape, UserName, number
from chat.errors import ChatError


class ForwardRequest(Shape):
    """The destinations of a message that is forwarded."""

    to: Annotated[Recipient, Meta(extra_json_schema=ONE_DESTINATION)]
    attachments: Annotated[
        list[str], Meta(description="Ids of those files to forward without the text. Empty: the whole message.")
    ] = msgspec.field(default_factory=list)
    clientMsgId: (
        Annotated[
            str,
            Meta(max_length=64, description="Idempotency key, without an Idempotency-Key header."),
        ]
        | None
    ) = None
    author: Annotated[
        UserName | None, Meta(description="Forward in this user's name; requires chat.speak_for_others.")
    ] = msgspec.field(default=None, name="as")


class ForwardView(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": "chat.use_gateway"}

    @described(
        "Forward a message",
        takes=ForwardRequest,
        gives={201: SentResult, 200: SentResult},
        idempotent=True,
        refuses=(404, 409),
        tag="messages",
        sent={
            "To a channel": {"to": {"channel": "7"}},
            "Only a file": {"to": {"user": "alice"}, "attachments": ["Wq3…"]},
        },
        got={
            "Stored": {"messages": [{"to": {"channel": "7"}, "target": "7", "id": "4712", "seq": 3, "position": 9001}]}
        },
    )
    def post(self, request: Request, message_id: str) -> Response:
        """Forward a message that the service can read, as a message of its own with the same text and files.

        It stays when the first one is recalled. Its `forwarded` names the first sender and the time. The rules, limits
        and outcomes of sending a message apply.
        """
        data = self.body(request, ForwardRequest)
        author = data.author or ""
        row = message_for_author(caller=request.user, message_id=number(message_id), author=author)
        new = NewMessage(to=data.to, msg="", clientMsgId=data.clientMsgId, author=data.author)
        self.charge(request, message_count(new))
        message = addressed(new, self.idempotency(request, data, data.clientMsgId))._replace(
            forward=ForwardedMessage(row.channel_id, row.pk, tuple(data.attachments))
        )
        (result,) = messages_send(caller=request.user, messages=[message])
        if isinstance(result, ChatError):
            raise result
        return answer({"messages": sent_body(result)}, sent_status(result))
