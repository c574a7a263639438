"""`scheduled/`: messages of the service that are sent at a later time."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from chat import reasons
from chat.actions import scheduled, scheduled_sending
from chat.actions.idempotency import run_once
from chat.actions.private_channels import private_channel_with
from chat.api.v1 import pagination
from chat.api.v1.attachments import EXAMPLE as _FILE
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.message import Attachment
from chat.api.v1.openapi import CURSOR, LIMIT, described, paged
from chat.api.v1.schema import SHOWN_MARKUP, Count, Id, Milliseconds, Position, Shape, UserName, number
from chat.errors import ChatError
from chat.selectors.scheduled import scheduled_message, scheduled_messages


class ScheduledRefusal(Shape):
    """The reason for which the message could not be sent when it was due."""

    code: int
    reason: str
    data: dict[str, Any]


class ScheduledMessage(Shape):
    """A message that waits for its time, or that could not be sent."""

    id: Id
    target: Id
    msg: str
    at: Milliseconds
    attachments: list[Attachment] = msgspec.field(default_factory=list)
    replyTo: Id | None = None
    threadId: Id | None = None
    threadOnly: bool = False
    refusal: ScheduledRefusal | None = None


class ScheduledRecipient(Shape, forbid_unknown_fields=True):
    """The destination: a channel of the service, or a user."""

    channel: Id | UnsetType = UNSET
    user: Annotated[UserName, Meta(description="A user: their private channel with the service.")] | UnsetType = UNSET


class NewScheduledMessage(Shape):
    """A message, its destination and its time."""

    to: Annotated[ScheduledRecipient, Meta(extra_json_schema={"minProperties": 1, "maxProperties": 1})]
    msg: Annotated[str, Meta(description=f"Stored as it is sent; empty only beside attachments. {SHOWN_MARKUP}")]
    at: Annotated[Milliseconds, Meta(description="When it is sent.")]
    clientMsgId: Annotated[str, Meta(max_length=64, description="Idempotency key of this message.")] | None = None
    threadId: Annotated[Id, Meta(description="The message whose thread it answers in.")] | UnsetType = UNSET
    alsoToChannel: Annotated[bool, Meta(description="Of an answer: the channel shows it as well.")] = False
    attachments: Annotated[list[str], Meta(description="Ids of uploads.")] = msgspec.field(default_factory=list)


class ScheduledChange(Shape):
    """The fields to replace."""

    msg: str | None = None
    at: Annotated[Milliseconds, Meta(description="A message that has failed waits again.")] | None = None


class SentScheduledMessage(Shape):
    """The message as it was stored."""

    target: Id
    id: Id
    seq: Count
    position: Position


ScheduledPage = paged("ScheduledPage", ScheduledMessage)
_LATER = {"id": "17", "target": "31", "msg": "Your parcel arrives today.", "at": 1795168800000, "attachments": [_FILE]}


class ScheduledListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.use_gateway", "POST": "chat.use_gateway"}

    @described(
        "List scheduled messages",
        gives={200: ScheduledPage},
        query=(LIMIT, CURSOR),
        tag="messages",
        got={"One": {"results": [_LATER], "next": None}},
    )
    def get(self, request: Request) -> Response:
        """List the service's messages that are not sent yet, the next one first, also those that were refused."""
        page = pagination.requested_page(request)
        rows = scheduled_messages(request.user, skip=page.number, limit=page.limit + 1)
        more = page.number + page.limit if len(rows) > page.limit else None
        return answer(pagination.page_body([scheduled.scheduled_payload(row) for row in rows[: page.limit]], next=more))

    @described(
        "Schedule a message",
        takes=NewScheduledMessage,
        gives={201: ScheduledMessage, 200: ScheduledMessage},
        idempotent=True,
        refuses=(404, 409),
        tag="messages",
        sent={"To a user": {"to": {"user": "alice"}, "msg": "Your parcel arrives today.", "at": 1795168800000}},
        got={"Waiting": _LATER},
    )
    def post(self, request: Request) -> Response:
        """Keep a message and send it at a later time. The same `clientMsgId` again returns the first one.

        The service's rights are checked again when it is sent. If it is refused then, it is kept with the reason.
        """
        data = self.body(request, NewScheduledMessage)
        self.charge(request, 1)
        if (data.to.channel is UNSET) == (data.to.user is UNSET):
            raise ChatError(reasons.RECIPIENT_REQUIRED, field="to")
        if data.to.channel is not UNSET:
            channel = number(data.to.channel)
        else:
            assert data.to.user is not UNSET
            channel = private_channel_with(request.user, data.to.user)

        def schedule() -> dict[str, Any]:
            row = scheduled.message_schedule(
                user=request.user,
                channel_id=channel,
                text=data.msg,
                due_at=data.at,
                attachments=data.attachments,
                client_id=data.clientMsgId,
                thread=None if data.threadId is UNSET else number(data.threadId),
                thread_only=data.threadId is not UNSET and not data.alsoToChannel,
            )
            return scheduled.scheduled_payload(row)

        body, repeated = run_once(self.idempotency(request, data), schedule)
        return answer(body, 200 if repeated else 201)


class ScheduledView(Endpoint):
    permissions: ClassVar[Permissions] = {
        "GET": "chat.use_gateway",
        "PATCH": "chat.use_gateway",
        "DELETE": "chat.use_gateway",
    }

    @described("Get a scheduled message", gives={200: ScheduledMessage}, tag="messages", got={"Waiting": _LATER})
    def get(self, request: Request, scheduled_id: str) -> Response:
        """Return a message of the service that is not sent yet."""
        return answer(scheduled.scheduled_payload(scheduled_message(request.user, number(scheduled_id))))

    @described(
        "Change a scheduled message",
        takes=ScheduledChange,
        gives={200: ScheduledMessage},
        tag="messages",
        sent={"A new text": {"msg": "Your parcel arrives tomorrow."}},
        got={"Changed": _LATER | {"msg": "Your parcel arrives tomorrow."}},
    )
    def patch(self, request: Request, scheduled_id: str) -> Response:
        """Replace the text or the time of a message that is not sent yet."""
        data = self.body(request, ScheduledChange)
        row = scheduled.scheduled_edit(
            user=request.user, scheduled_id=number(scheduled_id), text=data.msg, due_at=data.at
        )
        return answer(scheduled.scheduled_payload(row))

    @described("Cancel a scheduled message", gives={204: None}, tag="messages")
    def delete(self, request: Request, scheduled_id: str) -> Response:
        """Delete a message that is not sent yet, with its files."""
        scheduled.scheduled_cancel(user=request.user, scheduled_id=number(scheduled_id))
        return answer(None, 204)


class ScheduledSendView(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": "chat.use_gateway"}

    @described(
        "Send a scheduled message now",
        gives={200: SentScheduledMessage},
        refuses=(409,),
        tag="messages",
        got={"Sent": {"target": "31", "id": "4711", "seq": 3, "position": 9001}},
    )
    def post(self, request: Request, scheduled_id: str) -> Response:
        """Send a message before its time, or one that was refused. If it is refused, it stays as it was."""
        self.charge(request, 1)
        stored = scheduled_sending.scheduled_send(user=request.user, scheduled_id=number(scheduled_id))
        body = {"target": str(stored.channel), "id": str(stored.id), "seq": stored.seq, "position": stored.position}
        return answer(body)
