"""Where each path leads."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from chat.views import home
from imsite.observe.access import for_staff
from imsite.observe.views import VIEWS

urlpatterns = [
    # One page to sign in, with one lock, for the admin too; and one to change one's password.
    path("admin/login/", RedirectView.as_view(pattern_name="accounts:login", query_string=True)),
    path("admin/password_change/", RedirectView.as_view(pattern_name="accounts:password")),
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    *(path(where.removeprefix("/"), for_staff(view)) for where, view in VIEWS.items()),
    path("", include("chat.urls")),
    path("", home, name="home"),
    path("home/index", home),
]
