"""Access to the HTTP calls outside `/api/v1/`: a token with the permission, or an open network (IM_OPEN_GATEWAY)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from chat.api.common.authentication import ApiToken
from chat.api.common.call_request import CallRequest
from chat.api.common.networks import is_from_networks, log_refused_network


class ServiceToken(ApiToken):
    """Authenticates an API token. For a request with a credential the network does not matter."""


def has_access(request: CallRequest, permission: str, may: Callable[[str], bool] | None) -> bool:
    """Return whether the request may make a call that needs the permission.

    `may` tells whether the token's user has a permission. It is None for a request without a token, which needs an
    address in IM_OPEN_GATEWAY; a refused address is logged.
    """
    if may is not None:
        return bool(may(permission))
    allowed = is_from_networks(request, settings.IM_OPEN_GATEWAY)
    if not allowed:
        log_refused_network(request, "IM_OPEN_GATEWAY")
    return allowed


class HasPermission(BasePermission):  # type: ignore[misc]
    """Requires the view's `permission` of the token's user; without a token, an address in IM_OPEN_GATEWAY."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return has_access(request, view.permission, None if request.user is None else request.user.has_perm)
