"""`messages/<id>/`: one message, and its delivery status."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat import payloads
from chat.actions import service_message
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import described
from chat.api.v1.schema import SHOWN_MARKUP, Count, Id, Milliseconds, Person, Position, Shape, UserName, number
from chat.selectors import status as status_selectors
from chat.selectors.message_details import with_details

AS = OpenApiParameter("as", OpenApiTypes.STR, description="In this user's name; requires chat.speak_for_others.")


class Reaction(Shape):
    """An emoji that users chose for a message. It stays with `count` 0 when the last one removes it."""

    emoji: str
    count: Count
    mine: Annotated[bool, Meta(description="The service is one of them.")]
    users: Annotated[list[Person], Meta(description="The first ten of them.")]
    position: Position


class Thread(Shape):
    """The answers to a message, as the service sees them."""

    id: Id
    count: Annotated[Count, Meta(description="Answers that are not recalled.")]
    lastSeq: Count
    lastAt: Milliseconds
    position: Position
    follows: bool
    readSeq: Count
    unread: Count


class Attachment(Shape):
    """A file of a message."""

    id: str
    name: str
    type: Annotated[str, Meta(description="The MIME type, found in the content.")]
    kind: Annotated[str, Meta(description="image, video, audio or file")]
    size: Annotated[Count, Meta(description="Bytes.")]
    sha256: str
    url: Annotated[str, Meta(description="Its path on the site.")]
    thumbnail: Annotated[str | None, Meta(description="The path of a smaller WebP picture.")] = None
    width: Annotated[Count | None, Meta(description="Pixels.")] = None
    height: Annotated[Count | None, Meta(description="Pixels.")] = None
    duration: Annotated[Count | None, Meta(description="Milliseconds.")] = None
    preview: Annotated[str | None, Meta(description="A tiny WebP picture, in Base64.")] = None
    removed: Annotated[bool, Meta(description="It has been removed: it has no content any more.")] = False


class LinkPreview(Shape):
    """The description of a page that a message links to."""

    id: str
    url: Annotated[str, Meta(description="The address in the message's text.")]
    title: str
    siteName: str | None = None
    description: str | None = None
    picture: Annotated[str | None, Meta(description="The path of a small WebP picture on the site.")] = None
    width: Annotated[Count | None, Meta(description="Pixels of the picture.")] = None
    height: Annotated[Count | None, Meta(description="Pixels of the picture.")] = None


class Mention(Shape):
    """A user whom a message mentions, or all members of its channel."""

    name: Annotated[str, Meta(description="The name as it stands in the text after the `@`.")]
    id: Annotated[Id | None, Meta(description="Absent for `@all`.")] = None


class ForwardOrigin(Shape):
    """The message that a forwarded one repeats. Its channel is named only if all receivers can know it."""

    author: str = msgspec.field(name="from")
    fromId: Id
    name: str
    time: Milliseconds
    target: Id | None = None
    id: Id | None = None
    seq: Count | None = None


class Message(Shape):
    """A message. A recalled one has no text and no attachments."""

    target: Id
    type: str
    msg: str
    author: str = msgspec.field(name="from")
    fromId: Id
    name: str
    avatar: str
    id: Id
    seq: Count
    time: Milliseconds
    position: Position
    content: Annotated[
        str | None,
        Meta(
            description="The text beside attachments or of a forwarded message; or, in Base64, a picture or voice "
            "message of a former version."
        ),
    ] = None
    attachments: list[Attachment] = msgspec.field(default_factory=list)
    mentions: list[Mention] = msgspec.field(default_factory=list)
    forwarded: Annotated[ForwardOrigin | None, Meta(description="Of a forwarded message.")] = None
    previews: Annotated[
        list[LinkPreview], Meta(description="Of pages that it links to, once the site has loaded them.")
    ] = msgspec.field(default_factory=list)
    replyTo: Id | None = None
    replySeq: Count | None = None
    editedAt: Milliseconds | None = None
    recalled: bool = False
    threadId: Annotated[Id | None, Meta(description="The message whose thread it belongs to.")] = None
    threadOnly: Annotated[bool, Meta(description="Only its thread shows it, not the channel.")] = False
    thread: Thread | None = None
    reactions: list[Reaction] = msgspec.field(default_factory=list)


class MessageEdit(Shape):
    msg: Annotated[str, Meta(description=f"Stored as it is sent. {SHOWN_MARKUP}")]
    author: Annotated[UserName | None, Meta(description="In this user's name; requires chat.speak_for_others.")] = (
        msgspec.field(default=None, name="as")
    )


class UserDelivery(Shape):
    """The number of a user's connections that received the message; the first one `at`."""

    userId: str
    id: Id
    connections: Count
    at: Milliseconds


