"""Access to monitoring: callers from trusted networks, and staff with the permission. Others get a 404."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from chat.api.common.networks import is_from_networks, log_refused_network
from imsite.monitoring.views import VIEWS

View = Callable[[HttpRequest], HttpResponse]

PERMISSION = "chat.view_state"


class MonitoringMiddleware:
    """Answers callers from IM_MONITORING_NETWORKS before all other middleware.

    Health checks therefore work while the database is down, and Prometheus may address a node by its IP address, which
    is not in ALLOWED_HOSTS.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = VIEWS.get(request.path_info)
        if view is not None and is_from_networks(request, settings.IM_MONITORING_NETWORKS):
            return require_safe(view)(request)
        return self.get_response(request)


def staff_only(view: View) -> View:
    """Return the view restricted to signed-in staff with the permission."""

    def guarded(request: HttpRequest) -> HttpResponse:
        try:
            allowed = request.user.is_staff and request.user.has_perm(PERMISSION)
        except DatabaseError:
            allowed = False
        if not allowed:
            log_refused_network(request, "IM_MONITORING_NETWORKS")
            raise Http404
        return require_safe(view)(request)

    return guarded
