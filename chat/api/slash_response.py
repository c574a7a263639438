"""`POST /hooks/slash-<token>/`: a service answers a slash command later. The path is a secret, so no log has it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from msgspec import Meta
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat import rules
from chat.actions.message import message_send_now
from chat.api.incoming_webhook import AnyBodyNegotiation, RawParser
from chat.api.v1 import problems
from chat.api.v1.schema import Problem, Shape, parse
from chat.slash import answers
from chat.slash.response_urls import claim_response


class SlashResponse(Shape):
    """An answer to a slash command: for the caller alone, or posted by the command's bot for everyone."""

    text: str
    type: Annotated[
        Literal["ephemeral", "posted"], Meta(description="`ephemeral`: only the caller sees it; it is not stored.")
    ] = "ephemeral"


class SlashResponseView(APIView):  # type: ignore[misc]
    """Answers 204 once the answer is given; otherwise a problem (RFC 9457)."""

    authentication_classes: ClassVar[tuple[type, ...]] = ()
    permission_classes = (AllowAny,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (RawParser,)
    content_negotiation_class = AnyBodyNegotiation
    metadata_class = None

    @extend_schema(
        summary="Answer a slash command",
        tags=["slash commands"],
        auth=[],
        request={"application/json": SlashResponse},
        responses={
            204: None,
            **{(status, problems.MEDIA_TYPE): Problem for status in (400, 403, 404, 405, 409, 413, 429, 503)},
        },
        examples=[
            OpenApiExample("For everyone", {"type": "posted", "text": "**shop** 1.8 is deployed."}, request_only=True),
        ],
    )
    def post(self, request: Request, token: str) -> HttpResponse:
        """Answer a call of your slash command by the `responseUrl` that came with it.

        When a user calls a command that an operator has registered, the site POSTs a JSON object to its URL: `command`,
        `text` (the arguments), `target` and `channel` (`kind`, `name`), `threadId` if it was called in a thread,
        `user`, `appId`, `runId`, `time` and `responseUrl`. It is signed like webhooks, by `Imsite-Timestamp` and
        `Imsite-Signature`, with the command's secret. Answer within three seconds (IM_SLASH_TIMEOUT) with the body that
        this call takes, or with an empty one and this call later: five times (IM_SLASH_MAX_RESPONSES) within half an
        hour (IM_SLASH_RESPONSE_SECONDS). A posted answer needs the bot's right to send in the channel.
        """
        answer: SlashResponse = parse(bytes(request.data or b""), SlashResponse)
        text = rules.check_text(answer.text, limit=settings.IM_MESSAGE_MAX_LENGTH)
        run = claim_response(token)
        if answer.type == "posted":
            message_send_now(answers.posted_draft(run, text))
        else:
            answers.tell_caller(run, text)
        return HttpResponse(status=204)

    def handle_exception(self, exc: Exception) -> Response:
        response = problems.response(problems.problem_of_error(exc, call="/hooks/"))
        # Otherwise Django would log the path with every failure.
        response._has_been_logged = True
        return response
