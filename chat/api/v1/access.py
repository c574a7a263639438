"""Permissions of `/api/v1/`: a Django permission of the token's user for each method."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from chat import reasons
from chat.errors import ChatError


class HasPermission(BasePermission):  # type: ignore[misc]
    """Requires the Django permission that the view names for the method. None accepts any valid token."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in view.permissions:
            return True  # The view answers 405.
        if request.user is None:
            raise NotAuthenticated
        permission = view.permissions[request.method]
        if permission is not None and not request.user.has_perm(permission):
            raise ChatError(reasons.PERMISSION_REQUIRED, permission=permission)
        return True
