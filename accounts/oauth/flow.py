"""The OAuth sign-in flow of one browser, from the button to a verified identity.

A signed cookie holds the purpose of each sign-in (`accounts.oauth.pending`). The social-auth library accepts a state
once, within half an hour.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext_noop as _
from social_core import exceptions

from accounts import errors
from accounts.errors import AccountError, Reason
from accounts.models import User
from accounts.oauth import pending
from accounts.oauth.identity import Identity
from accounts.oauth.pending import PendingSignIn
from accounts.oauth.providers import ProviderConfig, provider_backend
from accounts.own_pages import own_page
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

# Headings of the page that shows a refusal.
FOREIGN_REDIRECT = _("This link leads to another site")
UNKNOWN_SIGN_IN = _("This sign-in is not valid")
PROVIDER_FAILED = _("%(title)s did not respond as expected")
NOT_SIGNED_IN = _("You are not signed in")


_NEXT_MAX_LENGTH = 500
_SIGN_UPS_KEY = "oauth_sign_ups"
_MAX_SIGN_UPS = 5
"""Sign-ups of one browser that may wait for a user name at a time, such as in several tabs."""
_SIGN_UP_SECONDS = 1800
"""Seconds that a new user has to choose a user name."""


class OAuthRefused(AccountError):
    """The sign-in cannot continue. The refusal page shows `heading` and the sentence."""

    def __init__(self, heading: str, reason: Reason, /, **params: object) -> None:
        super().__init__(reason, **params)
        self.heading = heading


@dataclass(frozen=True, slots=True)
class PendingSignUp:
    """A new user who still has to choose a user name."""

    provider_slug: str
    identity: Identity
    next_page: str
    key: str = field(default_factory=lambda: secrets.token_hex(8))
    """Distinguishes the sign-ups of one browser."""
    started_at: float = field(default_factory=time.time)

    @property
    def is_expired(self) -> bool:
        return time.time() - self.started_at > _SIGN_UP_SECONDS


def require_own_page(request: HttpRequest, next_page: str) -> str:
    """Return the page to go to after the sign-in. Raises OAuthRefused if it is on another site.

    A very long address becomes that of the chat, because it would not fit a cookie.
    """
    if not own_page(request, next_page, ""):
        raise OAuthRefused(FOREIGN_REDIRECT, errors.OAUTH_FOREIGN_NEXT)
    encoded = iri_to_uri(next_page)
    return encoded if len(encoded) <= _NEXT_MAX_LENGTH else "/"


def start(
    request: HttpRequest, provider: ProviderConfig, *, next_page: str, link_to: User | None = None
) -> HttpResponse:
    """Begin a sign-in and return the redirect to the provider.

    With `link_to`, the account at the provider is linked with that user instead. Raises OAuthRefused: OAUTH_FAILED if
    the provider cannot be reached for its addresses.
    """
    backend = _backend(request, provider)
    try:
        url = str(backend.auth_url())
    except exceptions.SocialAuthBaseException as error:
        # An OpenID Connect provider is asked for its addresses first.
        raise _failed(provider, error) from None
    state = parse_qs(urlsplit(url).query)["state"][0]
    transaction = backend.strategy.session_get(backend.transaction_key(state))
    response = HttpResponseRedirect(url)
    link_id = link_to.pk if link_to is not None else None
    started = PendingSignIn(
        provider.slug, state, transaction["timestamp"], next_page, link_id, transaction.get("oidc_nonce", "")
    )
    pending.store(request, response, started)
    return response


def find_pending(request: HttpRequest, provider: ProviderConfig) -> PendingSignIn:
    """Return the sign-in that the provider has redirected back from. Raises OAuthRefused for another browser's."""
    found = pending.find(request, request.GET.get("state", ""))
    if found is None or found.provider != provider.slug:
        raise OAuthRefused(UNKNOWN_SIGN_IN, errors.OAUTH_EXPIRED)
    return found


