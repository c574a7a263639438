"""Sign-ins that wait for a provider's redirect back, each in a signed cookie of the browser that started it.

They are not in the browser's session. Two that start at once would overwrite each other there, and a sign-in in another
tab replaces the session.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

_COOKIE_PREFIX = "oauth_"
_SALT = "accounts.oauth.pending"
_LIFETIME_SECONDS = 1800
"""The library accepts a redirect back for the same time."""
_MAX_COOKIES = 5
"""Sign-ins of one browser with one provider that may wait at a time. All their cookies together must fit a header."""


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """A sign-in that a browser has started. `state` is the value that the provider repeats."""

    provider: str
    """The provider's slug."""
    state: str
    started_at: int
    """Unix seconds."""
    next_page: str
    link_to: int | None = None
    """Id of the user whose account is linked instead of signing in."""
    nonce: str = ""
    """The nonce that an OpenID Connect provider must return within its token; empty for other providers."""
    completed_as: int | None = None
    """Id of the user that it has signed in or linked; 0: a new user who chooses a user name; None: not completed."""


def store(request: HttpRequest, response: HttpResponse, pending: PendingSignIn) -> None:
    """Set the cookie of the sign-in; delete the oldest other ones of the provider beyond `_MAX_COOKIES`."""
    name = _cookie_name(pending.state)
    others = sorted(
        (known.started_at, other)
        for other, value in request.COOKIES.items()
        if other.startswith(_COOKIE_PREFIX) and other != name
        if (known := _read(value)) is not None and known.provider == pending.provider
    )
    path = reverse("accounts:oauth-start", args=[pending.provider])
    for _, other in others[: max(0, len(others) + 1 - _MAX_COOKIES)]:
        response.delete_cookie(other, path=path, samesite="Lax")
    response.set_cookie(
        name,
        signing.dumps(asdict(pending), salt=_SALT, compress=True),
        max_age=_LIFETIME_SECONDS,
        path=path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        # The redirect back comes from another site.
        samesite="Lax",
    )


def find(request: HttpRequest, state: str) -> PendingSignIn | None:
    """Return the sign-in that this browser has started with this state; None if there is none or it has expired."""
    pending = _read(request.COOKIES.get(_cookie_name(state), ""))
    return pending if pending is not None and pending.state == state else None


def _cookie_name(state: str) -> str:
    return _COOKIE_PREFIX + hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()[:16]


def _read(value: str) -> PendingSignIn | None:
    try:
        return PendingSignIn(**signing.loads(value, salt=_SALT, max_age=_LIFETIME_SECONDS))
    except signing.BadSignature:
        return None
