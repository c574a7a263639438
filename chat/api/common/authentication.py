"""Authentication of HTTP calls by API token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.caches.callers import Caller, caller_by_token
from accounts.selectors.users import user_by_token
from chat.actions import last_seen
from chat.api.common.call_request import CallRequest

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


class ApiToken(BaseAuthentication):  # type: ignore[misc]
    """Authenticates `Authorization: Token <token>` or `Bearer <token>`.

    Each call checks the token, so a revoked one fails at once.
    """

    def authenticate(self, request: Request) -> tuple[User, str] | None:
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
