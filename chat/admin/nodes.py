"""The admin's page of nodes, with lease, load and health counters, for operators who may see the site's state."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from chat.admin.live_state import HEALTH_COUNTERS, lease_seconds, node_rows, read_live_state


def nodes(request: HttpRequest) -> HttpResponse:
    """Show the nodes of the site."""
    if not request.user.has_perm("chat.view_state"):
        raise PermissionDenied
    warnings: list[str] = []
    state = read_live_state(warnings)
    context = {
        **admin.site.each_context(request),
        "title": _("Nodes"),
        "warnings": warnings,
        "nodes": node_rows(state),
        "lease": lease_seconds(),
        "health_labels": HEALTH_COUNTERS.values(),
    }
    return TemplateResponse(request, "admin/nodes.html", context)


page = admin.site.admin_view(nodes)
