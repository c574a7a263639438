"""Authentication of HTTP calls by API token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.selectors.users import user_by_token
from chat.actions import last_seen

if TYPE_CHECKING:
    from accounts.models import User

_SCHEMES = ("token", "bearer")
_MAX_TOKEN_LENGTH = 512


class ApiToken(BaseAuthentication):  # type: ignore[misc]
    """Authenticates `Authorization: Token <token>` or `Bearer <token>`.

    Each call checks the token, so a revoked one fails at once.
    """

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in _SCHEMES or not token or " " in token or len(token) > _MAX_TOKEN_LENGTH:
            raise AuthenticationFailed("The header is: Authorization: Bearer <token>.")
        known = user_by_token(token)
        if known is None:
            raise AuthenticationFailed("This token is not valid.")
        last_seen.record_use(known[1], address=request.META.get("REMOTE_ADDR"))
        return known

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
