"""Access to the HTTP calls outside `/api/v1/`: a token with the permission, or an open network (IM_OPEN_GATEWAY)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from chat.api.common.authentication import ApiToken
from chat.api.common.networks import is_from_networks, log_refused_network


class ServiceToken(ApiToken):
    """Authenticates an API token. For a request with a credential the network does not matter."""


class HasPermission(BasePermission):  # type: ignore[misc]
    """Requires the view's `permission` of the token's user; without a token, an address in IM_OPEN_GATEWAY."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user is not None:
            return bool(request.user.has_perm(view.permission))
        allowed = is_from_networks(request, settings.IM_OPEN_GATEWAY)
        if not allowed:
            log_refused_network(request, "IM_OPEN_GATEWAY")
        return allowed
