"""`attachments/`: upload a small file in one request. Larger ones are uploaded by `uploads.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from django.http import HttpRequest
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from chat import reasons
from chat.api.common.authentication import TokenOrSessionWithCsrf
from chat.api.v1.async_call import PREFIX
from chat.api.v1.body_receivers import BodyReceiver, FormReceiver
from chat.api.v1.endpoint import Endpoint, Permissions
from chat.api.v1.message import Attachment
from chat.api.v1.openapi import FileBody, described
from chat.api.v1.streamed_call import StreamedCall, receive_body
from chat.errors import ChatError

if TYPE_CHECKING:
    from accounts.models import User

EXAMPLE = {
    "id": "kq2Zc7bVb0u4b1Xq3m8N5w",
    "name": "till.jpg",
    "type": "image/jpeg",
    "kind": "image",
    "size": 48213,
    "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "url": "/files/kq2Zc7bVb0u4b1Xq3m8N5w/till.jpg",
    "thumbnail": "/thumbnails/kq2Zc7bVb0u4b1Xq3m8N5w.webp",
    "width": 1600,
    "height": 1200,
    "preview": "UklGRjwAAABXRUJQVlA4IDAAAADQAQCdASoQABAAAgA0JaQAA3AA/vuUAAA=",
}
_FORM = FileBody(
    "multipart/form-data",
    {
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "duration": {"type": "integer", "description": "Milliseconds of a sound or video that does not tell it."},
        },
        "required": ["file"],
    },
    {"file": "(the bytes of till.jpg)"},
)


class FormParser(BaseParser):  # type: ignore[misc]
    """Names the type of the body for the OpenAPI document. The body itself is read by a receiver."""

    media_type = "multipart/form-data"


def _begin(user: User, request: HttpRequest | Request, parameters: Mapping[str, str]) -> BodyReceiver:
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        # The quota is reserved before the body arrives.
        raise ChatError(reasons.UPLOAD_HEADER, header="Content-Length")
    return FormReceiver(user, content_type=request.headers.get("Content-Type", ""), length=int(length))


upload_file = StreamedCall("POST", f"{PREFIX}attachments/", _begin)


class AttachmentListView(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": None}
    authentication_classes = (TokenOrSessionWithCsrf,)
    parser_classes = (FormParser,)

    @described(
        "Upload a file",
        gives={201: Attachment},
        takes_file=_FORM,
        refuses=(413, 415, 422, 429),
        tag="attachments",
        got={"A picture": EXAMPLE},
    )
    def post(self, request: Request) -> Response:
        """Upload a small file with the form field `file`, then send it with `attachments: ["<id>"]`.

        The type is found in the content. Pictures (JPEG, PNG, GIF, WebP) are turned upright and stripped of metadata.
        One that cannot be decoded within the limits is refused with 422. A file that is not sent within a day is
        deleted. A service needs `chat.use_gateway`.
        """
        return receive_body(upload_file, request)
