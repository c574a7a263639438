"""The OAuth sign-in flow of one browser, from the button to a verified identity.

The browser session stores the purpose of each sign-in under its `state`. The social-auth library accepts a state once,
from the session that received it, within half an hour.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_noop as _
from social_core import exceptions

from accounts import errors
from accounts.errors import AccountError, Reason
from accounts.models import User
from accounts.oauth.identity import Identity
from accounts.oauth.providers import ProviderConfig, provider_backend

logger = logging.getLogger(__name__)

# Headings of the page that shows a refusal.
FOREIGN_REDIRECT = _("This link leads to another site")
UNKNOWN_SIGN_IN = _("This sign-in is not valid")
PROVIDER_FAILED = _("%(title)s did not respond as expected")
NOT_SIGNED_IN = _("You are not signed in")


_PENDING_KEY = "oauth_pending"
_SIGN_UP_KEY = "oauth_sign_up"
_MAX_PENDING = 5
"""Sign-ins of one browser that may be in progress at a time, such as in several tabs."""
_SIGN_UP_SECONDS = 1800
"""Seconds that a new user has to choose a user name."""


class OAuthRefused(AccountError):
    """The sign-in cannot go on. The refusal page shows `heading` and the sentence."""

    def __init__(self, heading: str, reason: Reason, /, **params: object) -> None:
        super().__init__(reason, **params)
        self.heading = heading


@dataclass(frozen=True, slots=True)
class PendingSignUp:
    """A new user who still has to choose a user name."""

    provider_slug: str
    identity: Identity
    next_page: str


def start(request: HttpRequest, provider: ProviderConfig, *, next_page: str = "/", link_to: User | None = None) -> str:
    """Begin a sign-in and return the provider's URL to redirect the browser to.

    With `link_to`, the account at the provider is linked with that user instead. Raises OAuthRefused if `next_page`
    leads to another site.
    """
    if not url_has_allowed_host_and_scheme(next_page, {request.get_host()}, require_https=request.is_secure()):
        raise OAuthRefused(FOREIGN_REDIRECT, errors.OAUTH_FOREIGN_NEXT)
    url = str(_backend(request, provider).auth_url())
    state = parse_qs(urlsplit(url).query)["state"][0]
    purpose = {"next": next_page, "link_to": link_to.pk if link_to is not None else None}
    pending = {**request.session.get(_PENDING_KEY, {}), state: purpose}
    request.session[_PENDING_KEY] = dict(list(pending.items())[-_MAX_PENDING:])
    return url


def finish(request: HttpRequest, provider: ProviderConfig) -> tuple[Identity, str, int | None]:
    """Complete the sign-in that the provider has redirected back from.

    Returns the identity, the page to go to, and the id of the user to link it with (None for a sign-in). Raises
    OAuthRefused.
    """
    pending = request.session.get(_PENDING_KEY, {})
    purpose = pending.pop(request.GET.get("state", ""), None)
    request.session[_PENDING_KEY] = pending
    if purpose is not None and not request.GET.get("code") and "error" not in request.GET:
        # WeChat reports a denial like this.
        raise OAuthRefused(NOT_SIGNED_IN, errors.OAUTH_DECLINED, title=provider.title)
    try:
        identity = _backend(request, provider).complete()
    except exceptions.AuthCanceled:
        raise OAuthRefused(NOT_SIGNED_IN, errors.OAUTH_DECLINED, title=provider.title) from None
    except (exceptions.AuthInputError, exceptions.AuthSessionError):
        raise OAuthRefused(UNKNOWN_SIGN_IN, errors.OAUTH_EXPIRED) from None
    except (exceptions.SocialAuthBaseException, ValueError, KeyError, TypeError) as error:
        # A malformed answer of a provider must not cause a server error.
        code = getattr(error, "code", "")
        logger.warning("oauth_failed", extra={"provider": provider.slug, "error": type(error).__name__, "code": code})
        raise OAuthRefused(PROVIDER_FAILED, errors.OAUTH_FAILED, title=provider.title) from None
    if purpose is None:
        raise OAuthRefused(UNKNOWN_SIGN_IN, errors.OAUTH_NOT_STARTED)
    return identity, purpose["next"], purpose["link_to"]


def _backend(request: HttpRequest, provider: ProviderConfig) -> Any:
    return provider_backend(provider, request, reverse("accounts:oauth-callback", args=[provider.slug]))


def keep_pending_sign_up(request: HttpRequest, pending: PendingSignUp) -> None:
    """Store a sign-up in the browser session while the user chooses a user name."""
    request.session[_SIGN_UP_KEY] = {
        "provider": pending.provider_slug,
        "identity": pending.identity.to_session(),
        "next": pending.next_page,
        "at": time.time(),
    }


def pending_sign_up(request: HttpRequest) -> PendingSignUp | None:
    """Return the sign-up of this browser that waits for a user name; None if there is none or it has expired."""
    stored = request.session.get(_SIGN_UP_KEY)
    if not stored or time.time() - stored["at"] > _SIGN_UP_SECONDS:
        return None
    return PendingSignUp(stored["provider"], Identity(**stored["identity"]), stored["next"])


def forget_pending_sign_up(request: HttpRequest) -> None:
    """Remove the stored sign-up from the browser session."""
    request.session.pop(_SIGN_UP_KEY, None)


def require_link_owner(request: HttpRequest, user_id: int) -> User:
    """Return the user who started linking, if they are still signed in in this browser. Raises OAuthRefused."""
    if isinstance(request.user, User) and request.user.pk == user_id and request.user.kind == User.Kind.PERSON:
        return request.user
    raise OAuthRefused(UNKNOWN_SIGN_IN, errors.OAUTH_OTHER_USER)
