"""Permissions of `/api/v1/`: a Django permission of the token's user for each method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from chat import reasons
from chat.errors import ChatError


def require_permission(permission: str | None, may: Callable[[str], bool] | None) -> None:
    """Refuse a call that needs the permission, or with None any valid token.

    `may` tells whether the token's user has a permission; it is None for a call without a token. Raises
    NotAuthenticated and ChatError PERMISSION_REQUIRED.
    """
    if may is None:
        raise NotAuthenticated
    if permission is not None and not may(permission):
        raise ChatError(reasons.PERMISSION_REQUIRED, permission=permission)


class HasPermission(BasePermission):  # type: ignore[misc]
    """Requires the Django permission that the view names for the method. None accepts any valid token."""

    def has_permission(self, request: Request, view: Any) -> bool:
        # Django answers HEAD by the method for GET.
        method = "GET" if request.method == "HEAD" else request.method
        if method in view.permissions:
            require_permission(view.permissions[method], None if request.user is None else request.user.has_perm)
        # The view answers 405 to other methods.
        return True
