"""`uploads/`: resumable uploads by the tus protocol 1.0.0 (https://tus.io), with creation, expiration, termination."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import Meta
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from chat import payloads, reasons
from chat.actions.upload import announced_size, upload_cancel, upload_create, upload_of
from chat.actions.upload_completion import upload_complete
from chat.api.common.authentication import TokenOrSessionWithCsrf
from chat.api.v1.async_call import PREFIX
from chat.api.v1.attachments import EXAMPLE
from chat.api.v1.body_receivers import BodyReceiver, PartReceiver, duration_of
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.message import Attachment
from chat.api.v1.openapi import FileBody, described
from chat.api.v1.schema import Shape
from chat.api.v1.streamed_call import StreamedCall, receive_body
from chat.errors import ChatError

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Attachment as AttachmentRow

VERSION = "1.0.0"
TUS_HEADERS = {"Tus-Resumable": VERSION, "Tus-Version": VERSION, "Tus-Extension": "creation,expiration,termination"}
PART_TYPE = "application/offset+octet-stream"
EXPOSED = (
    "Location, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, Upload-Offset"
)
_HOUR_SECONDS = 3600
_MAX_DIGITS = 18


def _header(name: str, schema: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": schema}, OpenApiParameter.HEADER, description=description)


_RESUMABLE = _header("Tus-Resumable", "string", "The version of the protocol, 1.0.0.")


class PartParser(BaseParser):  # type: ignore[misc]
    """Names the type of the body for the OpenAPI document. The body itself is read by a receiver."""

    media_type = PART_TYPE


class UploadEndpoint(Endpoint):
    """Base of the calls of resumable uploads."""

    authentication_classes = (TokenOrSessionWithCsrf,)
    parser_classes = (PartParser,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS":
            _require_version(request)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in tus_headers().items():
            response[name] = value
        if "Access-Control-Expose-Headers" in response:
            response["Access-Control-Expose-Headers"] += f", {EXPOSED}"
        return response


class StartedUpload(Shape):
    """An upload that has begun."""

    id: str
    url: Annotated[str, Meta(description="Its path, as in the header `Location`.")]


class UploadListView(UploadEndpoint):
    permissions: ClassVar[Permissions] = {"POST": None}

    @described(
        "Start a resumable upload",
        gives={201: StartedUpload},
        refuses=(412, 413, 429),
        query=(
            _RESUMABLE,
            _header("Upload-Length", "integer", "Bytes of the file."),
            _header("Upload-Metadata", "string", "`filename`, `filetype` and `duration` (ms), each value in Base64."),
        ),
        tag="attachments",
        got={"Started": {"id": EXAMPLE["id"], "url": f"/api/v1/uploads/{EXAMPLE['id']}/"}},
    )
    def post(self, request: Request) -> Response:
        """Reserve room for a file. `Location` of the answer is the upload's path, and `Upload-Expires` its end.

        Uploads follow the tus protocol 1.0.0, so that its clients can be used.
        """
        size = _number(request, "Upload-Length")
        metadata = _metadata(request.headers.get("Upload-Metadata", ""))
        row = upload_create(
            user=request.user,
            size=size,
            name=metadata.get("filename", ""),
            declared=metadata.get("filetype", ""),
            duration=duration_of(metadata.get("duration", "")),
        )
        url = f"{request.path}{row.key}/"
        response = answer({"id": row.key, "url": url}, 201)
        response["Location"] = url
        response["Upload-Expires"] = _expires(row)
        return response


class UploadView(UploadEndpoint):
    permissions: ClassVar[Permissions] = {"GET": None, "PATCH": None, "DELETE": None}

    @extend_schema(exclude=True)
    def head(self, request: Request, key: str) -> Response:
        """Tell where the upload continues."""
        row = upload_of(request.user, key)
        response = answer()
        response["Upload-Length"], response["Upload-Offset"] = str(announced_size(row)), str(row.received)
        response["Upload-Expires"] = _expires(row)
        return response

    @described(
        "Get an uploaded file", gives={200: Attachment}, refuses=(409, 423), tag="attachments", got={"A": EXAMPLE}
    )
    def get(self, request: Request, key: str) -> Response:
        """Return the file of an upload that is received in full. HEAD tells `Upload-Offset`, where it continues."""
        return answer(payloads.attachment(upload_complete(upload=upload_of(request.user, key))))

    @described(
        "Continue an upload",
        gives={200: Attachment, 204: None},
        takes_file=FileBody(PART_TYPE, {"type": "string", "format": "binary"}, "(the next bytes of till.jpg)"),
        refuses=(409, 412, 413, 415, 422, 423),
        query=(_RESUMABLE, _header("Upload-Offset", "integer", "The number of bytes that are stored.")),
        tag="attachments",
        got={"Complete": EXAMPLE},
    )
    def patch(self, request: Request, key: str) -> Response:
        """Append the body. The answer to the last bytes is 200 with the file; to others 204 with `Upload-Offset`.

        A request that ends early keeps what has arrived. It is cut off when it makes no progress, however long the body
        is.
        """
        return receive_body(append_to_upload, request, key=key)

    @described("Cancel an upload", gives={204: None}, tag="attachments")
    def delete(self, request: Request, key: str) -> Response:
        """Delete an upload, or a file that has not been sent."""
        upload_cancel(upload=upload_of(request.user, key))
        return answer(status=204)


def tus_headers() -> dict[str, str]:
    """Return the headers of every answer about uploads."""
    return {**TUS_HEADERS, "Tus-Max-Size": str(settings.IM_ATTACHMENT_MAX_BYTES)}


def _begin(user: User, request: HttpRequest | Request, parameters: Mapping[str, str]) -> BodyReceiver:
    row = upload_of(user, parameters["key"])
    _require_version(request)
    if (request.headers.get("Content-Type") or PART_TYPE).lower() != PART_TYPE:
        raise ChatError(reasons.UPLOAD_HEADER, header="Content-Type")
    return PartReceiver(row, _number(request, "Upload-Offset"))


append_to_upload = StreamedCall("PATCH", f"{PREFIX}uploads/<key>/", _begin, tus_headers)


def _require_version(request: HttpRequest | Request) -> None:
    if request.headers.get("Tus-Resumable", VERSION) != VERSION:
        raise ChatError(reasons.UPLOAD_VERSION)


def _number(request: HttpRequest | Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
        raise ChatError(reasons.UPLOAD_HEADER, header=header)
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """Return the values by key. Raises ChatError UPLOAD_HEADER."""
    found = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            found[key] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            raise ChatError(reasons.UPLOAD_HEADER, header="Upload-Metadata") from None
    return found


def _expires(row: AttachmentRow) -> str:
    return http_date(row.created_at / 1000 + settings.IM_UPLOAD_HOURS * _HOUR_SECONDS)
