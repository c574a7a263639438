"""Downloads of attachments, thumbnails and pictures of link previews, under the rights of their message.

The views decide and write the headers. The content is sent by `imsite.server.files`, or by nginx, which both read it
from the storage while no thread of the site waits for a slow reader; or by an object storage, to which browsers are
redirected.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views import View
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import User
from accounts.numbers import parse_decimal
from chat.actions.attachment_access import access_attachment
from chat.actions.link_preview import access_preview_picture
from chat.api.common.authentication import TokenOrSession
from chat.attachments import storage
from chat.attachments.content_types import INLINE, UNKNOWN
from chat.errors import ChatError
from chat.models import Attachment
from chat.views.byte_range import NotSatisfiable, requested_range

logger = logging.getLogger(__name__)

SENT_FILE = "X-Imsite-File"
"""Header for `imsite.server.files`: name in the storage, first byte and number of bytes. It never leaves the site."""
CONTENT_SECURITY_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
REDIRECTED = frozenset({"image", "document"})
"""Values of Sec-Fetch-Dest with which a browser follows a redirect to another origin. Scripts and programs may not.

Players keep the address that they were redirected to, and ask it for further parts after it has expired.
"""
_THUMBNAIL_TYPE = "image/webp"
_RETRY_SECONDS = 30


@method_decorator(require_safe, name="dispatch")
class FileView(View):
    """Sends a file. Only pictures, video and sound are shown in place; all others are downloaded."""

    def get(self, request: HttpRequest, key: str, name: str) -> HttpResponseBase:
        return send_file(request, _readable(request, key))


@method_decorator(require_safe, name="dispatch")
class ThumbnailView(View):
    """Sends the smaller picture of a file."""

    def get(self, request: HttpRequest, key: str) -> HttpResponseBase:
        return send_thumbnail(request, _readable(request, key))


@method_decorator(require_safe, name="dispatch")
class LinkPreviewPictureView(View):
    """Sends the picture of a link preview to those who may read the message."""

    def get(self, request: HttpRequest, message_id: str, key: str) -> HttpResponseBase:
        try:
            stored = access_preview_picture(_caller(request), parse_decimal(message_id) or 0, key)
        except ChatError:
            raise Http404 from None
        return _file_response(
            request,
            stored,
            size=lambda: storage.file_size(stored),
            etag=f'"{key}"',
            content_type=_THUMBNAIL_TYPE,
            disposition="inline",
        )


def send_file(request: HttpRequest, row: Attachment, *, is_for_other_sites: bool = False) -> HttpResponseBase:
    """Return the response with the file. `is_for_other_sites`: pages of others may read it, and the node sends it."""
    is_inline = row.content_type in INLINE
    return _file_response(
        request,
        row.file,
        size=lambda: row.size,
        etag=f'"{row.sha256}"',
        content_type=row.content_type if is_inline else UNKNOWN,
        disposition=content_disposition_header(not is_inline, row.name) or "inline",
        is_for_other_sites=is_for_other_sites,
    )


def send_thumbnail(request: HttpRequest, row: Attachment, *, is_for_other_sites: bool = False) -> HttpResponseBase:
    """Return the response with the file's smaller picture, as `send_file`. Raise Http404 without one."""
    if not row.thumbnail:
        raise Http404
    return _file_response(
        request,
        row.thumbnail,
        size=lambda: storage.file_size(row.thumbnail),
        etag=f'"{row.sha256}-small"',
        content_type=_THUMBNAIL_TYPE,
        disposition="inline",
        is_for_other_sites=is_for_other_sites,
    )


def _readable(request: HttpRequest, key: str) -> Attachment:
    """Return the file if the caller may read it. All others get the answer for an absent one."""
    try:
        return access_attachment(_caller(request), key)
    except ChatError:
        raise Http404 from None


def _caller(request: HttpRequest) -> User:
    try:
        known = TokenOrSession().authenticate(request)
    except AuthenticationFailed:
        known = None
    if known is None:
        raise Http404
    return known[0]


def _file_response(
    request: HttpRequest,
    stored: str,
    *,
    size: Callable[[], int],
    etag: str,
    content_type: str,
    disposition: str,
    is_for_other_sites: bool = False,
) -> HttpResponseBase:
    """Return the response with this stored file. Its size is asked for only where the site sends it."""
    try:
        is_redirected = request.headers.get("Sec-Fetch-Dest") in REDIRECTED and not is_for_other_sites
        if is_redirected and (
            url := storage.signed_url(
                stored, method=str(request.method), content_type=content_type, disposition=disposition
            )
        ):
            redirect = HttpResponseRedirect(url)
            redirect["Cache-Control"] = "private, no-store"
            return redirect
        response = HttpResponse(content_type=content_type)
        response["Content-Disposition"] = disposition
        # nginx would drop the headers for other sites.
        if settings.IM_ACCEL_REDIRECT and storage.is_local() and not is_for_other_sites:
            return _sent_by_nginx(response, stored)
        return _sent_by_site(request, response, stored, size(), etag)
    except FileNotFoundError:
        raise Http404 from None
    except OSError as error:
        logger.error("attachment_storage_error", extra={"error": error.strerror or type(error).__name__})
        return HttpResponse(status=503, headers={"Retry-After": str(_RETRY_SECONDS)})


def _sent_by_nginx(response: HttpResponse, stored: str) -> HttpResponse:
    # nginx makes an ETag of its own, and answers conditions and ranges by it.
    _protect(response)
    response["X-Accel-Redirect"] = settings.IM_ACCEL_REDIRECT + stored
    return response


def _protect(response: HttpResponse) -> None:
    response["Cache-Control"] = "private, no-cache"
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "bytes"


def _sent_by_site(request: HttpRequest, response: HttpResponse, stored: str, size: int, etag: str) -> HttpResponse:
    _protect(response)
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
