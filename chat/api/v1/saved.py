"""`saved/`: the messages that the service has saved for later."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat import reasons
from chat.actions.saved import message_unsave, saved_mark, saved_payload
from chat.actions.service_access import manages_groups
from chat.actions.service_message import message_save_by_service
from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.message import Message
from chat.api.v1.openapi import CURSOR, LIMIT, described, paged
from chat.api.v1.schema import Id, Milliseconds, Shape, number
from chat.errors import ChatError
from chat.selectors.readable import readable_anywhere
from chat.selectors.saved import saved_messages


class SavedMessage(Message, kw_only=True):
    """A message that the service has saved."""

    savedAt: Milliseconds


class SavedState(Shape):
    """A message that is saved, and since when."""

    target: Id
    id: Id
    savedAt: Milliseconds


SavedPage = paged("SavedPage", SavedMessage)
_STATE = {"target": "31", "id": "4711", "savedAt": 1795168900000}
_SAVED = {
    "target": "31", "type": "text", "msg": "Where is my parcel?", "from": "alice", "fromId": "9", "name": "Alice",
    "avatar": "", "id": "4711", "seq": 3, "time": 1795168800000, "position": 9001, "savedAt": 1795168900000,
}  # fmt: skip


class SavedListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_message"}

    @described(
        "List saved messages",
        gives={200: SavedPage},
        query=(LIMIT, CURSOR),
        got={"One message": {"results": [_SAVED], "next": None}},
        tag="messages",
    )
    def get(self, request: Request) -> Response:
        """List the messages that the service has saved and that it may read now, the last saved one first.

        A page may hold fewer than `limit` messages; only `next` shows whether there may be more.
        """
        page = pagination.requested_page(request)
        readable = readable_anywhere(request.user, app=None, manages=manages_groups(request.user))
        rows, more = saved_messages(request.user, readable, before=page.number or None, limit=page.limit)
        return answer(pagination.page_body([saved_payload(row) for row in rows], next=more))


class SavedView(Endpoint):
    permissions: ClassVar[Permissions] = {"PUT": "chat.view_message", "DELETE": "chat.view_message"}

    @described("Save a message", gives={200: SavedState}, refuses=(409,), tag="messages", got={"Saved": _STATE})
    def put(self, request: Request, message_id: str) -> Response:
        """Save a message that the service may read. Nobody else knows of it. A repeated call changes nothing."""
        row = message_save_by_service(caller=request.user, message_id=number(message_id))
        return answer(saved_mark(row.message, row))

    @described("Remove a saved message", gives={204: None}, tag="messages")
    def delete(self, request: Request, message_id: str) -> Response:
        """Remove a message from those that the service has saved, whether it may read it now or not."""
        if not message_unsave(user=request.user, message_id=number(message_id)):
            raise ChatError(reasons.MESSAGE_NOT_FOUND)
        return answer(None, 204)
