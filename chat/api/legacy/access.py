"""Access to the older HTTP calls: a token with the permission, or a network that the operator has opened."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from chat.api.common.authentication import ApiToken
from chat.api.common.networks import is_from_open_network


class ServiceToken(ApiToken):
    """Authenticates an API token. A request with a credential is judged by it alone, never by its network."""


class HasPermission(BasePermission):  # type: ignore[misc]
    """Requires the view's `permission`; without a token, an address in IM_OPEN_GATEWAY."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user is not None:
            return bool(request.user.has_perm(view.permission))
        return is_from_open_network(request)
