"""URLs of the admin. Its modules are imported here, because most nodes never serve it and it takes 15 MB."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

admin.autodiscover()

from chat.admin import nodes  # noqa: E402  In the order of the installed apps: it unregisters models of others.

urlpatterns = [path("nodes/", nodes.page, name="nodes"), *admin.site.urls[0]]
