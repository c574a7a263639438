"""Answers widgets over HTTP: a token for the user who is signed in here, and whether their page is allowed."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.numbers import parse_decimal
from accounts.sign_in import current_credential
from chat import reasons
from chat.errors import ChatError
from chat.origins import own_origin, widget_origin_allowed
from chat.widgets.issuing import widget_token_for_session


@require_safe
@never_cache
def widget_session_token(request: HttpRequest) -> JsonResponse:
    """Return a token for this site's own pages, for the channel of the query and the user of the browser session.

    Pages of other origins cannot read the response: it has no CORS headers.
    """
    try:
        if not isinstance(request.user, User):
            raise ChatError(reasons.LOGIN_REQUIRED)
        issued = widget_token_for_session(
            user=request.user,
            credential=current_credential(request),
            channel_id=parse_decimal(request.GET.get("channel", "")) or 0,
            origin=own_origin(request.get_host(), request.is_secure()),
        )
    except ChatError as refusal:
        return _refused(refusal)
    return JsonResponse({"token": issued.token, "expires": issued.expires * 1000})


@require_safe
@never_cache
def widget_status(request: HttpRequest) -> JsonResponse:
    """Tell a page whether it may embed a channel. Browsers do not tell it why a WebSocket was refused."""
    origin = request.headers.get("Origin")
    # A request from a page of this site has no Origin.
    if origin is None or widget_origin_allowed(origin, host=request.get_host(), secure=request.is_secure()):
        response = JsonResponse({"allowed": True})
    else:
        response = _refused(ChatError(reasons.WIDGET_ORIGIN_NOT_ALLOWED), status=200)
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _refused(refusal: ChatError, status: int | None = None) -> JsonResponse:
    body = {"allowed": False, "reason": refusal.reason.key, "error": str(refusal)}
    return JsonResponse(body, status=status or refusal.code.http)
