"""The nodes of the site with their lease and load: a page of the admin for those who may see the site's state."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from chat.admin.overview import LOSSES, lease, look, nodes_shown


def nodes(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("chat.view_state"):
        raise PermissionDenied
    faults: list[str] = []
    online = look(faults)
    context = {
        **admin.site.each_context(request),
        "title": _("Nodes"),
        "faults": faults,
        "nodes": nodes_shown(online),
        "lease": lease(),
        "columns": LOSSES.values(),
    }
    return TemplateResponse(request, "admin/nodes.html", context)


page = admin.site.admin_view(nodes)