class DeliveryStatus(Shape):
    id: Id
    stored: bool
    delivered: Annotated[Count, Meta(description="Number of connections that received it, without the sender's own.")]
    persons: Annotated[list[UserDelivery], Meta(description="The users who received it, if it was addressed to users.")]
    readBy: Annotated[list[Person], Meta(description="The users who have read it and share that.")]


_MESSAGE = {
    "target": "31", "type": "text", "msg": "Your parcel has left.", "from": "shop", "fromId": "5", "name": "The shop",
    "avatar": "", "id": "4711", "seq": 3, "time": 1795168800000, "position": 9001,
}  # fmt: skip
_ALICE = {"userId": "alice", "id": "9", "name": "Alice", "avatar": "", "kind": "person"}


class MessageView(Endpoint):
    permissions: ClassVar[Permissions] = {
        "GET": "chat.view_message",
        "PATCH": "chat.change_message",
        "DELETE": "chat.delete_message",
    }

    @described("Get a message", gives={200: Message}, tag="messages", got={"A message": _MESSAGE})
    def get(self, request: Request, message_id: str) -> Response:
        """Return a message of a channel that the service is in, or of any group with `chat.manage_channels`."""
        row = service_message.message_for_service(request.user, number(message_id))
        (found,) = with_details([row], request.user)
        return answer(payloads.message_with_details(found))

    @described(
        "Edit a message",
        takes=MessageEdit,
        gives={200: Message},
        refuses=(409,),
        tag="messages",
        sent={"A new text": {"msg": "Your parcel left yesterday."}},
        got={"Changed": _MESSAGE | {"msg": "Your parcel left yesterday.", "editedAt": 1795168900000}},
    )
    def patch(self, request: Request, message_id: str) -> Response:
        """Replace the text of your own message."""
        data = self.body(request, MessageEdit)
        row = service_message.message_edit_by_service(
            caller=request.user, message_id=number(message_id), text=data.msg, author=data.author or ""
        )
        return answer(payloads.message(row, row.sender))

    @described("Recall a message", gives={204: None}, query=(AS,), tag="messages")
    def delete(self, request: Request, message_id: str) -> Response:
        """Recall your own message, or any message in a group you manage. Its place stays without the text."""
        service_message.message_recall_by_service(
            caller=request.user, message_id=number(message_id), author=request.query_params.get("as", "")
        )
        return answer(None, 204)


class MessageStatusView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.use_gateway"}

    @described(
        "Get a message's delivery status",
        gives={200: DeliveryStatus},
        tag="messages",
        got={
            "Read": {
                "id": "4711",
                "stored": True,
                "delivered": 2,
                "persons": [{"userId": "alice", "id": "9", "connections": 2, "at": 1795168800123}],
                "readBy": [_ALICE],
            }
        },
    )
    def get(self, request: Request, message_id: str) -> Response:
        """Return where a message sent through this API was delivered, and who has read it.

        Counts are about a second old. For the sender, and for everyone who may read the message. Pushes are counted,
        and messages that returning clients fetch: by `sync`, and in a private channel by `message.history`.
        """
        row = service_message.message_for_status(request.user, number(message_id))
        status = status_selectors.message_status(row, viewer=request.user)
        body: dict[str, Any] = {
            "id": str(row.pk),
            "stored": True,
            "delivered": status.delivered,
            "persons": [
                {
                    "userId": user.public_name,
                    "id": str(user.pk),
                    "connections": tally.connections,
                    "at": tally.first_at,
                }
                for user, tally in status.persons
            ],
            "readBy": [payloads.person(user) for user in status.read_by],
        }
        return answer(body)
