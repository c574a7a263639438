"""Downloads of attachments and their thumbnails, under the rights of their message.

The views decide and write the headers; the content is sent by `imsite.server.files`, or by nginx, which both read it
from the storage while no thread of the site waits for a slow reader.
"""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views import View
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed

from chat.actions.attachment_access import access_attachment
from chat.api.common.authentication import TokenOrSession
from chat.attachments import storage
from chat.attachments.content_types import INLINE, UNKNOWN
from chat.errors import ChatError
from chat.models import Attachment
from chat.views.byte_range import NotSatisfiable, requested_range

SENT_FILE = "X-Imsite-File"
"""Header for `imsite.server.files`: name in the storage, first byte and number of bytes. It never leaves the site."""
CONTENT_SECURITY_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
_THUMBNAIL_TYPE = "image/webp"


@method_decorator(require_safe, name="dispatch")
class FileView(View):
    """Sends a file. Only pictures, video and sound are shown in place; all others are downloaded."""

    def get(self, request: HttpRequest, key: str, name: str) -> HttpResponseBase:
        row = _readable(request, key)
        is_inline = row.content_type in INLINE
        return _file_response(
            request,
            row.file,
            size=row.size,
            etag=f'"{row.sha256}"',
            content_type=row.content_type if is_inline else UNKNOWN,
            disposition=content_disposition_header(not is_inline, row.name) or "inline",
        )


@method_decorator(require_safe, name="dispatch")
class ThumbnailView(View):
    """Sends the smaller picture of a file."""

    def get(self, request: HttpRequest, key: str) -> HttpResponseBase:
        row = _readable(request, key)
        if not row.thumbnail:
            raise Http404
        try:
            size = storage.file_size(row.thumbnail)
        except FileNotFoundError:
            raise Http404 from None
        return _file_response(
            request,
            row.thumbnail,
            size=size,
            etag=f'"{row.sha256}-small"',
            content_type=_THUMBNAIL_TYPE,
            disposition="inline",
        )


def _readable(request: HttpRequest, key: str) -> Attachment:
    """Return the file if the caller may read it. All others get the answer for an absent one."""
    try:
        known = TokenOrSession().authenticate(request)
        if known is None:
            raise Http404
        return access_attachment(known[0], key)
    except (ChatError, AuthenticationFailed):
        raise Http404 from None


def _file_response(
    request: HttpRequest, stored: str, *, size: int, etag: str, content_type: str, disposition: str
) -> HttpResponseBase:
    response = HttpResponse(content_type=content_type)
    response["Content-Disposition"] = disposition
    response["Cache-Control"] = "private, no-cache"
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "bytes"
    if settings.IM_ACCEL_REDIRECT and storage.is_local():
        # nginx makes an ETag of its own, and answers conditions and ranges by it.
        response["X-Accel-Redirect"] = settings.IM_ACCEL_REDIRECT + stored
        return response
    response["ETag"] = etag
    conditional = get_conditional_response(request, etag=etag, response=response)
    if conditional is not response:
        assert conditional is not None
        return conditional
    wanted = range(size)
    if request.headers.get("If-Range", etag) == etag:
        try:
            part = requested_range(request.headers.get("Range", ""), size)
        except NotSatisfiable:
            response.status_code = 416
            response["Content-Range"] = f"bytes */{size}"
            return response
        if part is not None:
            wanted, response.status_code = part, 206
            response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    response["Content-Length"] = str(len(wanted))
    response[SENT_FILE] = f"{stored} {wanted.start} {len(wanted)}"
    return response
