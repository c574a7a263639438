"""Middleware: limits the requests without a token from one address, before they cost a session or a query."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.rate_limits import count_anonymous
from chat import reasons
from chat.api.v1 import problems
from chat.errors import ChatError

LEGACY_CALLS = ("/user/", "/register", "/login", "/friend/", "/group/", "/group_user/", "/system/")
"""Calls that answer a refusal in their own form: `chat.api.common.admission` counts them."""
_CALLS = ("/api/", "/hooks/")


class AnonymousRateLimitMiddleware:
    """Answers 429 with Retry-After once an address has used up IM_ANONYMOUS_BURST."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not ("HTTP_AUTHORIZATION" in request.META or request.path_info.startswith(LEGACY_CALLS)):
            wait = count_anonymous(request.META.get("REMOTE_ADDR", ""))
            if wait:
                return _refusal(request, wait)
        return self.get_response(request)


def _refusal(request: HttpRequest, wait: float) -> HttpResponse:
    problem = problems.problem_body(ChatError(reasons.RATE_LIMITED, retryAfter=round(wait, 3), scope="address"))
    if request.path_info.startswith(_CALLS):
        response = HttpResponse(json.dumps(problem), status=429, content_type=problems.MEDIA_TYPE)
    else:
        response = HttpResponse(problem["detail"], status=429, content_type="text/plain; charset=utf-8")
    for name, value in problems.problem_headers(problem).items():
        response[name] = value
    return response
