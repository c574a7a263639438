"""`POST /hooks/<secret>/`: an incoming webhook. It accepts Slack's payload unchanged.

The path is a secret, so it appears in no log, error or response.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import IO, Any, ClassVar
from urllib.parse import parse_qs

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.visible_text import has_visible_text
from chat import reasons
from chat.api.common.negotiation import AlwaysJsonNegotiation
from chat.api.common.throttles import throttles
from chat.api.slack_payload import SlackPayload, message_text
from chat.api.v1 import problems
from chat.api.v1.endpoint import idempotency_header
from chat.api.v1.schema import Problem, parse
from chat.errors import ChatError
from chat.webhooks.incoming.actions import incoming_webhook_post, secret_digest
from chat.webhooks.incoming.slack_text import markdown
from chat.webhooks.outgoing import selectors as hook_selectors

FORM = "application/x-www-form-urlencoded"


class RawParser(BaseParser):  # type: ignore[misc]
    """Reads the raw body of any type, up to IM_INCOMING_WEBHOOK_BYTES."""

    media_type = "*/*"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> bytes:
        limit = settings.IM_INCOMING_WEBHOOK_BYTES
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise ChatError(reasons.BODY_TOO_LARGE, limit=limit)
        return bytes(raw)


class AnyBodyNegotiation(AlwaysJsonNegotiation):
    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]


class IncomingMessageView(APIView):  # type: ignore[misc]
    """Answers `ok`, as Slack does, once the message is stored; otherwise a problem (RFC 9457)."""

    authentication_classes: ClassVar[tuple[type, ...]] = ()
    permission_classes = (AllowAny,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (RawParser,)
    content_negotiation_class = AnyBodyNegotiation
    metadata_class = None

    @extend_schema(
        summary="Post into a channel",
        tags=["incoming webhooks"],
        auth=[],
        parameters=[
            OpenApiParameter(
                "Idempotency-Key", str, OpenApiParameter.HEADER, description="Stores the message once for this key."
            )
        ],
        request={
            "application/json": SlackPayload,
            FORM: {"type": "object", "properties": {"text": {"type": "string"}}},
        },
        responses={
            (200, "text/plain"): {"type": "string", "const": "ok"},
            **{(status, problems.MEDIA_TYPE): Problem for status in (400, 404, 405, 409, 413, 429, 503)},
        },
        examples=[
            OpenApiExample(
                "JSON", value={"text": "Build 812 is green."}, request_only=True, media_type="application/json"
            ),
            OpenApiExample("A form", value={"text": "Build 812 is green."}, request_only=True, media_type=FORM),
            OpenApiExample("Stored", value="ok", response_only=True, status_codes=["200"], media_type="text/plain"),
        ],
    )
    def post(self, request: Request, secret: str) -> HttpResponse:
        """Store a message; with `Idempotency-Key`, the same message is stored once."""
        webhook = hook_selectors.incoming_webhook_by_digest(secret_digest(secret))
        if webhook is None:
            raise ChatError(reasons.INCOMING_WEBHOOK_NOT_FOUND)
        throttles.hooks.take(str(webhook.pk))
        incoming_webhook_post(webhook=webhook, text=_text(request), key=idempotency_header(request.headers) or "")
        return HttpResponse("ok", content_type="text/plain; charset=utf-8")

    def handle_exception(self, exc: Exception) -> Response:
        response = problems.response(problems.problem_of_error(exc, call="/hooks/"))
        # Otherwise Django would log the path with every failure.
        response._has_been_logged = True
        return response


def _text(request: Request) -> str:
    """Return the message of a JSON object (the body, or the form's field `payload`), or of the form's field `text`.

    Raise ChatError if there is none.
    """
    raw = bytes(request.data or b"").removeprefix(BOM_UTF8)
    if not raw.lstrip().startswith(b"{") and request.content_type.lower().startswith(FORM):
        try:
            form = parse_qs(raw.decode(), max_num_fields=100)
        except ValueError as error:
            raise ChatError(reasons.BODY_NOT_FORM) from error
        if "payload" not in form:
            return _required(markdown(form.get("text", [""])[0]))
        raw = form["payload"][0].encode()
    payload: SlackPayload = parse(raw, SlackPayload)
    return _required(message_text(payload))


def _required(text: str) -> str:
    if not has_visible_text(text):
        raise ChatError(reasons.WEBHOOK_TEXT_REQUIRED, field="text")
    return text
