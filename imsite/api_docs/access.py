"""Access to the API documentation: from allowed networks, for staff, and with a token for the HTTP API."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from chat.api.common.authentication import ApiToken
from chat.api.common.networks import is_from_networks, log_refused_network

View = Callable[[HttpRequest], HttpResponse]

PERMISSION = "chat.use_gateway"


def for_readers(view: View) -> View:
    """Guard a view: requests without access get 404, and no cache keeps what the others get."""

    @functools.wraps(view)
    @never_cache
    def guarded(request: HttpRequest) -> HttpResponse:
        if not (is_from_networks(request, settings.IM_API_DOCS_NETWORKS) or _staff(request) or _program(request)):
            log_refused_network(request, "IM_API_DOCS_NETWORKS")
            raise Http404
        return view(request)

    return guarded


def _staff(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_staff and not request.user.awaits_second_factor)


def _program(request: HttpRequest) -> bool:
    """Return whether the request carries a token that may use the HTTP API."""
    try:
        known = ApiToken().authenticate(Request(request))
    except AuthenticationFailed:
        return False
    return known is not None and known[0].has_perm(PERMISSION)
