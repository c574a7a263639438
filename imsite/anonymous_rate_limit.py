"""Middleware: limits the requests without a token, before they cost a session or a query.

A request with the cookie of a session that signed a user in lately counts as a read of that user, so that the users
behind one address do not use up each other's requests. All others count against their address.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext

from accounts.rate_limits import count_anonymous
from chat import reasons
from chat.api.v1 import problems
from chat.errors import ChatError
from delivery.rate_limits.declared import READS

LEGACY_CALLS = ("/user/", "/register", "/login", "/friend/", "/group/", "/group_user/", "/system/")
"""Calls that answer a refusal in their own form: `chat.api.common.admission` counts them."""
TOKEN_CALLS = "/api/v1/"
"""Begins the paths whose calls count against their token, if they have one."""
_CALLS = ("/api/", "/hooks/")

REMEMBERED_SECONDS = 300.0
"""Seconds after an answer to a signed-in user in which further requests of the session count against the user."""
_MAX_SESSIONS = 50_000


class SignedInSessions:
    """Users by the keys of their sessions, as the last answers of this process found them. Thread-safe."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def find_user(self, key: str) -> int | None:
        """Return the id of the user whom the session signed in lately; None if there is none."""
        user_id, until = self._users.get(key, (None, 0.0))
        return user_id if time.monotonic() < until else None

    def note(self, key: str, user_id: int | None) -> None:
        """Remember the user whom the session signs in; None: it signs in nobody."""
        with self._lock:
            self._users.pop(key, None)
            if user_id is not None:
                self._users[key] = user_id, time.monotonic() + REMEMBERED_SECONDS
            if len(self._users) > _MAX_SESSIONS:
                self._users.popitem(last=False)


class AnonymousRateLimitMiddleware:
    """Answers 429 with Retry-After once an address has used up IM_ANONYMOUS_BURST, or a user IM_READ_BURST."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._sessions = SignedInSessions()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        has_token = path.startswith(TOKEN_CALLS) and "HTTP_AUTHORIZATION" in request.META
        if has_token or path.startswith(LEGACY_CALLS):
            return self.get_response(request)
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        user_id = self._sessions.find_user(session)
        if user_id is None:
            wait, scope = count_anonymous(request.META.get("REMOTE_ADDR", "")), "address"
        else:
            wait, scope = READS.take(user_id), "user"
        if wait:
            return _refusal(request, wait, scope)
        response = self.get_response(request)
        # `UserLocaleMiddleware` has loaded the user, unless the database is away.
        if session and (user := getattr(request, "_cached_user", None)) is not None:
            self._sessions.note(session, user.pk)
        return response


def _refusal(request: HttpRequest, wait: float, scope: str) -> HttpResponse:
    problem = problems.problem_body(ChatError(reasons.RATE_LIMITED, retryAfter=round(wait, 3), scope=scope))
    if request.path_info.startswith(_CALLS):
        response = HttpResponse(json.dumps(problem), status=429, content_type=problems.MEDIA_TYPE)
    else:
        # LocaleMiddleware comes later.
        with translation.override(translation.get_language_from_request(request)):
            text = gettext(problem["detail"])
        response = HttpResponse(text, status=429, content_type="text/plain; charset=utf-8")
    for name, value in problems.problem_headers(problem).items():
        response[name] = value
    return response
