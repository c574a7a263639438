"""From the button to the person: what a browser keeps of a sign-in by an account elsewhere while it is away there.

A session keeps what it went for under the `state` that it went with; the library lets a state be used once, by the
session that got it, for half an hour.
"""

from __future__ import annotations

import logging
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_noop as _
from social_core import exceptions

from accounts.errors import AccountError
from accounts.models import User
from accounts.oauth.identity import Identity
from accounts.oauth.providers import ProviderConfig, provider

logger = logging.getLogger(__name__)

ELSEWHERE = _("This address leads elsewhere")
NOT_OURS = _("This sign-in did not begin here")
UNANSWERED = _("%(title)s did not answer as it should")
DECLINED = _("You are not signed in")
_NOTHING_ALLOWED = _("You did not allow it at %(title)s. Nothing was changed.")

_TRIPS = "oauth_trips"
_NEWCOMER = "oauth_newcomer"
_KEPT = 5
"""Sign-ins of one browser that may be under way at a time: tabs."""
_PATIENCE = 1800
"""Seconds for which who has come back may think about a name."""


class Refused(AccountError):
    """The sign-in cannot go on; `heading` and the text are for the page that says so."""

    def __init__(self, heading: str, text: str, *, status: int = 403, **params: object) -> None:
        super().__init__(text, **params)
        self.heading = heading
        self.status = status


def leave(request: HttpRequest, way: ProviderConfig, *, next_page: str = "/", link_to: User | None = None) -> str:
    """Where to send the browser; to come in, or to link the account elsewhere with who is signed in here."""
    if not url_has_allowed_host_and_scheme(next_page, {request.get_host()}, require_https=request.is_secure()):
        text = _("This sign-in was to lead to another site afterwards, so it was not begun.")
        raise Refused(ELSEWHERE, text, status=400)
    url = str(_provider(request, way).auth_url())
    state = parse_qs(urlsplit(url).query)["state"][0]
    person = link_to.pk if link_to is not None else None
    trips = {**request.session.get(_TRIPS, {}), state: {"next": next_page, "person": person}}
    request.session[_TRIPS] = dict(list(trips.items())[-_KEPT:])
    return url


def come_back(request: HttpRequest, way: ProviderConfig) -> tuple[Identity, str, int | None]:
    """Who it is, where they wanted to go, and to whom here they wanted to be linked. Raises Refused."""
    trips = request.session.get(_TRIPS, {})
    trip = trips.pop(request.GET.get("state", ""), None)
    request.session[_TRIPS] = trips
    if trip is not None and not request.GET.get("code") and "error" not in request.GET:
        # How WeChat says that somebody said no.
        raise Refused(DECLINED, _NOTHING_ALLOWED, title=way.title)
    try:
        identity = _provider(request, way).complete()
    except exceptions.AuthCanceled:
        raise Refused(DECLINED, _NOTHING_ALLOWED, title=way.title) from None
    except (exceptions.AuthInputError, exceptions.AuthSessionError):
        text = _("It was begun in another browser, is over already, or took too long. Nothing was changed.")
        raise Refused(NOT_OURS, text, status=400) from None
    except (exceptions.SocialAuthBaseException, ValueError, KeyError, TypeError) as error:
        # Whatever a provider answers, it is no fault of ours.
        code = getattr(error, "code", "")
        logger.warning("oauth_failed", extra={"provider": way.slug, "error": type(error).__name__, "code": code})
        text = _("Try again in a while. Nothing was changed.")
        raise Refused(UNANSWERED, text, status=502, title=way.title) from None
    if trip is None:
        raise Refused(NOT_OURS, _("Nothing was changed."), status=400)
    return identity, trip["next"], trip["person"]


def _provider(request: HttpRequest, way: ProviderConfig) -> Any:
    return provider(way, request, reverse("accounts:oauth-back", args=[way.slug]))


def keep_newcomer(request: HttpRequest, way: ProviderConfig, identity: Identity, next_page: str) -> None:
    """Remember who has come, while they choose a name."""
    kept = {"way": way.slug, "identity": identity.stored(), "next": next_page, "at": time.time()}
    request.session[_NEWCOMER] = kept


def newcomer(request: HttpRequest) -> tuple[str, Identity, str] | None:
    """Who is choosing a name in this browser: by which way, who it is, where they want to go."""
    kept = request.session.get(_NEWCOMER)
    if not kept or time.time() - kept["at"] > _PATIENCE:
        return None
    return kept["way"], Identity(**kept["identity"]), kept["next"]


def forget_newcomer(request: HttpRequest) -> None:
    request.session.pop(_NEWCOMER, None)


def may_be_linked(request: HttpRequest, person: int) -> User:
    """The person who began it, if it is they who are signed in here now."""
    if isinstance(request.user, User) and request.user.pk == person and request.user.kind == User.Kind.PERSON:
        return request.user
    raise Refused(NOT_OURS, _("You are not signed in any more as who began it. Nothing was changed."), status=400)
