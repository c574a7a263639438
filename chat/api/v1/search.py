"""`search/messages/`: full-text search."""

from __future__ import annotations

from typing import Annotated, ClassVar

from drf_spectacular.utils import OpenApiParameter
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat import payloads, reasons
from chat.actions.service_access import access_for_service, manages_groups
from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.message import Message
from chat.api.v1.openapi import CURSOR, LIMIT, described
from chat.api.v1.schema import Shape, number
from chat.errors import ChatError
from chat.search.queries import message_search

LONGEST = 100
_QUESTION = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_CHANNEL = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
_SAID = {
    "target": "31", "type": "text", "msg": "The parcel is on its way", "from": "alice", "fromId": "9", "name": "Alice",
    "avatar": "", "id": "4711", "seq": 3, "time": 1795168800000, "position": 9001,
}  # fmt: skip


class FoundMessages(Shape):
    """Newest first.

    A page may hold fewer than `limit` messages, even none; only `next` shows whether there may be more.
    """

    results: list[Message]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null at the end.")]


class SearchView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_message"}

    @described(
        "Search messages",
        gives={200: FoundMessages},
        refuses=(404,),
        query=(
            OpenApiParameter(
                "q",
                _QUESTION,
                required=True,
                description="Words to search for, in any script, and operators: `has:file`, `has:link`, `is:thread`, "
                "`from:` a user, `in:` a channel, and `before:`, `after:` or `on:` a day such as 2026-11-30 or "
                "`today`. Names with spaces need quotation marks.",
            ),
            OpenApiParameter("channel", _CHANNEL, description="Search this channel only."),
            LIMIT,
            CURSOR,
        ),
        got={"One message": {"results": [_SAID], "next": None}},
        tag="messages",
    )
    def get(self, request: Request) -> Response:
        """Find messages that contain all of these words and that the service may read now.

        The last word may be unfinished. Edited and recalled messages are matched by what they contain now. A message
        can be found about a second after it was sent.
        """
        page = pagination.requested_page(request)
        question = request.query_params.get("q", "")
        if not question.strip() or len(question) > LONGEST:
            raise ChatError(reasons.QUERY_LENGTH, limit=LONGEST, field="q")
        target = request.query_params.get("channel")
        found = message_search(
            request.user,
            question,
            limit=page.limit,
            before=page.number or None,
            access=None if target is None else access_for_service(request.user, number(target)),
            manages=manages_groups(request.user),
        )
        return answer(
            pagination.page_body([payloads.message(row, row.sender) for row in found.messages], next=found.next)
        )