def finish(request: HttpRequest, provider: ProviderConfig, sign_in: PendingSignIn) -> Identity:
    """Complete the sign-in and return the identity. Raises OAuthRefused: OAUTH_EXPIRED if it has been used before."""
    if not request.GET.get("code") and "error" not in request.GET:
        # WeChat reports a denial like this.
        raise OAuthRefused(NOT_SIGNED_IN, errors.OAUTH_DECLINED, title=provider.title)
    backend = _backend(request, provider)
    backend.strategy.session_set(
        backend.transaction_key(sign_in.state),
        {"state": sign_in.state, "timestamp": sign_in.started_at, "oidc_nonce": sign_in.nonce},
    )
    try:
        identity: Identity = backend.complete()
    except exceptions.AuthCanceled:
        raise OAuthRefused(NOT_SIGNED_IN, errors.OAUTH_DECLINED, title=provider.title) from None
    except (exceptions.AuthInputError, exceptions.AuthSessionError):
        raise OAuthRefused(UNKNOWN_SIGN_IN, errors.OAUTH_EXPIRED) from None
    except (exceptions.SocialAuthBaseException, ValueError, KeyError, TypeError) as error:
        # A malformed answer of a provider must not cause a server error.
        raise _failed(provider, error) from None
    log_recovery(logger, "oauth_failed", provider=provider.slug)
    return identity


def _failed(provider: ProviderConfig, error: Exception) -> OAuthRefused:
    code = getattr(error, "code", "")
    logger.warning("oauth_failed", extra={"provider": provider.slug, "error": type(error).__name__, "code": code})
    return OAuthRefused(PROVIDER_FAILED, errors.OAUTH_FAILED, title=provider.title)


def mark_completed(request: HttpRequest, response: HttpResponse, sign_in: PendingSignIn, user_id: int) -> HttpResponse:
    """Set a cookie that the sign-in has succeeded for this user (0: a new user who chooses a user name).

    A reload of the callback URL then redirects to the page after the sign-in instead of a refusal.
    """
    pending.store(request, response, replace(sign_in, completed_as=user_id))
    return response


def _backend(request: HttpRequest, provider: ProviderConfig) -> Any:
    return provider_backend(provider, request, reverse("accounts:oauth-callback", args=[provider.slug]))


def keep_pending_sign_up(request: HttpRequest, sign_up: PendingSignUp) -> None:
    """Store a sign-up in the browser session while the user chooses a user name."""
    kept = request.session.get(_SIGN_UPS_KEY, {})
    kept[sign_up.key] = {
        "provider_slug": sign_up.provider_slug,
        "identity": sign_up.identity.to_session(),
        "next_page": sign_up.next_page,
        "started_at": sign_up.started_at,
    }
    request.session[_SIGN_UPS_KEY] = dict(list(kept.items())[-_MAX_SIGN_UPS:])


def pending_sign_up(request: HttpRequest, key: str = "") -> PendingSignUp | None:
    """Return the sign-up of this browser with this key, without a key the newest one; None if there is none."""
    kept = request.session.get(_SIGN_UPS_KEY, {})
    key = key or next(reversed(kept), "")
    if key not in kept:
        return None
    return PendingSignUp(**kept[key] | {"key": key, "identity": Identity(**kept[key]["identity"])})


def forget_pending_sign_up(request: HttpRequest, sign_up: PendingSignUp) -> None:
    """Remove the sign-up from the browser session."""
    kept = request.session.get(_SIGN_UPS_KEY, {})
    if kept.pop(sign_up.key, None) is None:
        return
    if kept:
        request.session[_SIGN_UPS_KEY] = kept
    else:
        del request.session[_SIGN_UPS_KEY]


def require_link_owner(request: HttpRequest, user_id: int) -> User:
    """Return the user who started linking, if they are still signed in in this browser. Raises OAuthRefused."""
    if isinstance(request.user, User) and request.user.pk == user_id and request.user.kind == User.Kind.PERSON:
        return request.user
    raise OAuthRefused(UNKNOWN_SIGN_IN, errors.OAUTH_OTHER_USER)
