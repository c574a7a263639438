"""Authentication of HTTP calls by API token, and of those that the chat page makes too, by its session."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.http import HttpRequest, QueryDict
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.caches.callers import Caller, caller_by_token
from accounts.selectors.users import user_by_session, user_by_token
from chat import reasons
from chat.actions import last_seen
from chat.api.common.call_request import CallRequest
from chat.errors import ChatError

if TYPE_CHECKING:
    from accounts.models import User

_SCHEMES = ("token", "bearer")
_MAX_TOKEN_LENGTH = 512


def token_in(header: str | None) -> str | None:
    """Return the token in an Authorization header, None without the header. Raise AuthenticationFailed for others."""
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() not in _SCHEMES or not token or " " in token or len(token) > _MAX_TOKEN_LENGTH:
        raise AuthenticationFailed("The header is: Authorization: Bearer <token>.")
    return token


def invalid_token() -> AuthenticationFailed:
    """Return the refusal of a token that is unknown, expired or revoked."""
    return AuthenticationFailed("This token is not valid.")


async def caller_of(request: CallRequest) -> Caller | None:
    """Return the caller whom the request's token authenticates, None without a token.

    Does what `ApiToken` does, on the event loop. Raises AuthenticationFailed.
    """
    token = token_in(request.headers.get("Authorization"))
    if token is None:
        return None
    caller = await caller_by_token(token)
    if caller is None:
        raise invalid_token()
    last_seen.record_use(caller.credential, address=request.META.get("REMOTE_ADDR"))
    return caller


class TokenHolder(NamedTuple):
    """The caller of a DRF view; see `chat.api.common.admission.Identity`."""

    credential: str


async def authenticate(view: APIView, request: Request) -> TokenHolder | None:
    """Let the view authenticate the request, in the view's thread; return the caller, None without a token."""
    view.perform_authentication(request)
    return None if request.auth is None else TokenHolder(request.auth)


class ApiToken(BaseAuthentication):  # type: ignore[misc]
    """Authenticates `Authorization: Token <token>` or `Bearer <token>`.

    Each call checks the token, so a revoked one fails at once.
    """

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, str] | None:
        token = token_in(request.headers.get("Authorization"))
        if token is None:
            return None
        known = user_by_token(token)
        if known is None:
            raise invalid_token()
        last_seen.record_use(known[1], address=request.META.get("REMOTE_ADDR"))
        return known

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenOrSession(ApiToken):
    """Authenticates like ApiToken; without an Authorization header, by the browser session, for the chat page."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, str] | None:
        return super().authenticate(request) or _session_user(getattr(request, "_request", request))


class TokenOrSessionWithCsrf(TokenOrSession):
    """Authenticates like TokenOrSession. A session also needs the CSRF token, in the header X-CSRFToken."""

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, str] | None:
        known = super().authenticate(request)
        if known is not None and request.headers.get("Authorization") is None:
            _require_csrf_token(getattr(request, "_request", request))
        return known


def _session_user(request: HttpRequest) -> tuple[User, str] | None:
    return user_by_session(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))


def _require_csrf_token(request: HttpRequest) -> None:
    """Raise ChatError FORBIDDEN without a valid CSRF token in the headers. The body is not read."""
    if request.method == "POST" and not hasattr(request, "_post"):
        # Otherwise Django would look for the token in the form, and so read the file into its own temporary one.
        request._post = QueryDict()  # type: ignore[attr-defined]
    check = CSRFCheck(lambda request: None)
    check.process_request(request)
    if check.process_view(request, None, (), {}):
        raise ChatError(reasons.FORBIDDEN)
