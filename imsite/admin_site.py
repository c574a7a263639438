"""The admin's site: it admits staff who have the second factor that IM_STAFF_SECOND_FACTOR demands."""

from __future__ import annotations

from django.contrib.admin.apps import SimpleAdminConfig
from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class SecondFactorAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """Refuses staff who still have to set up a second factor. Their sign-in page leads them to it."""

    def has_permission(self, request: HttpRequest) -> bool:
        # Only users are staff.
        return super().has_permission(request) and not request.user.awaits_second_factor  # type: ignore[union-attr]


class AdminConfig(SimpleAdminConfig):
    """The admin's app with this site, without the search for admin modules."""

    default_site = "imsite.admin_site.SecondFactorAdminSite"
