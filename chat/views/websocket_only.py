"""The answer to plain HTTP requests for a WebSocket address."""

from __future__ import annotations

import math

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.rate_limits import counted_address
from chat.node.lifecycle import running_node
from delivery.rate_limits.declared import CONNECTIONS

_RETRY_SECONDS = 5
"""After an answer 503."""


@never_cache
def upgrade_required(request: HttpRequest, *, is_for_other_sites: bool = False) -> HttpResponse:
    """Respond 426 with one sentence; to `?check=1`, whether a WebSocket of this address would be accepted now.

    `is_for_other_sites`: pages of other origins may read that.
    """
    if "check" in request.GET:
        response = _check(request)
        if is_for_other_sites:
            response["Access-Control-Allow-Origin"] = "*"
        return response
    sentence = _("This address is for WebSocket connections only.")
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    return HttpResponse(f"{sentence}\n", status=426, content_type="text/plain; charset=utf-8", headers=headers)


def _check(request: HttpRequest) -> HttpResponse:
    """Respond 204, or with the status by which a WebSocket would be refused.

    Browsers do not tell a page why a WebSocket was refused, so the page asks here before it suspects the network.
    """
    address = request.META["REMOTE_ADDR"]
    node = running_node()
    if node is not None and not (node.accepting and node.connection_limiter.has_room(address)):
        return _refusal(503, _RETRY_SECONDS)
    if wait := CONNECTIONS.retry_after(counted_address(address)):
        return _refusal(429, wait)
    return HttpResponse(status=204)


def _refusal(status: int, retry_seconds: float) -> HttpResponse:
    return HttpResponse(status=status, headers={"Retry-After": str(math.ceil(retry_seconds))})
