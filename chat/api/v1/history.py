"""`channels/<id>/messages/`: the history of a channel, in pages."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from drf_spectacular.utils import OpenApiParameter
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.numbers import parse_decimal
from chat import payloads, reasons, selectors
from chat.actions.service_access import access_for_service
from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.message import Message
from chat.api.v1.openapi import CURSOR, LIMIT, described
from chat.api.v1.schema import Count, Id, Milliseconds, Person, Position, Shape, number
from chat.errors import ChatError

_LARGEST = 10**18 - 1
_NUMBER = {"type": "integer", "minimum": 0, "maximum": _LARGEST}
_SAID = {
    "target": "31", "type": "text", "msg": "Good morning", "from": "alice", "fromId": "9", "name": "Alice",
    "avatar": "", "id": "4711", "seq": 3, "time": 1795168800000, "position": 9001,
}  # fmt: skip


class Note(Shape):
    """A system note, such as a user joining or the group being renamed. It follows message number `seq`."""

    target: Id
    note: str
    by: Person
    who: list[Person]
    value: str
    seq: Count
    time: Milliseconds
    position: Position


class MessagePage(Shape):
    """Messages in ascending order, in either direction; `next` continues in the same direction."""

    results: list[Message]
    notes: Annotated[list[Note], Meta(description="The system notes between these messages.")]
    next: str | None


class HistoryView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_message"}

    @described(
        "Get a channel's history",
        gives={200: MessagePage},
        refuses=(404,),
        query=(
            OpenApiParameter("before", _NUMBER, description="Messages with smaller numbers, newest first."),
            OpenApiParameter("after", _NUMBER, description="Messages with greater numbers, oldest first."),
            LIMIT,
            CURSOR,
        ),
        got={"The newest": {"results": [_SAID], "notes": [], "next": None}},
        tag="messages",
    )
    def get(self, request: Request, channel_id: str) -> Response:
        """Return a page of messages that the service may read: the newest, or those beyond `before` or `after` (a
        message's `seq`).

        A page holds fewer than `limit` messages if they are long. Only `next` shows whether there are more.
        """
        page = pagination.requested_page(request)
        before, after = _range(request, page)
        access = access_for_service(request.user, number(channel_id))
        found = selectors.history(request.user, access, before=before, after=after, limit=page.limit)
        shown = [payloads.message_with_details(item) for item in found.details]
        body: dict[str, Any] = pagination.page_body(shown, next=_next(found, forwards=after is not None))
        return answer(body | {"notes": [payloads.push_data(note) for note in found.notes]})


def _range(request: Request, page: pagination.Page) -> tuple[int | None, int | None]:
    """Return `before` and `after` as numbers. A cursor holds one of them and overrides both."""
    if page.after:
        name, _, text = page.after.partition(":")
        seq = parse_decimal(text, largest=_LARGEST)
        if name not in ("before", "after") or seq is None:
            raise ChatError(reasons.CURSOR_INVALID, field="cursor")
        return (seq, None) if name == "before" else (None, seq)
    before, after = (_seq(request, name) for name in ("before", "after"))
    if before is not None and after is not None:
        raise ChatError(reasons.BEFORE_AND_AFTER)
    return before, after


def _seq(request: Request, name: str) -> int | None:
    """Return a sequence number of the query; None if it is absent."""
    text = request.query_params.get(name)
    if text is None:
        return None
    seq = parse_decimal(text, largest=_LARGEST)
    if seq is None:
        raise ChatError(reasons.NOT_A_SEQ, field=name)
    return seq


def _next(found: selectors.History, *, forwards: bool) -> str | None:
    if not found.has_more or not found.messages:
        return None
    return f"after:{found.messages[-1].seq}" if forwards else f"before:{found.messages[0].seq}"
