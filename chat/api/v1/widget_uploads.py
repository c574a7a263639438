"""`/widget/uploads/`: upload a file in an embedded channel, in one request with the widget's token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.request import Request

from chat import reasons
from chat.api.common.fast_path import Answer
from chat.api.v1.body_receivers import FORM_OVERHEAD_BYTES, BodyReceiver, FormReceiver, attachment_answer
from chat.api.v1.streamed_call import CallAccess, StreamedCall
from chat.errors import ChatError
from chat.widgets.callers import page_headers, request_token, widget_caller
from chat.widgets.files import max_upload_bytes, upload_reference

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Attachment

PATH = "/widget/uploads/"


class _WidgetFormReceiver(FormReceiver):
    """Answers with the `reference` by which the widget sends the file, too."""

    def __init__(self, user: User, *, channel: int, content_type: str, length: int, max_bytes: int) -> None:
        super().__init__(user, content_type=content_type, length=length, max_bytes=max_bytes)
        self._channel = channel

    def _answer(self, row: Attachment) -> Answer:
        return attachment_answer(row, 201, reference=upload_reference(row, channel=self._channel))


def _authenticate(request: HttpRequest) -> tuple[User, str]:
    user = widget_caller(request).user
    # The issuer of its token is a service, which many users share.
    return user, f"widget:{user.pk}"


def _begin(user: User, request: HttpRequest | Request, parameters: Mapping[str, str]) -> BodyReceiver:
    length, limit = request.headers.get("Content-Length", ""), max_upload_bytes(user)
    if not length.isdecimal():
        raise ChatError(reasons.UPLOAD_HEADER, header="Content-Length")
    if not limit:
        raise ChatError(reasons.UPLOADS_NOT_ALLOWED)
    if int(length) > limit + FORM_OVERHEAD_BYTES:
        raise ChatError(reasons.FILE_TOO_LARGE, limit=limit)
    return _WidgetFormReceiver(
        user,
        channel=request_token(request).channel,
        content_type=request.headers.get("Content-Type", ""),
        length=int(length),
        max_bytes=limit,
    )


widget_upload = StreamedCall("POST", PATH, _begin, access=CallAccess(_authenticate, page_headers))
