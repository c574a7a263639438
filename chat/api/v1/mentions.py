"""`mentions/`: the messages that mention the service."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat import payloads
from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import CURSOR, LIMIT, described
from chat.api.v1.search import FoundMessages
from chat.selectors.mentions import mention_list
from chat.selectors.readable import readable_anywhere

_ASKED = {
    "target": "31", "type": "text", "msg": "@shop where is my parcel?", "mentions": [{"id": "12", "name": "shop"}],
    "from": "alice", "fromId": "9", "name": "Alice", "avatar": "", "id": "4711", "seq": 3, "time": 1795168800000,
    "position": 9001,
}  # fmt: skip


class MentionListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_message"}

    @described(
        "List mentions",
        gives={200: FoundMessages},
        query=(LIMIT, CURSOR),
        got={"One message": {"results": [_ASKED], "next": None}},
        tag="messages",
    )
    def get(self, request: Request) -> Response:
        """List the messages that mention the service in the channels that it is in, newest first."""
        page = pagination.requested_page(request)
        rows, more = mention_list(
            request.user, readable_anywhere(request.user, app=None), before=page.number or None, limit=page.limit
        )
        return answer(pagination.page_body([payloads.message(row, row.sender) for row in rows], next=more))
