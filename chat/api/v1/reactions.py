"""`messages/<id>/reactions/<emoji>/`: reactions of a service to a message."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions import service_message
from chat.actions.reaction import Reacted
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.message import AS
from chat.api.v1.openapi import described
from chat.api.v1.schema import Count, Id, Shape, number


class ReactionState(Shape):
    """An emoji of a message, and the number of users who have chosen it now."""

    target: Id
    id: Id
    seq: Count
    emoji: Annotated[str, Meta(description="In the form that Unicode recommends.")]
    count: Count


_THANKS = {"target": "31", "id": "4711", "seq": 3, "emoji": "🙏", "count": 1}


class ReactionView(Endpoint):
    permissions: ClassVar[Permissions] = {"PUT": "chat.use_gateway", "DELETE": "chat.use_gateway"}

    @described(
        "React to a message",
        gives={200: ReactionState},
        query=(AS,),
        refuses=(409,),
        tag="messages",
        got={"The first": _THANKS},
    )
    def put(self, request: Request, message_id: str, emoji: str) -> Response:
        """Add a reaction to a message of a channel that the service is in. A repeated call changes nothing."""
        reacted = service_message.message_react_by_service(
            caller=request.user,
            message_id=number(message_id),
            emoji=emoji,
            author=request.query_params.get("as", ""),
        )
        return answer(_state(reacted))

    @described(
        "Remove a reaction",
        gives={200: ReactionState},
        query=(AS,),
        refuses=(409,),
        tag="messages",
        got={"None is left": _THANKS | {"count": 0}},
    )
    def delete(self, request: Request, message_id: str, emoji: str) -> Response:
        """Remove your own reaction. A repeated call changes nothing."""
        reacted = service_message.message_unreact_by_service(
            caller=request.user,
            message_id=number(message_id),
            emoji=emoji,
            author=request.query_params.get("as", ""),
        )
        return answer(_state(reacted))


def _state(reacted: Reacted) -> dict[str, object]:
    message = reacted.message
    return {
        "target": str(message.channel_id),
        "id": str(message.pk),
        "seq": message.seq,
        "emoji": reacted.emoji,
        "count": reacted.count,
    }
