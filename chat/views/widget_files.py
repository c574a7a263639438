"""Answers widgets over HTTP: files of their channel's messages, and uploads, by the token in the request's header."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from chat import reasons
from chat.api.v1 import problems
from chat.api.v1.endpoint import encode
from chat.api.v1.streamed_call import feed_body
from chat.api.v1.widget_uploads import widget_upload
from chat.errors import ChatError
from chat.views.files import send_file, send_thumbnail
from chat.widgets.callers import page_headers, require_widget_page, widget_caller
from chat.widgets.files import readable_file
from delivery.rate_limits.declared import READS


# No cookie counts here, so a form of another site can do nothing.
@method_decorator(csrf_exempt, name="dispatch")
class _WidgetView(View):
    """Refuses pages that may not embed a channel, and lets the others read every answer."""

    methods: ClassVar[tuple[str, ...]]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            require_widget_page(request)
            response = super().dispatch(request, *args, **kwargs)
        except Http404:
            response = _problem(ChatError(reasons.ATTACHMENT_NOT_FOUND))
        except Exception as error:
            response = _problem(error)
        for name, value in page_headers(request, *(self.methods if request.method == "OPTIONS" else ())).items():
            response[name] = value
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(status=204)


class WidgetFileView(_WidgetView):
    """Sends a file of a message in the widget's channel."""

    methods = ("GET",)

    def get(self, request: HttpRequest, key: str) -> HttpResponseBase:
        caller = widget_caller(request)
        _count_read(caller.user.pk)
        return send_file(request, readable_file(caller, key), is_for_other_sites=True)


class WidgetThumbnailView(_WidgetView):
    """Sends the smaller picture of such a file."""

    methods = ("GET",)

    def get(self, request: HttpRequest, key: str) -> HttpResponseBase:
        caller = widget_caller(request)
        _count_read(caller.user.pk)
        return send_thumbnail(request, readable_file(caller, key), is_for_other_sites=True)


@method_decorator(never_cache, name="dispatch")
class WidgetUploadView(_WidgetView):
    """Receives a file where `imsite.server.uploads` does not."""

    methods = ("POST",)

    def post(self, request: HttpRequest) -> HttpResponse:
        user, _ = widget_upload.access.authenticate(request)
        answer = feed_body(widget_upload.begin(user, request, {}), request)
        return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))


def _count_read(user_id: int) -> None:
    if wait := READS.take(user_id):
        raise ChatError(reasons.RATE_LIMITED, retryAfter=round(wait, 3), scope="user")


def _problem(error: Exception) -> HttpResponse:
    body = problems.problem_of_error(error, call="widget")
    response = HttpResponse(encode(body), status=body["status"], content_type=problems.MEDIA_TYPE)
    for name, value in problems.problem_headers(body).items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    return response
